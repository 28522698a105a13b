"""A SAML metadata document is taken as identity providers write it; any other is refused at once."""

import itertools
import string
import time
import tracemalloc

import pytest

from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX
from tenant_onboarding.contracts.saml_metadata import PROTOCOL, alone, entity_id, read
from tests.unit.tenant_onboarding.judgement import short
from tests.unit.tenant_onboarding.sample_events import Json
from tests.unit.tenant_onboarding.sample_providers import (
    CERTIFICATE,
    METADATA,
    SAML,
    SAML_DOCUMENT,
    missing,
    parsed,
    refusal,
)


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
ROOT_WORDS = "must be SAML 2.0 metadata: its outermost element is no EntityDescriptor"
ROLE_WORDS = "must hold an EntityDescriptor with an IDPSSODescriptor"
SERVICE_WORDS = "is a service provider's metadata (SPSSODescriptor); give the identity provider's"
NAME_WORDS = "must name the provider: the attribute entityID of its EntityDescriptor is "
PROTOCOL_WORDS = f"must hold an IDPSSODescriptor whose protocolSupportEnumeration has {PROTOCOL}"
BLANK_WORDS = "must not have white space in the Location of a SingleSignOnService"
TIME_WORDS = "must say in validUntil a time such as 2030-01-31T12:00:00Z"
SIGN_ON_WORDS = "must name a SingleSignOnService with the binding HTTP-Redirect and its https:// Location"
KEY_WORDS = "must hold a KeyDescriptor for signing with an X509Certificate: no answer could be verified without it"
DECLARATION_WORDS = "must not hold a document type or entities"
LONG_WORDS = "must not hold an attribute of 2,048 characters or more"
ROOT = METADATA.partition("?>")[2]
ENTITY_ID = "https://idp.acme.example/saml"
KEY_OF_METADATA = METADATA[METADATA.index("<md:KeyD") : METADATA.index("<md:Single")]
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def listed(*entities: str) -> str:
    """Return a list of entities, or of lists."""
    return f'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{"".join(entities)}</EntitiesDescriptor>'


WRONG_DOCUMENTS: dict[str, tuple[str, str]] = {
    "nothing": ("", XML_WORDS),
    "text": ("metadata", XML_WORDS),
    "an address": ("https://idp.acme.example/metadata", XML_WORDS),
    "HTML": ("<html><br></html>", XML_WORDS),
    "JSON": ('{"entityID": "x"}', XML_WORDS),
    "cut off": (METADATA[:-10], XML_WORDS),
    "two roots": (METADATA + ROOT, XML_WORDS),
    "a word before the declaration": ("Metadata: " + METADATA, XML_WORDS),
    "a null": (METADATA.replace("acme", "ac\0me"), XML_WORDS),
    "an undeclared entity": (METADATA.replace("acme", "&acme;"), XML_WORDS),
    "an undeclared prefix": (METADATA.replace("xmlns:md", "xmlns:mx"), XML_WORDS),
    "another root": ("<a/>", ROOT_WORDS),
    "another namespace": (METADATA.replace("SAML:2.0:metadata", "SAML:1.1:metadata"), ROOT_WORDS),
    "no namespace": (METADATA.replace("md:", "").replace("xmlns:md", "xmlns:x"), ROOT_WORDS),
    "of a service provider": (METADATA.replace("IDPSSODescriptor", "SPSSODescriptor"), SERVICE_WORDS),
    "of neither": (METADATA.replace("IDPSSODescriptor", "AttributeAuthorityDescriptor"), ROLE_WORDS),
    "a list in no namespace": (f"<e>{ROOT}</e>", ROOT_WORDS),
    "a list of service providers": (listed(ROOT.replace("IDPSSODescriptor", "SPSSODescriptor")), SERVICE_WORDS),
    "a list of nothing": (listed(""), ROLE_WORDS),
    "a list of several": (
        listed(ROOT, listed(ROOT), ROOT),
        "must be of one identity provider, not 3: leave your own in it alone",
    ),
    "a list of lists": (
        listed(ROOT.replace("</md:Ent", f"<x>{'<a>' * 9_000}{'</a>' * 9_000}</x></md:Ent")),
        "is nested too deeply",
    ),
    "no entityID": (METADATA.replace("entityID", "id"), f"{NAME_WORDS}missing"),
    "an empty entityID": (METADATA.replace(ENTITY_ID, ""), f"{NAME_WORDS}missing"),
    "a blank entityID": (METADATA.replace(ENTITY_ID, " "), f"{NAME_WORDS}blank"),
    "of SAML 1.1 only": (METADATA.replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol"), PROTOCOL_WORDS),
    "of no protocol": (METADATA.replace("protocolSupportEnumeration", "protocols"), PROTOCOL_WORDS),
    "a validUntil that is no time": (METADATA.replace("entityID", 'validUntil="tomorrow" entityID'), TIME_WORDS),
    "a role's validUntil that is no time": (METADATA.replace("protocolS", 'validUntil="soon" protocolS'), TIME_WORDS),
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
            "",
            " ",
        )
    },
    **{
        f"sign-on at {address!r}": (METADATA.replace("https://idp.acme.example/redirect", address), BLANK_WORDS)
        for address in (
            "https:// idp.acme.example/",
            "https://idp.acme.example/\n\tr",
            "https://idp.acme.example/a b",
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
    "a certificate that is too long": (
        METADATA.replace(CERTIFICATE, "M" * 4_100),
        "must not hold a signing certificate of more than 4,096 characters",
    ),
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
        METADATA,
        ROOT,
        METADATA.replace("UTF-8", "utf8"),
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
        METADATA.replace(PROTOCOL, f"urn:oasis:names:tc:SAML:1.1:protocol {PROTOCOL}"),
        METADATA.replace(CERTIFICATE, "M" * 4_096),
        METADATA.replace("entityID", 'validUntil="2001-01-01T00:00:00Z" entityID'),
        METADATA.replace("entityID", 'validUntil="2040-12-31T23:59:59.9999999+01:00" entityID'),
        f"{METADATA}<!--{'x' * (DOCUMENT_MAX - len(METADATA) - 7)}-->",
        listed(ROOT),
        listed(ROOT.replace("IDPSSODescriptor", "SPSSODescriptor"), listed(ROOT)),
    ],
    ids=short,
)
def test_metadata_is_taken_as_identity_providers_write_it(document: str) -> None:
    assert parsed(SAML_DOCUMENT | {"metadataDocument": document}).metadata_document == document.strip()


@pytest.mark.parametrize(
    "document",
    [f"{around}{METADATA}{around}" for around in ("\n", "\r\n\t ", "\ufeff", "\ufeff\n", "\u00a0", "\u200b", "")]
    + [METADATA.ljust(DOCUMENT_MAX)],
    ids=short,
)
def test_what_pasting_leaves_around_a_document_is_dropped(document: str) -> None:
    assert parsed(SAML_DOCUMENT | {"metadataDocument": document}).metadata_document == METADATA.strip()


@pytest.mark.parametrize("address", [" {}", "{}\n", "\t{} ", "\u00a0{}"])
def test_white_space_around_an_address_is_dropped(address: str) -> None:
    there = "https://idp.acme.example/redirect"
    document = METADATA.replace(there, address.format(there))
    assert parsed(SAML_DOCUMENT | {"metadataDocument": document}).metadata_document == METADATA.strip()


@pytest.mark.parametrize("encoding", ["UTF-16", "utf-16le", "ISO-8859-1", "windows-1252", "x"])
def test_the_encoding_that_a_document_once_had_is_dropped(encoding: str) -> None:
    """In JSON it has another one, and a parser that believes the declaration reads nothing."""
    document = METADATA.replace("acme", "münchen").strip()
    once = document.replace('encoding="UTF-8"', f"encoding='{encoding}'")
    kept = parsed(SAML_DOCUMENT | {"metadataDocument": once}).metadata_document
    assert kept == document.replace(' encoding="UTF-8"', "")
    assert entity_id(kept.encode().decode()) == "https://idp.münchen.example/saml"


def test_the_one_provider_of_a_list_goes_to_cognito_alone_and_says_the_same() -> None:
    """With the prefixes that are declared around it, also those that only a value uses."""
    kind = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="f:Some"'
    entity = ROOT.strip().removeprefix("<!-- of the acme identity provider -->").strip()
    entity = entity.replace(' xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"', "")
    entity = entity.replace("</md:Entity", f"<x {kind}>&lt;&amp;ü</x></md:Entity")
    other = ROOT.replace("IDPSSODescriptor", "SPSSODescriptor")
    document = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:f="urn:federation">'
        f"{other}<md:EntitiesDescriptor>{entity}</md:EntitiesDescriptor></md:EntitiesDescriptor>"
    )
    lifted = alone(document)
    assert read(lifted) == read(document)
    assert lifted.startswith("<md:EntityDescriptor")
    assert 'xmlns:f="urn:federation"' in lifted
    assert lifted.split(">", 1)[1] == entity.split(">", 1)[1].replace("'", '"').replace(
        "\n                            ", " "
    )


def test_a_document_of_one_provider_goes_to_cognito_as_it_is() -> None:
    assert alone(METADATA) == METADATA


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
