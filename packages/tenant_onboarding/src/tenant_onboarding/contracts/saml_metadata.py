"""A SAML identity provider's metadata document, as far as Cognito asks something of it.

Nothing here goes by the clock: what a document says of times is read out, and judged by others.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_URI = "urn:oasis:names:tc:SAML:2.0:metadata"
NAMESPACE = f"{{{_URI}}}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
ONE, SEVERAL = f"{NAMESPACE}EntityDescriptor", f"{NAMESPACE}EntitiesDescriptor"
CERTIFICATE_MAX = 4096
"""Cognito, "Things to know about SAML IdPs": each signing certificate has at most 4,096 characters."""
DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")
"""A document type, and all that it may hold; in a comment too, for what looks like a comment may be none."""
LONG_VALUE = re.compile(r"""=\s*("[^"<]{2048}|'[^'<]{2048})""")
"""The parser repeats a namespace in each name: a long one makes 500 MB of a document of 100 KB."""
AROUND = " \t\r\n\f\v\x85\xa0\u2028\u2029\u200b\ufeff"
"""What copying and pasting leaves around a document; XML allows none of it before its declaration."""
ENCODING = re.compile(
    r"""(<\?xml\s[^>]{0,99}?)\s{1,9}encoding\s{0,9}=\s{0,9}["'](?!utf-?8["'])[^"'>]{0,99}["']""", re.IGNORECASE
)
"""In a declaration, where it is another one than that of JSON."""
LOCATION = re.compile(r"""(\sLocation\s{0,9}=\s{0,9}["'])([^"'<>]{0,2048})(?=["'])""")
KEY_WORDS = "must hold a KeyDescriptor for signing with an X509Certificate: no answer could be verified without it"


class ComplaintError(ValueError):
    """What is wrong with a document, in words that repeat nothing of it."""


@dataclass(frozen=True)
class Metadata:
    """What a document says of its one identity provider."""

    entity_id: str
    addresses: tuple[str, ...]
    """Where people are sent to sign in, by HTTP-Redirect."""
    certificates: tuple[bytes, ...]
    """Those for signing: what is in base64 there, which may be anything; empty where that is no base64."""
    ends: tuple[datetime, ...]
    """Until when the document says that it holds."""


def trimmed(document: str) -> str:
    """Return a document without white space around it and its addresses, and the encoding that it had before JSON."""
    text = LOCATION.sub(lambda found: found[1] + found[2].strip(), document.strip(AROUND))
    declared = ENCODING.match(text)
    return f"{declared[1]}{text[declared.end() :]}" if declared else text


def complaint(document: str) -> str | None:
    """Return what is wrong with a document, in words that repeat nothing of it, or None."""
    try:
        read(document)
    except ComplaintError as wrong:
        return str(wrong)
    return None


def read(document: str) -> Metadata:
    """Return what a document says; raises ComplaintError."""
    root = _root(document)
    provider = _provider(root)
    if root.tag == SEVERAL:
        _lifted(document)
    if not (provider.get("entityID") or "").strip():
        blank = "is blank" if provider.get("entityID") else "is missing"
        raise ComplaintError(f"must name the provider: the attribute entityID of its EntityDescriptor {blank}")
    roles = _roles(provider)
    services = [service for role in roles for service in role.findall(f"{NAMESPACE}SingleSignOnService")]
    return Metadata(
        entity_id=str(provider.get("entityID")),
        addresses=tuple(_addresses(services)),
        certificates=_certificates(roles),
        ends=tuple(_ends([*root.iter(SEVERAL), provider, *roles])),
    )


def entity_id(document: str) -> str:
    """Return the name of the provider in a document that is without complaint, or was when it was taken."""
    root = ElementTree.fromstring(document)  # noqa: S314  # as below
    return str((_provider(root) if root.tag == SEVERAL else root).get("entityID"))


def alone(document: str) -> str:
    """Return the metadata of the one provider, without what it came within: Cognito takes no list, be it of one."""
    root = ElementTree.fromstring(document)  # noqa: S314  # as below
    return _lifted(document) if root.tag == SEVERAL else document


def _lifted(document: str) -> str:
    """Return the one provider of a list as it stands there, with the prefixes that are declared around it."""
    from xml.dom import minidom

    try:
        entities = minidom.parseString(document).getElementsByTagNameNS(_URI, "EntityDescriptor")  # noqa: S318  # as below
        [provider] = (e for e in entities if any(_is_role(child) for child in e.childNodes))
        outer = provider.parentNode
        while isinstance(outer, minidom.Element):
            for name, value in outer.attributes.items():
                if name.startswith("xmlns") and not provider.hasAttribute(name):
                    provider.setAttribute(name, value)
            outer = outer.parentNode
        return str(provider.toxml())
    except RecursionError:
        raise ComplaintError("is nested too deeply") from None


def _is_role(node: object) -> bool:
    tag = getattr(node, "namespaceURI", None), getattr(node, "localName", None)
    return tag == (_URI, "IDPSSODescriptor")


def _root(document: str) -> ElementTree.Element:
    if DECLARATION.search(document):
        raise ComplaintError("must not hold a document type or entities")
    if LONG_VALUE.search(document):
        raise ComplaintError("must not hold an attribute of 2,048 characters or more")
    try:
        return ElementTree.fromstring(document)  # noqa: S314  # without a document type nothing can be expanded
    except (ElementTree.ParseError, ValueError):
        raise ComplaintError("must be the XML of a SAML metadata document") from None


def _provider(root: ElementTree.Element) -> ElementTree.Element:
    """Return the entity that is an identity provider, alone or among others that are none."""
    if root.tag not in {ONE, SEVERAL}:
        raise ComplaintError("must be SAML 2.0 metadata: its outermost element is no EntityDescriptor")
    entities = list(root.iter(ONE))
    providers = [entity for entity in entities if entity.find(f"{NAMESPACE}IDPSSODescriptor") is not None]
    if len(providers) > 1:
        raise ComplaintError(f"must be of one identity provider, not {len(providers)}: leave your own in it alone")
    if not providers and any(entity.find(f"{NAMESPACE}SPSSODescriptor") is not None for entity in entities):
        raise ComplaintError("is a service provider's metadata (SPSSODescriptor); give the identity provider's")
    if not providers:
        raise ComplaintError("must hold an EntityDescriptor with an IDPSSODescriptor")
    return providers[0]


def _roles(provider: ElementTree.Element) -> list[ElementTree.Element]:
    """Return what the provider says of itself for SAML 2.0; for others it may have other addresses and keys."""
    roles = provider.findall(f"{NAMESPACE}IDPSSODescriptor")
    ours = [role for role in roles if PROTOCOL in role.get("protocolSupportEnumeration", "").split()]
    if not ours:
        raise ComplaintError(f"must hold an IDPSSODescriptor whose protocolSupportEnumeration has {PROTOCOL}")
    return ours


def _addresses(services: list[ElementTree.Element]) -> Iterator[str]:
    locations = [service.get("Location", "") for service in services if service.get("Binding") == HTTP_REDIRECT]
    if any(re.search(r"\s", location) for location in locations):
        raise ComplaintError("must not have white space in the Location of a SingleSignOnService")
    if not any(_is_https(location) for location in locations):
        raise ComplaintError("must name a SingleSignOnService with the binding HTTP-Redirect and its https:// Location")
    return (location for location in locations if _is_https(location))


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _certificates(roles: list[ElementTree.Element]) -> tuple[bytes, ...]:
    keys = [key for role in roles for key in role.findall(f"{NAMESPACE}KeyDescriptor")]
    texts = [
        "".join((element.text or "").split())
        for key in keys
        if key.get("use", "signing") == "signing"
        for element in key.iter(f"{SIGNATURE}X509Certificate")
    ]
    if any(len(text) > CERTIFICATE_MAX for text in texts):
        raise ComplaintError(f"must not hold a signing certificate of more than {CERTIFICATE_MAX:,} characters")
    found = tuple(map(_decoded, texts))
    if not any(found):
        raise ComplaintError(KEY_WORDS)
    return found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _ends(elements: list[ElementTree.Element]) -> Iterator[datetime]:
    for element in elements:
        if text := element.get("validUntil"):
            try:
                end = datetime.fromisoformat(text.strip())
            except ValueError:
                raise ComplaintError("must say in validUntil a time such as 2030-01-31T12:00:00Z") from None
            yield end if end.tzinfo else end.replace(tzinfo=UTC)
