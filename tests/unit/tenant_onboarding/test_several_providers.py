"""A tenant may bring several identity providers, if its user pool can tell them apart."""

import pytest

from tenant_onboarding.contracts.identity_providers import SOCIAL_TYPES
from tenant_onboarding.contracts.reasons import REASONS_MAX, Reason
from tests.unit.tenant_onboarding.judgement import judge, short
from tests.unit.tenant_onboarding.sample_events import Json
from tests.unit.tenant_onboarding.sample_providers import (
    GOOGLE,
    LEAST,
    METADATA,
    OIDC,
    SAML,
    SAML_DOCUMENT,
    event,
    named,
    saml,
)


@pytest.mark.parametrize("kind", SOCIAL_TYPES)
def test_a_user_pool_has_at_most_one_social_provider_of_a_type(kind: str) -> None:
    [reason] = judge(event(SAML, LEAST[kind] | {"name": "one"}, LEAST[kind] | {"name": "two"}))
    assert reason.field == "identityProviders[2].type"
    assert reason.message.startswith("is there twice")


def test_one_of_each_type_and_several_saml_and_oidc_are_accepted() -> None:
    providers = [least | {"name": kind} for kind, least in LEAST.items()]
    assert judge(event(*providers, saml(2), OIDC | {"name": "oidc-2"})) == []


@pytest.mark.parametrize("other", [OIDC, GOOGLE, SAML_DOCUMENT], ids=short)
def test_a_name_is_given_once_whatever_its_capitals_and_the_type(other: Json) -> None:
    [reason] = judge(event(SAML | {"name": "AcmeSSO"}, other | {"name": "acmesso"}))
    assert reason.field == "identityProviders[1].name"


ENTITY_ID = "https://idp.acme.example/saml"
TWINS: dict[str, tuple[Json, Json]] = {
    "one document": (SAML_DOCUMENT, SAML_DOCUMENT),
    "two documents of one name": (SAML_DOCUMENT, SAML_DOCUMENT | {"metadataDocument": METADATA.replace("post", "by")}),
    "one name, escaped": (SAML_DOCUMENT, SAML_DOCUMENT | {"metadataDocument": named(ENTITY_ID.replace("a", "&#97;"))}),
    "one address": (SAML, SAML),
    "the name of one is the address of another": (SAML_DOCUMENT, SAML | {"metadataUrl": ENTITY_ID}),
}


@pytest.mark.parametrize("pair", TWINS)
def test_one_saml_provider_is_there_once(pair: str) -> None:
    """A user pool tells its SAML providers apart by the names that their answers bear."""
    one, other = TWINS[pair]
    [reason] = judge(event(OIDC, one | {"name": "one"}, GOOGLE | {"name": "google"}, other | {"name": "other"}))
    message = "is the SAML provider of another entry; a user pool could not tell the two apart"
    assert reason == Reason(field="identityProviders[3]", message=message)


@pytest.mark.parametrize(
    "other",
    [
        SAML_DOCUMENT | {"metadataDocument": named("https://idp.acme.example/SAML")},
        SAML_DOCUMENT | {"metadataDocument": named("https://idp.acme.example/saml/")},
        SAML | {"metadataUrl": "https://idp.acme.example/another"},
        SAML,
    ],
    ids=short,
)
def test_saml_providers_of_different_names_are_two(other: Json) -> None:
    assert judge(event(SAML_DOCUMENT, other | {"name": "other"})) == []


@pytest.mark.parametrize("name", ["0", "1", "2", "saml#0"])
def test_a_saml_provider_may_have_any_name_without_being_taken_for_another_entry(name: str) -> None:
    document = SAML_DOCUMENT | {"metadataDocument": named(name)}
    others = [OIDC | {"name": f"oidc-{index}"} for index in range(3)]
    assert judge(event(*others, document)) == judge(event(document, *others)) == []


def test_two_oidc_providers_may_be_of_one_issuer() -> None:
    """Two clients of one provider are two to Cognito, which knows them by the client."""
    assert judge(event(OIDC, OIDC | {"name": "other", "clientId": "client-2"})) == []


@pytest.mark.parametrize(
    ("number", "expected"), [(20, []), (21, ["identityProviders"]), (10_000, ["identityProviders"])]
)
def test_there_are_at_most_twenty(number: int, expected: list[str]) -> None:
    found = judge(event(*map(saml, range(number))))
    assert [reason.field for reason in found] == expected


@pytest.mark.parametrize("wrong", [7, {}, {"type": "SAML"}, {"type": {}}, None, [[]]], ids=short)
def test_ten_thousand_wrong_ones_make_no_more_reasons_than_anybody_reads(wrong: Json) -> None:
    assert 0 < len(judge(event(*[wrong] * 10_000))) <= REASONS_MAX
