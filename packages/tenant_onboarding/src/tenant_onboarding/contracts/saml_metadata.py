"""A SAML identity provider's metadata document, as far as Cognito asks something of it."""

import base64
import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
NAMESPACE = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")
"""A document type, and all that it may hold; in a comment too, for what looks like a comment may be none."""
LONG_VALUE = re.compile(r"""=\s*("[^"<]{2048}|'[^'<]{2048})""")
"""The parser repeats a namespace in each name: a long one makes 500 MB of a document of 100 KB."""


def complaint(document: str) -> str | None:
    """Return what is wrong with a document, in words that repeat nothing of it, or None."""
    if DECLARATION.search(document):
        return "must not hold a document type or entities"
    if LONG_VALUE.search(document):
        return "must not hold an attribute of 2,048 characters or more"
    try:
        root = ElementTree.fromstring(document)  # noqa: S314  # without a document type nothing can be expanded
    except (ElementTree.ParseError, ValueError):
        return "must be the XML of a SAML metadata document"
    descriptor = root.find(f"{NAMESPACE}IDPSSODescriptor") if root.tag == f"{NAMESPACE}EntityDescriptor" else None
    if descriptor is None or not root.get("entityID"):
        return "must be an EntityDescriptor with an entityID and an IDPSSODescriptor"
    return _complaint_of(descriptor)


def _complaint_of(descriptor: ElementTree.Element) -> str | None:
    services = descriptor.findall(f"{NAMESPACE}SingleSignOnService")
    if not any(service.get("Binding") == HTTP_REDIRECT and _is_https(service.get("Location")) for service in services):
        return "must name a SingleSignOnService with the binding HTTP-Redirect and its https:// Location"
    if not any(_is_certificate(key) for key in descriptor.findall(f"{NAMESPACE}KeyDescriptor")):
        return "must hold a KeyDescriptor for signing with an X509Certificate: no answer could be verified without it"
    return None


def entity_id(document: str) -> str:
    """Return the name of the provider in a document that is without complaint."""
    return str(ElementTree.fromstring(document).get("entityID"))  # noqa: S314  # as above


def _is_https(address: str | None) -> bool:
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _is_certificate(key: ElementTree.Element) -> bool:
    if key.get("use", "signing") != "signing":
        return False
    text = "".join(key.findtext(f".//{SIGNATURE}X509Certificate", "").split())
    try:
        return bool(text) and bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False
