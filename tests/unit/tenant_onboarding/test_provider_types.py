"""The type of an identity provider says which fields it has and which it must have."""

import pytest

from orchestrator.identity.identity_providers import name_of
from tenant_onboarding.contracts.identity_providers import MAPPABLE, PROVIDER_TYPES, SOCIAL_TYPES
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.judgement import aws_shape, judge, schema_problems, short
from tests.unit.tenant_onboarding.sample_events import KINDS, Json
from tests.unit.tenant_onboarding.sample_providers import (
    APPLE,
    ARN,
    FACEBOOK,
    LEAST,
    OIDC,
    OPTIONAL,
    PATH,
    SAML,
    SAML_DOCUMENT,
    event,
    full,
    missing,
    parsed,
    refusal,
)

REQUIRED = [(kind, field) for kind, least in LEAST.items() for field in least if field != "metadataUrl"]


# What is accepted

ACCEPTED = [
    *LEAST.values(),
    *map(full, LEAST),
    SAML_DOCUMENT,
    SAML_DOCUMENT | {"metadataUrl": None},
    SAML | {"metadataDocument": None, "attributeMapping": None},
    *(SAML | {"attributeMapping": {attribute: "claim"}} for attribute in MAPPABLE),
    SAML | {"attributeMapping": {"email": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"}},
    SAML | {"attributeMapping": {"email": "E-Mail Address", "name": "e" * 256}},
    *(OIDC | {"issuer": f"https://idp.acme.example{end}"} for end in ("", ":443", ":80", ":443/realm", "/", "/a/b/")),
    OIDC | {"scopes": ["profile", "openid", "api://acme/read", "a:b", "x" * 128]},
    OIDC | {"scopes": ["openid", *(f"s{number}" for number in range(19))]},
    OIDC | {"clientId": "x" * 256},
    OIDC | {"clientSecretArn": ARN.replace("arn:aws:", "arn:aws-us-gov:")},
    FACEBOOK | {"apiVersion": None},
    FACEBOOK | {"apiVersion": "v9.0"},
    FACEBOOK | {"apiVersion": "v123.10"},
]


@pytest.mark.parametrize("provider", ACCEPTED, ids=short)
def test_a_provider_within_its_bounds_is_accepted_by_model_and_schema(provider: Json) -> None:
    assert judge(event(provider)) == []
    assert schema_problems(event(provider)) == []


@pytest.mark.parametrize("provider", ACCEPTED, ids=short)
def test_an_accepted_provider_is_accepted_again_when_it_is_read_back(provider: Json) -> None:
    accepted = TenantCreated.model_validate(event(provider))
    assert TenantCreated.model_validate_json(accepted.model_dump_json(by_alias=True)) == accepted


def test_there_is_a_sample_of_every_type() -> None:
    types = set(aws_shape("cognito-idp", "IdentityProviderTypeType").enum)
    assert set(LEAST) == set(OPTIONAL) == set(PROVIDER_TYPES) == types


@pytest.mark.parametrize("kind", LEAST)
def test_the_samples_have_every_field_of_their_type(kind: str) -> None:
    model = type(parsed(full(kind)))
    names = {str(field.alias) for field in model.model_fields.values()}
    assert names - {"metadataDocument"} == set(full(kind))


@pytest.mark.parametrize("kind", LEAST)
def test_the_longest_name_fits_into_cognitos(kind: str) -> None:
    longest = aws_shape("cognito-idp", "ProviderNameTypeV2").metadata["max"]
    name = name_of("a" * 40, parsed(LEAST[kind] | {"name": "n" * 23}))
    assert (name == kind) if kind in SOCIAL_TYPES else (len(name) == longest)


def test_the_type_decides_which_scopes_are_asked_for_by_default() -> None:
    scopes = {kind: parsed(least).scopes for kind, least in LEAST.items() if kind != "SAML"}
    assert scopes == {
        "OIDC": ["openid", "email", "profile"],
        "Google": ["openid", "email", "profile"],
        "Facebook": ["public_profile", "email"],
        "SignInWithApple": ["email", "name"],
        "LoginWithAmazon": ["profile"],
    }


# The type


@pytest.mark.parametrize("kind", [value for values in KINDS.values() for value in values] + ["saml", "Oidc", "LDAP"])
def test_a_provider_of_no_type_is_refused_by_its_type(kind: Json) -> None:
    expected = ("type", f"must be one of {', '.join(PROVIDER_TYPES)}")
    assert refusal({"name": "sso", "type": kind}) == expected


def test_a_provider_without_a_type_is_asked_for_it() -> None:
    assert refusal({"name": "sso"}) == ("type", "is required")
    assert refusal({}) == ("type", "is required")


@pytest.mark.parametrize("value", [each for kind, values in KINDS.items() if kind != "object" for each in values])
def test_a_provider_that_is_no_object_is_refused_as_a_whole(value: Json) -> None:
    assert refusal(value) == ("", "must be a JSON object")


@pytest.mark.parametrize(("kind", "field"), REQUIRED)
def test_what_a_type_must_have_is_asked_for_by_name(kind: str, field: str) -> None:
    assert refusal(missing(LEAST[kind], field)) == (field, "is required")
    assert schema_problems(event(missing(LEAST[kind], field)))


@pytest.mark.parametrize("kind", LEAST)
def test_what_another_type_has_is_no_field_of_this_one(kind: str) -> None:
    every = set().union(*map(full, LEAST)) | {"metadataDocument"}
    own = set(full(kind)) | ({"metadataDocument"} if kind == "SAML" else set())
    for field in every - own:
        assert refusal(LEAST[kind] | {field: "x"}) == (field, "is not a field of this event; remove it")
        assert schema_problems(event(LEAST[kind] | {field: "x"}))


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("name", PROVIDER_TYPES)
def test_a_path_names_the_fields_and_never_the_type(kind: str, name: str) -> None:
    assert refusal(LEAST[kind] | {name: 1})[0] == name
    assert refusal(LEAST[kind] | {"name": 7})[0] == "name"
    assert refusal(LEAST[kind] | {"attributeMapping": {name: "claim"}})[0] == f"attributeMapping.{name}"


ANYTHING: list[Json] = [None, True, 7, 1.5, "", "text", [], [None], {}, {"email": {"b": []}}]
FITTING: dict[str, list[Json]] = {
    "name": ["text"],
    "clientId": ["text"],
    "apiVersion": [None],
    "attributeMapping": [None],
}
"""Those of them that are right."""


@pytest.mark.parametrize("value", ANYTHING, ids=short)
@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind in LEAST for field in full(kind) if field != "type"]
)
def test_a_wrong_value_is_refused_where_it_stands(kind: str, field: str, value: Json) -> None:
    found = judge(event(full(kind) | {field: value}))
    assert len(found) == (0 if value in FITTING.get(field, []) else 1)
    assert all(reason.field.startswith(f"{PATH}.{field}") for reason in found)


def test_everything_wrong_with_several_providers_is_said_at_once() -> None:
    providers = (SAML | {"name": "_"}, missing(OIDC, "issuer"), {"type": "LDAP"}, 7, APPLE | {"keyId": "k"})
    assert [reason.field for reason in judge(event(*providers))] == [
        "identityProviders[0].name",
        "identityProviders[1].issuer",
        "identityProviders[2].type",
        "identityProviders[3]",
        "identityProviders[4].keyId",
    ]
