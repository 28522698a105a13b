"""Identity providers in an event: what Cognito would refuse is refused by its path, and no secret has a place."""

import copy
import itertools
import json
import string
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.identity.identity_providers import mapping_of, name_of
from tenant_onboarding.contracts.detail_types import json_schema
from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX, MAPPABLE, PROVIDER_TYPES, SOCIAL_TYPES
from tenant_onboarding.contracts.reasons import REASONS_MAX, TEXT_MAX, Reason, reasons
from tenant_onboarding.contracts.tenant_created import REQUEST_MAX, TenantCreated
from tests.unit.tenant_onboarding.test_contracts import (
    HTTPS_WORDS,
    KINDS,
    POOL,
    Json,
    aws_shape,
    changed,
    judge,
    schema_problems,
    short,
)

bounded = settings(max_examples=200, derandomize=True)

DYNAMODB_ITEM = 400_000
"""DynamoDB: an item has at most 400 KB."""
CERTIFICATE = (
    "MIIBFzCBv6ADAgECAgEBMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC2lkcC5leGFtcGxlMB4XDTI2MDEwMTAwMDAwMFoXDTQ2MDEw"
    "MTAwMDAwMFowFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ13IMlsqtgq7k/Ug4JvZga"
    "zDkaoQ3vZ+YHeiATIjMTO1ETkmayU8ypuyc1uk3AYnAUs9gTf/9tNMSgZ/xurgoZMAoGCCqGSM49BAMCA0cAMEQCIHxrX1kssFAa"
    "t5no+ssvAKzUl30vwDs8LU5py0Is5gZcAiBhYxtb/Q/mZSbfoLJs8YP7xU2DFS7QyBnAg4XHPgc6Zw=="
)
"""Self-signed, of nobody; its key was thrown away."""
METADATA = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- of the acme identity provider -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.acme.example/saml">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{CERTIFICATE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
                            Location="https://idp.acme.example/post"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
                            Location="https://idp.acme.example/redirect"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"""
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tenant-onboarding/acme/sso-AbC123"

SAML: Json = {"name": "sso", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"}
SAML_DOCUMENT: Json = {"name": "sso", "type": "SAML", "metadataDocument": METADATA}
OIDC: Json = {
    "name": "sso",
    "type": "OIDC",
    "clientId": "client-1",
    "clientSecretArn": ARN,
    "issuer": "https://idp.acme.example/realm",
}
GOOGLE: Json = {"name": "sso", "type": "Google", "clientId": "client-1", "clientSecretArn": ARN}
FACEBOOK: Json = GOOGLE | {"type": "Facebook"}
APPLE: Json = GOOGLE | {"type": "SignInWithApple", "teamId": "TEAM123456", "keyId": "KEY1234567"}
AMAZON: Json = GOOGLE | {"type": "LoginWithAmazon"}
LEAST: dict[str, Json] = {each["type"]: each for each in (SAML, OIDC, GOOGLE, FACEBOOK, APPLE, AMAZON)}
"""Of each type what must be there."""
OPTIONAL: dict[str, Json] = {
    "SAML": {},
    "OIDC": {"scopes": ["openid"], "attributesRequestMethod": "POST"},
    "Google": {"scopes": ["openid"]},
    "Facebook": {"scopes": ["email"], "apiVersion": "v17.0"},
    "SignInWithApple": {"scopes": ["email"]},
    "LoginWithAmazon": {"scopes": ["profile"]},
}
REQUIRED = [(kind, field) for kind, least in LEAST.items() for field in least if field != "metadataUrl"]
PATH = "identityProviders[0]"


def event(*providers: Json) -> Json:
    """Return a silo tenant's event with these providers."""
    return POOL | {"tier": "silo", "identityProviders": list(providers)}


def full(kind: str) -> Json:
    """Return a provider with every field that its type has."""
    return LEAST[kind] | OPTIONAL[kind] | {"attributeMapping": {"email": "mail", "name": "displayName"}}


def parsed(provider: Json) -> Any:
    """Return a provider as it is kept."""
    [kept] = TenantCreated.model_validate(event(provider)).identity_providers
    return kept


def saml(number: int) -> Json:
    """Return one of several providers, each with its own metadata."""
    return SAML | {"name": f"sso-{number}", "metadataUrl": f"https://idp.acme.example/metadata/{number}"}


def named(entity_id: str) -> str:
    """Return the metadata of a provider of another name."""
    return METADATA.replace("https://idp.acme.example/saml", entity_id)


def refusal(provider: Json) -> tuple[str, str]:
    """Return the one path that is refused, below the provider, and why."""
    [reason] = judge(event(provider))
    assert reason.field.startswith(PATH)
    return reason.field.removeprefix(PATH).removeprefix("."), reason.message


def missing(provider: Json, field: str) -> Json:
    return {name: value for name, value in provider.items() if name != field}


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


# Several


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


# SAML


@pytest.mark.parametrize(
    "provider",
    [
        missing(SAML, "metadataUrl"),
        SAML | {"metadataUrl": None},
        SAML | SAML_DOCUMENT,
        SAML | {"metadataUrl": None, "metadataDocument": None},
    ],
    ids=["none", "null", "both", "both null"],
)
def test_saml_metadata_is_at_an_address_or_in_the_event_not_both(provider: Json) -> None:
    field, message = refusal(provider)
    assert field == "metadataUrl"
    assert message == "is required for type SAML, or metadataDocument in its place, not both"


XML_WORDS = "must be the XML of a SAML metadata document"
ENTITY_WORDS = "must be an EntityDescriptor with an entityID and an IDPSSODescriptor"
SIGN_ON_WORDS = "must name a SingleSignOnService with the binding HTTP-Redirect and its https:// Location"
KEY_WORDS = "must hold a KeyDescriptor for signing with an X509Certificate: no answer could be verified without it"
DECLARATION_WORDS = "must not hold a document type or entities"
LONG_WORDS = "must not hold an attribute of 2,048 characters or more"
ROOT = METADATA.partition("?>")[2]
KEY_OF_METADATA = METADATA[METADATA.index("<md:KeyD") : METADATA.index("<md:Single")]
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

WRONG_DOCUMENTS: dict[str, tuple[str, str]] = {
    "nothing": ("", XML_WORDS),
    "text": ("metadata", XML_WORDS),
    "an address": ("https://idp.acme.example/metadata", XML_WORDS),
    "HTML": ("<html><br></html>", XML_WORDS),
    "JSON": ('{"entityID": "x"}', XML_WORDS),
    "cut off": (METADATA[:-10], XML_WORDS),
    "two roots": (METADATA + ROOT, XML_WORDS),
    "a space before the declaration": (" " + METADATA, XML_WORDS),
    "a null": (METADATA.replace("acme", "ac\0me"), XML_WORDS),
    "an undeclared entity": (METADATA.replace("acme", "&acme;"), XML_WORDS),
    "an undeclared prefix": (METADATA.replace("xmlns:md", "xmlns:mx"), XML_WORDS),
    "another root": ("<a/>", ENTITY_WORDS),
    "another namespace": (METADATA.replace("SAML:2.0:metadata", "SAML:1.1:metadata"), ENTITY_WORDS),
    "no namespace": (METADATA.replace("md:", "").replace("xmlns:md", "xmlns:x"), ENTITY_WORDS),
    "of a service provider": (METADATA.replace("IDPSSODescriptor", "SPSSODescriptor"), ENTITY_WORDS),
    "a list of entities": (f"<e>{ROOT}</e>", ENTITY_WORDS),
    "no entityID": (METADATA.replace("entityID", "id"), ENTITY_WORDS),
    "an empty entityID": (METADATA.replace('entityID="https://idp.acme.example/saml"', 'entityID=""'), ENTITY_WORDS),
    "no sign-on": (METADATA.replace("SingleSignOnService", "SingleLogoutService"), SIGN_ON_WORDS),
    "sign-on by POST only": (METADATA.replace("HTTP-Redirect", "HTTP-Artifact"), SIGN_ON_WORDS),
    "sign-on nowhere": (METADATA.replace('Location="https://idp.acme.example/redirect"', ""), SIGN_ON_WORDS),
    "sign-on in a comment": (METADATA.replace("<md:SingleSign", "<!--").replace("/>\n", "-->\n"), SIGN_ON_WORDS),
    **{
        f"sign-on at {address}": (METADATA.replace("https://idp.acme.example/redirect", address), SIGN_ON_WORDS)
        for address in (
            "http://idp.acme.example/redirect",
            "https://",
            "/redirect",
            "idp.acme.example",
            "https://[",
            " ",
        )
    },
    "no key": (METADATA.replace("KeyDescriptor", "Extensions"), KEY_WORDS),
    "no key but of a service provider": (
        METADATA.replace("KeyDescriptor", "Extensions").replace(
            "</md:EntityDescriptor>",
            f"<md:SPSSODescriptor>{KEY_OF_METADATA}</md:SPSSODescriptor></md:EntityDescriptor>",
        ),
        KEY_WORDS,
    ),
    "a key for encryption only": (METADATA.replace('use="signing"', 'use="encryption"'), KEY_WORDS),
    "a key without a certificate": (METADATA.replace("X509Certificate", "X509SubjectName"), KEY_WORDS),
    "a certificate in no namespace": (METADATA.replace("ds:X509Certificate", "X509Certificate"), KEY_WORDS),
    **{
        f"a certificate that is {name}": (METADATA.replace(CERTIFICATE, text), KEY_WORDS)
        for name, text in {
            "empty": "",
            "blank": " \n ",
            "no base64": "certificate",
            "cut off": CERTIFICATE[:-3],
            "in PEM form": f"-----BEGIN CERTIFICATE-----{CERTIFICATE}-----END CERTIFICATE-----",
            "beyond ASCII": CERTIFICATE.replace("M", "М"),  # noqa: RUF001  # Cyrillic
            "commented out": f"<!--{CERTIFICATE}-->",
        }.items()
    },
    "a document type": (f"<!DOCTYPE x>{ROOT}", DECLARATION_WORDS),
    "an external document type": (f'<!DOCTYPE x SYSTEM "https://evil.example/x.dtd">{ROOT}', DECLARATION_WORDS),
    "a billion laughs": (f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>', DECLARATION_WORDS),
    "an external entity": ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>', DECLARATION_WORDS),
    "a parameter entity": ('<!DOCTYPE x [<!ENTITY % p "">%p;]><x/>', DECLARATION_WORDS),
    "a document type between instructions that look like a comment": (
        f'<?a <!-- ?><!DOCTYPE x [<!ENTITY f "x">]><?a --> ?>{ROOT}',
        DECLARATION_WORDS,
    ),
    "a document type between instructions that look like CDATA": (
        f"<?a <![CDATA[ ?><!DOCTYPE x><?a ]]> ?>{ROOT}",
        DECLARATION_WORDS,
    ),
    "a long namespace": (f'<x xmlns="{"u" * 2048}"/>', LONG_WORDS),
    "a long namespace of a prefix": (f"<x xmlns:p = '{'u' * 2048}'/>", LONG_WORDS),
    "too long": (METADATA.ljust(DOCUMENT_MAX + 1), f"must have at most {DOCUMENT_MAX} characters"),
}


@pytest.mark.parametrize(("document", "words"), WRONG_DOCUMENTS.values(), ids=WRONG_DOCUMENTS)
def test_a_document_that_is_no_metadata_of_an_identity_provider_is_refused_in_words(document: str, words: str) -> None:
    assert refusal(SAML_DOCUMENT | {"metadataDocument": document}) == ("metadataDocument", words)


@pytest.mark.parametrize(
    "document",
    [
        ROOT,
        ROOT.strip(),
        "\ufeff" + METADATA,
        METADATA.replace("UTF-8", "UTF-16"),
        METADATA.replace("\n", "\r\n"),
        METADATA.replace("acme", "münchen"),
        METADATA.replace("xmlns:md", "xmlns").replace("<md:", "<").replace("</md:", "</"),
        METADATA.replace(' use="signing"', ""),
        METADATA.replace(CERTIFICATE, "\n".join(CERTIFICATE[i : i + 64] for i in range(0, len(CERTIFICATE), 64))),
        METADATA.replace(KEY_OF_METADATA, KEY_OF_METADATA.replace("signing", "encryption") + KEY_OF_METADATA),
        METADATA.replace("ds:", "").replace("xmlns:ds", "xmlns"),
        METADATA.replace("https://idp.acme.example/redirect", "HTTPS://IDP.acme.example:8443/redirect?a=b"),
        METADATA.replace("https://idp.acme.example/post", "http://idp.acme.example/post"),
        METADATA.replace("<md:KeyDescriptor", "<![CDATA[ <x> ]]><md:KeyDescriptor"),
        METADATA.replace('entityID="', 'entityID="' + "e" * 1024),
        METADATA.replace("</md:EntityDescriptor>", "<md:SPSSODescriptor/></md:EntityDescriptor>"),
        METADATA.ljust(DOCUMENT_MAX),
    ],
    ids=short,
)
def test_metadata_is_taken_as_identity_providers_write_it(document: str) -> None:
    assert parsed(SAML_DOCUMENT | {"metadataDocument": document}).metadata_document == document


def prefixed(number: int) -> str:
    """Return so many attributes of one namespace."""
    return " ".join(f"p:a{index}=''" for index in range(number))


def names(number: int) -> str:
    """Return so many elements, each of another name."""
    letters = itertools.product(string.ascii_letters, repeat=3)
    return "".join(f"<{''.join(name)}/>" for name in itertools.islice(letters, number))


@pytest.mark.parametrize(
    "document",
    [
        *(
            (unit * DOCUMENT_MAX)[:DOCUMENT_MAX]
            for unit in ("<!--", "<![CDATA[", "<!", "<a>", '="', "=", "= ", "&lt;", "<a ")
        ),
        "<a>" * 14_000 + "</a>" * 14_000,
        f'<x xmlns="{"u" * 2_000}">{names(16_000)}</x>',
        f'<x xmlns="{"u" * 50_000}">{names(8_000)}</x>',
        f'<x xmlns:p="{"u" * 2_000}" {prefixed(8_000)}/>',
    ],
    ids=short,
)
def test_a_hostile_document_costs_neither_time_nor_memory(document: str) -> None:
    assert len(document) <= DOCUMENT_MAX
    tracemalloc.start()
    began = time.process_time()
    try:
        assert refusal(SAML_DOCUMENT | {"metadataDocument": document})[0] == "metadataDocument"
        assert time.process_time() - began < 5
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


# OIDC and what is asked of everybody with a secret

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
    items = json_schema("TenantCreated")["properties"]["identityProviders"]["items"]
    assert set(items["discriminator"]["mapping"]) == set(PROVIDER_TYPES)


# Secrets

SECRETS = ["clientSecret", "client_secret", "ClientSecret", "secret", "password", "privateKey", "private_key"]


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_an_event_is_refused_by_name_and_not_repeated(kind: str, name: str) -> None:
    [reason] = judge(event(full(kind) | {name: "s3cr3t-value"}))
    assert reason == Reason(field=f"{PATH}.{name}", message="is not a field of this event; remove it")


@pytest.mark.parametrize("kind", LEAST)
def test_no_type_has_a_field_for_a_secret(kind: str) -> None:
    secretive = [name for name in full(kind) if "secret" in name.lower() or "key" in name.lower()]
    assert set(secretive) <= {"clientSecretArn", "keyId"}


# Attributes

OURS = [
    "custom:tenantId",
    "custom:tenantTier",
    "custom:tenantRole",
    "custom:TENANTID",
    "CUSTOM:tenantId",
    "custom:anything",
    "dev:custom:tenantId",
    "tenantId",
    "username",
    "Username",
    "sub",
    "email_verified",
    "phone_number_verified",
    "identities",
    "cognito:groups",
    "cognito:username",
    "updated_at",
    "Email",
    "EMAIL",
]


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("attribute", OURS)
def test_an_attribute_that_is_not_the_providers_to_fill_is_refused_by_its_path(kind: str, attribute: str) -> None:
    provider = LEAST[kind] | {"attributeMapping": {"email": "mail", attribute: "tenant"}}
    [reason] = judge(event(provider))
    assert reason.field == f"identityProviders[0].attributeMapping.{attribute}"
    assert reason.message == f"may not be mapped; these may: {', '.join(MAPPABLE)}"


@pytest.mark.parametrize(
    "name", ["", " email", "email ", "email\0", "custom:tenantId\u200b", "jane@acme.example", "x" * 65]
)
def test_an_attribute_that_looks_like_none_is_not_repeated(name: str) -> None:
    assert refusal(SAML | {"attributeMapping": {name: "mail"}})[0] == "attributeMapping.(unreadable name)"


@pytest.mark.parametrize("kind", LEAST)
def test_without_a_mapping_the_email_address_is_filled_in(kind: str) -> None:
    mapping = mapping_of(parsed(LEAST[kind]))
    assert "email" in mapping
    assert judge(event(LEAST[kind] | {"attributeMapping": mapping})) == []


# What is kept


def documents(number: int, size: int, unit: str = '"') -> list[Json]:
    """Return providers whose documents have that many characters, of the kind that JSON has to escape."""
    head, tail = named("https://idp.acme.example/{:04}").rsplit("</md:Entity", 1)
    room = size - len(METADATA) - len("<x></x>")
    document = f"{head}<x>{unit * (room // len(unit))}</x></md:Entity{tail}"
    return [
        SAML_DOCUMENT | {"name": f"sso-{index}", "metadataDocument": document.replace("{:04}", f"{index:04}")}
        for index in range(number)
    ]


def stored(detail: Json) -> int:
    """Return how many bytes an accepted event's request takes in the tenants table, its key apart."""
    return len(TenantCreated.model_validate(detail).model_dump_json(by_alias=True).encode())


@pytest.mark.parametrize("unit", ['"', "\n", "a", "é", "名", "🏭"])
def test_one_document_as_large_as_may_be_is_kept_if_dynamodb_can(unit: str) -> None:
    detail = event(*documents(1, DOCUMENT_MAX, unit))
    fits = len(json.dumps(detail, ensure_ascii=False).encode()) < REQUEST_MAX - 2_000
    found = judge(detail)
    assert [reason.field for reason in found] == ([] if fits else ["identityProviders"])
    if fits:
        assert stored(detail) <= REQUEST_MAX


@pytest.mark.parametrize("unit", ['"', "\n", "a", "é", "名", "🏭"])
@pytest.mark.parametrize("number", range(1, 21))
def test_whatever_is_accepted_fits_into_one_item(number: int, unit: str) -> None:
    detail = event(*documents(number, 40_000, unit))
    found = judge(detail)
    if found:
        [reason] = found
        assert reason.field == "identityProviders"
        assert "use metadataUrl" in reason.message
        assert str(REQUEST_MAX) in reason.message
    else:
        assert stored(detail) + 1_000 < DYNAMODB_ITEM


def test_the_largest_providers_without_documents_fit() -> None:
    largest = OIDC | {
        "issuer": "https://idp.acme.example/".ljust(2048, "a"),
        "clientId": '"' * 256,
        "clientSecretArn": f"{ARN[:-7]}{'x' * 400}-AbC123",
        "scopes": ["openid", *(f"{number:02}".ljust(128, "s") for number in range(19))],
        "attributeMapping": dict.fromkeys(MAPPABLE, '"' * 256),
    }
    providers = [largest | {"name": f"provider-{number:02}"} for number in range(20)]
    rest = {
        "appClient": {
            field: [f"https://a.example/{n:02}".ljust(1024, "a") for n in range(20)]
            for field in ("callbackUrls", "logoutUrls")
        }
    }
    assert stored(event(*providers) | rest) < REQUEST_MAX


def test_what_is_too_large_together_is_refused_beside_nothing_else() -> None:
    largest = event(*documents(3, DOCUMENT_MAX))
    [reason] = judge(largest)
    assert reason == Reason(
        field="identityProviders",
        message=f"are too large: with them the event has more than {REQUEST_MAX} bytes; use metadataUrl",
    )


# Hostile input

MARKER = "SECRET-MARKER-xyz"
EVERY_FIELD = sorted({field for kind in LEAST for field in full(kind)} | {"metadataDocument", *SECRETS})
around = st.text(max_size=20) | st.sampled_from(["", "https://", "https://u:", "arn:aws:", "<a>", "<!--", "<![CDATA["])
marked = st.builds("{}{}{}".format, around, st.sampled_from([MARKER, MARKER.lower()]), around)
any_character = st.characters(exclude_categories=())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(any_character, max_size=20)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(any_character, max_size=20), inner, max_size=4),
    max_leaves=10,
)
marked_values = st.recursive(
    marked,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from(["email", "name", "custom:tenantId"]), inner, min_size=1)
    ),
    max_leaves=4,
)


@bounded
@given(
    st.sampled_from(list(LEAST)), st.dictionaries(st.sampled_from(EVERY_FIELD), marked_values, min_size=1, max_size=4)
)
@example("SAML", {"metadataDocument": f"<{MARKER}>"})
@example("SAML", {"metadataDocument": METADATA.replace("SAML:2.0", MARKER)})
@example("OIDC", {"issuer": f"https://idp.acme.example/?{MARKER}"})
@example("OIDC", {"clientSecretArn": MARKER})
def test_a_reason_repeats_no_value_that_was_received(kind: str, values: dict[str, Json]) -> None:
    for reason in judge(event(full(kind) | values)):
        assert MARKER.lower() not in reason.model_dump_json().lower()


@bounded
@given(
    st.lists(
        any_json
        | st.builds(
            lambda kind, values: full(kind) | values,
            st.sampled_from(list(LEAST)),
            st.dictionaries(st.sampled_from(EVERY_FIELD) | st.text(any_character, max_size=20), any_json, max_size=3),
        ),
        max_size=4,
    )
)
@example([{"type": "SAML", "name": "\ud800"}])
@example([{"type": "\ud800"}])
@example([SAML_DOCUMENT | {"metadataDocument": f"{METADATA}\ud800"}])
@example([SAML | {"attributeMapping": {"\ud800": "mail"}}])
@example([SAML | {"attributeMapping": {"email": float("nan")}}])
def test_whatever_providers_are_they_are_accepted_or_refused_with_reasons_that_can_be_sent(
    providers: list[Json],
) -> None:
    detail = event(*copy.deepcopy(providers))
    try:
        accepted = TenantCreated.model_validate(detail)
    except ValidationError as error:
        found = reasons(error)
        assert 0 < len(found) <= REASONS_MAX
        for reason in found:
            assert reason.field.startswith("identityProviders")
            assert 0 < len(reason.message) <= TEXT_MAX
            assert not reason.message.startswith(("Input ", "String ", "List ", "Value ", "Extra ", "Dictionary "))
            json.dumps(reason.model_dump(), ensure_ascii=False).encode()
    else:
        assert TenantCreated.model_validate_json(accepted.model_dump_json(by_alias=True)) == accepted
        assert schema_problems(detail) == []


@bounded
@given(
    st.lists(
        st.sampled_from([*"<>!/?-[]=\"'&; \nax:", "<!--", "-->", "xmlns", METADATA[:300], METADATA[300:]]), max_size=30
    ).map("".join)
)
def test_whatever_a_document_is_it_is_accepted_or_refused(document: str) -> None:
    for reason in judge(event(SAML_DOCUMENT | {"metadataDocument": document})):
        assert reason.field == f"{PATH}.metadataDocument"


@pytest.mark.parametrize("field", [field for field in EVERY_FIELD if field not in SECRETS])
@pytest.mark.parametrize("brackets", [("[", "1", "]"), ('{"email":', "1", "}")], ids=["arrays", "objects"])
def test_deep_nesting_is_refused_where_it_begins(field: str, brackets: tuple[str, str, str]) -> None:
    opening, middle, closing = brackets
    deep = json.loads(opening * 900 + middle + closing * 900)
    kind = next(kind for kind in LEAST if field in full(kind) or field == "metadataDocument")
    for reason in judge(event(missing(full(kind), "metadataUrl") | {field: deep})):
        assert reason.field.startswith(f"{PATH}.{field}")


@pytest.mark.parametrize("unit", ["a", "é", "https://", '"', "-", "<", "\ud800"])
@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in LEAST for field in full(kind)])
def test_a_string_of_a_megabyte_is_refused_at_once(kind: str, field: str, unit: str) -> None:
    found = judge(event(full(kind) | {field: unit * 1_000_000}))
    assert [reason.field for reason in found] == [f"{PATH}.{field}"]


def test_a_path_within_the_event_is_that_of_the_provider() -> None:
    detail = changed("identityProviders", [SAML, OIDC | {"name": "two", "scopes": ["email"]}])
    assert [reason.field for reason in judge(detail)] == ["identityProviders[1].scopes"]
