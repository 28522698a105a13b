"""A SAML metadata document is taken as identity providers write it; any other is refused at once."""

import itertools
import string
import time
import tracemalloc

import pytest

from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX
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
