"""What Cognito would refuse of an identity provider is refused by its path, in words."""

import pytest

from tenant_onboarding.contracts.detail_types import json_schema
from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX, PROVIDER_TYPES, SOCIAL_TYPES
from tests.unit.tenant_onboarding.judgement import HTTPS_WORDS, schema_problems, short
from tests.unit.tenant_onboarding.sample_events import Json
from tests.unit.tenant_onboarding.sample_providers import (
    AMAZON,
    APPLE,
    ARN,
    FACEBOOK,
    GOOGLE,
    LEAST,
    OIDC,
    SAML,
    SAML_DOCUMENT,
    event,
    parsed,
    refusal,
)

ISSUER_WORDS = "must be the issuer as the provider spells it, which has no query and no two slashes at its end"
PORT_WORDS = "must not name another port than 443 or 80: Cognito reaches no other"
ARN_WORDS = "must be the full ARN of a secret in AWS Secrets Manager, its six random characters included"
SCOPE_WORDS = "must be an OAuth scope: printable ASCII without spaces, commas, quotes and backslashes"
OPAQUE_WORDS = "must be 1 to 256 printable ASCII characters without spaces"
APPLE_WORDS = "must be Apple's 10 characters of A-Z and 0-9"
VERSION_WORDS = "must be a version of Facebook's API such as v17.0"
CLAIM_WORDS = "must be the name of a claim: 1 to 256 printable ASCII characters, no space at either end"

DISCOVERY_WORDS = "must be the issuer alone: Cognito itself adds /.well-known/openid-configuration"
SOCIAL_SCOPES: dict[str, tuple[list[str], str]] = {
    "Google": (["openid", "email", "profile"], "must be 'openid', 'email' or 'profile'"),
    "Facebook": (["public_profile", "email"], "must be 'public_profile' or 'email'"),
    "SignInWithApple": (["email", "name"], "must be 'email' or 'name'"),
    "LoginWithAmazon": (["profile", "postal_code"], "must be 'profile' or 'postal_code'"),
}
"""What each social provider may be asked for: what of it Cognito can use."""


def refused(provider: Json, field: str, words: str, *values: Json) -> list[tuple[Json, str, Json, str]]:
    return [(provider, field, value, words) for value in values]


REFUSED = [
    *refused(OIDC, "issuer", HTTPS_WORDS, "", "idp.acme.example", "http://idp.acme.example", "https://192.0.2.7"),
    *refused(OIDC, "issuer", HTTPS_WORDS, "https://idp.acme.example/#a", "https://u:p@idp.acme.example", "https://idp"),
    *refused(OIDC, "issuer", PORT_WORDS, "https://idp.acme.example:8443", "https://idp.acme.example:8080/realm"),
    *refused(OIDC, "issuer", PORT_WORDS, "https://idp.acme.example:4430", "https://idp.acme.example:1"),
    *refused(OIDC, "issuer", HTTPS_WORDS, "https://idp.acme.example:0443", "https://idp.acme.example:99999"),
    *refused(OIDC, "issuer", ISSUER_WORDS, "https://idp.acme.example//", "https://idp.acme.example/?realm=1"),
    *refused(
        OIDC,
        "issuer",
        DISCOVERY_WORDS,
        *(
            f"https://idp.acme.example{path}/.well-known/openid-configuration{end}"
            for path in ("", ":443", "/realm", "/.well-known")
            for end in ("", "/")
        ),
    ),
    *refused(OIDC, "issuer", "must have at most 2048 characters", "https://idp.acme.example/".ljust(2049, "a")),
    *refused(OIDC, "scopes", "must hold openid", ["email"], ["OpenID"], ["openid2", "profile"]),
    *refused(OIDC, "scopes", "must not be empty", []),
    *refused(OIDC, "scopes", "must have at most 20 items", ["openid", *(f"s{number}" for number in range(20))]),
    *refused(OIDC, "attributesRequestMethod", "must be 'GET' or 'POST'", "get", "PUT", "", None),
    *refused(
        FACEBOOK, "apiVersion", VERSION_WORDS, "", "17.0", "v17", "V17.0", "v017.0", "v17.0.1", "v17.0\n", "latest"
    ),
    *(
        case
        for field in ("teamId", "keyId")
        for case in refused(
            APPLE, field, APPLE_WORDS, "", "TEAM12345", "TEAM1234567", "team123456", "TEAM-12345", "TEAM12345é"
        )
    ),
    *(
        case
        for each in (OIDC, GOOGLE, FACEBOOK, APPLE, AMAZON)
        for case in (
            *refused(each, "clientId", OPAQUE_WORDS, "", "a b", "a\n", "é", "x" * 257, "\0"),
            *refused(each, "clientSecretArn", ARN_WORDS, "", "s3cr3t-value", ARN[:-7], "tenant-onboarding/acme/sso"),
            *refused(each, "clientSecretArn", ARN_WORDS, ARN + "\n", ARN.replace("1234567", "x"), ARN.upper()),
            *refused(each, "clientSecretArn", ARN_WORDS, ARN.replace(":secretsmanager:", ":ssm:"), ARN + ":json-key::"),
            *refused(each, "clientSecretArn", "must have at most 2048 characters", ARN.ljust(2049, "x")),
        )
    ),
    *refused(
        OIDC, "scopes[1]", SCOPE_WORDS, *(["openid", scope] for scope in ("", "a b", "a,b", 'a"', "a\\b", "é", "a\n"))
    ),
    *refused(OIDC, "scopes[1]", SCOPE_WORDS, ["openid", "x" * 129]),
    *refused(OIDC, "scopes[2]", "is listed twice", ["openid", "email", "openid"]),
    *(
        case
        for kind, (scopes, words) in SOCIAL_SCOPES.items()
        for case in (
            *refused(
                LEAST[kind], "scopes[0]", words, *([scope] for scope in ("", "offline_access", "openid ", "EMAIL"))
            ),
            *refused(LEAST[kind], "scopes[0]", words, ["https://scopes.example/drive"], ["user_friends"]),
            *refused(LEAST[kind], f"scopes[{len(scopes)}]", words, [*scopes, "address"], [*scopes, "x" * 129]),
            *refused(LEAST[kind], f"scopes[{len(scopes)}]", "is listed twice", [*scopes, scopes[0]]),
            *refused(LEAST[kind], "scopes", "must not be empty", []),
            *refused(LEAST[kind], "scopes", "must be a JSON array", None, scopes[0]),
        )
    ),
    *(
        case
        for each in LEAST.values()
        for case in (
            *refused(each, "attributeMapping", "must not be empty", {}),
            *refused(each, "attributeMapping", "must be a JSON object", [], "email", 7),
            *refused(
                each,
                "attributeMapping.email",
                CLAIM_WORDS,
                *({"email": c} for c in ("", " mail", "m\n", "é", "x" * 257)),
            ),
            *refused(each, "attributeMapping.email", "must be a string", {"email": None}, {"email": ["mail"]}),
        )
    ),
]


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [
        *((kind, scopes) for kind, (scopes, _) in SOCIAL_SCOPES.items()),
        *((kind, scopes[::-1]) for kind, (scopes, _) in SOCIAL_SCOPES.items()),
        *((kind, [scope]) for kind, (scopes, _) in SOCIAL_SCOPES.items() for scope in scopes),
    ],
)
def test_a_social_provider_is_asked_for_what_it_may_be_asked_for(kind: str, scopes: list[str]) -> None:
    provider = LEAST[kind] | {"scopes": scopes}
    assert parsed(provider).scopes == scopes
    assert schema_problems(event(provider)) == []


def test_each_social_type_has_its_scopes() -> None:
    assert SOCIAL_SCOPES.keys() == set(SOCIAL_TYPES)
    for kind, (scopes, _) in SOCIAL_SCOPES.items():
        assert set(parsed(LEAST[kind]).scopes) <= set(scopes)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://idp.acme.example/.well-known",
        "https://idp.acme.example/.well-known/openid-configuration/realm",
        "https://idp.acme.example/openid-configuration",
    ],
)
def test_an_issuer_that_only_resembles_a_discovery_document_is_one(issuer: str) -> None:
    assert parsed(OIDC | {"issuer": issuer}).issuer == issuer


@pytest.mark.parametrize(("provider", "field", "value", "words"), REFUSED, ids=short)
def test_a_value_out_of_bounds_is_refused_by_its_path_in_words(
    provider: Json, field: str, value: Json, words: str
) -> None:
    top = field.partition("[")[0].partition(".")[0]
    assert refusal(provider | {top: value}) == (field, words)


@pytest.mark.parametrize(
    ("received", "kept"),
    [
        ("https://acme.eu.idp.example/", "https://acme.eu.idp.example"),
        ("https://idp.acme.example/application/o/product/", "https://idp.acme.example/application/o/product"),
        ("https://idp.acme.example:443/", "https://idp.acme.example:443"),
        ("https://idp.acme.example/realm", "https://idp.acme.example/realm"),
    ],
)
def test_an_issuer_may_end_with_a_slash_and_cognito_gets_it_without(received: str, kept: str) -> None:
    assert parsed(OIDC | {"issuer": received}).issuer == kept


@pytest.mark.parametrize(
    ("provider", "value"),
    [
        (OIDC, {"scopes": []}),
        (GOOGLE, {"scopes": ["offline_access"]}),
        (OIDC, {"clientSecretArn": "s3cr3t"}),
        (OIDC, {"attributesRequestMethod": "PUT"}),
        (FACEBOOK, {"apiVersion": "17"}),
        (APPLE, {"teamId": "x"}),
        (SAML, {"attributeMapping": {}}),
        (SAML, {"attributeMapping": {"custom:tenantId": "x"}}),
        (SAML, {"attributeMapping": {"sub": "x"}}),
        (SAML_DOCUMENT, {"metadataDocument": "x" * (DOCUMENT_MAX + 1)}),
        (SAML, {"type": "LDAP"}),
    ],
    ids=short,
)
def test_the_schema_too_knows_the_bounds_that_a_schema_can_express(provider: Json, value: Json) -> None:
    assert schema_problems(event(provider | value))


def test_the_schema_tells_the_types_apart_by_their_name() -> None:
    schema = json_schema("TenantCreated")
    kinds = [each["$ref"].rpartition("/")[2] for each in schema["properties"]["identityProviders"]["items"]["oneOf"]]
    assert [schema["$defs"][kind]["properties"]["type"]["const"] for kind in kinds] == list(PROVIDER_TYPES)
