"""SAML metadata documents of every shape that people have sent, made from parts, with certificates of any period."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tenant_onboarding.contracts.saml_metadata import HTTP_REDIRECT, PROTOCOL

ENTITY_ID = "https://idp.acme.example/saml"
ADDRESS = "https://idp.acme.example/redirect"
DAY = timedelta(days=1)
METADATA_NAMESPACE = "urn:oasis:names:tc:SAML:2.0:metadata"


@cache
def certificate(begins: float, ends: float, padding: int = 0) -> str:
    """Return a certificate of nobody's that begins and ends so many days from today, longer by an extension."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.acme.example")])
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, today + begins * DAY, today + ends * DAY)
    if padding:
        place = x509.UniformResourceIdentifier(f"https://{'a' * padding}.example")
        made = made.add_extension(x509.SubjectAlternativeName([place]), critical=False)
    return base64.b64encode(made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)).decode()


def in_days(days: float) -> str:
    """Return a time as validUntil has it."""
    return (datetime.now(UTC) + days * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Shape:
    """What a document says of its provider, and what stands around that; None leaves an attribute out."""

    entity_id: str | None = ENTITY_ID
    certificates: Sequence[str] = (certificate(-1, 365),)
    use: str | None = "signing"
    protocols: str = PROTOCOL
    address: str = ADDRESS
    binding: str = HTTP_REDIRECT
    ends: str | None = None
    role_ends: str | None = None
    role: str = "IDPSSODescriptor"
    providers: int = 1
    services: int = 0
    """How many entities of service providers stand beside; with any, or another number of providers, it is a list."""
    list_ends: str | None = None
    listed: bool = False
    declaration: str = ""
    around: str = ""

    def document(self) -> str:
        """Return the document."""
        entities = "".join(self._entity(number) for number in range(self.providers)) + "".join(
            map(_service, range(self.services))
        )
        if self.listed or self.services or self.providers != 1:
            ends = _attribute("validUntil", self.list_ends)
            entities = f'<EntitiesDescriptor xmlns="{METADATA_NAMESPACE}"{ends}>{entities}</EntitiesDescriptor>'
        return f"{self.around}{self.declaration}{entities}{self.around}"

    def _entity(self, number: int) -> str:
        name = _attribute("entityID", self.entity_id and f"{self.entity_id}{number or ''}")
        ends, role_ends = _attribute("validUntil", self.ends), _attribute("validUntil", self.role_ends)
        use = _attribute("use", self.use)
        keys = "".join(
            f'<KeyDescriptor{use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{each}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
            for each in self.certificates
        )
        return (
            f'<EntityDescriptor xmlns="{METADATA_NAMESPACE}"{name}{ends}>'
            f'<{self.role} protocolSupportEnumeration="{self.protocols}"{role_ends}>{keys}'
            f'<SingleSignOnService Binding="{self.binding}" Location="{self.address}"/>'
            f"</{self.role}></EntityDescriptor>"
        )


def _service(number: int) -> str:
    return (
        f'<EntityDescriptor xmlns="{METADATA_NAMESPACE}" entityID="https://sp.acme.example/{number}">'
        f'<SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"><AssertionConsumerService index="0"'
        ' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.acme.example/acs"/>'
        "</SPSSODescriptor></EntityDescriptor>"
    )


def _attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{value}"'
