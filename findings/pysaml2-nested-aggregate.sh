#!/usr/bin/env bash
# pysaml2 7.5.5
#
# Behaviour: metadata in which an EntitiesDescriptor lies inside another is loaded without an error, and no identity
# provider is in it. The same provider one level higher is found.
#
# Why it surprises: the SAML metadata schema lets EntitiesDescriptor hold further ones, and federations group their
# members so. Loading succeeds, nothing is logged, and the provider is merely unknown at the first sign-in. For an
# entry that has ended the same loader logs an error.
#
# Seen:
#   alone: ['https://idp.acme.example/saml']
#   in an EntitiesDescriptor: ['https://idp.acme.example/saml']
#   in an EntitiesDescriptor inside another: []
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysaml2==7.5.5 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import logging
import sys

from saml2.attribute_converter import ac_factory
from saml2.mdstore import InMemoryMetaData

ENTITY = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
    entityID="https://idp.acme.example/saml">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
      Location="https://idp.acme.example/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""
PROVIDER = "https://idp.acme.example/saml"


class Complaints(logging.Handler):
    def emit(self, record):
        raise AssertionError(record.getMessage())


logging.getLogger("saml2").addHandler(Complaints(logging.WARNING))


def grouped(xml):
    return f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{xml}</md:EntitiesDescriptor>'


def providers(xml):
    metadata = InMemoryMetaData(ac_factory(), xml)
    metadata.load()
    return [name for name, entity in metadata.items() if entity.get("idpsso_descriptor")]


cases = {
    "alone": (ENTITY, [PROVIDER]),
    "in an EntitiesDescriptor": (grouped(ENTITY), [PROVIDER]),
    "in an EntitiesDescriptor inside another": (grouped(grouped(ENTITY)), []),
}
as_stated = True
for name, (xml, stated) in cases.items():
    seen = providers(xml)
    print(f"{name}: {seen}")
    as_stated &= seen == stated
sys.exit(0 if as_stated else 1)
PROGRAM
