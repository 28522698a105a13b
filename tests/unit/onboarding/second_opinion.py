"""pysaml2's opinion, asked in the environment that has it: a line of JSON in, `true` or `false` out.

The line holds a SAML metadata document, the name of the issuer whose answer is to be verified, and how many characters
a certificate may have.
"""

import json
import sys

from OpenSSL.crypto import Error  # type: ignore[import-not-found]  # only there
from saml2 import BINDING_HTTP_REDIRECT  # type: ignore[import-not-found]  # as above
from saml2.mdstore import InMemoryMetaData  # type: ignore[import-not-found]  # as above
from saml2.sigver import active_cert  # type: ignore[import-not-found]  # as above


def lets_in(document: str, issuer: str, longest: int) -> bool:
    """Tell whether pysaml2 could send people to the one provider of a document, and verify that issuer's answer."""
    store = InMemoryMetaData(None)
    try:
        store.parse(document)
        providers = [name for name, entity in store.items() if "idpsso_descriptor" in entity]
        [service] = store.service(issuer, "idpsso_descriptor", "single_sign_on_service", BINDING_HTTP_REDIRECT)
        certificates = [text for _, text in store.certs(issuer, "idpsso", "signing")]
        fits = providers == [issuer] and " " not in service["location"]
    except Exception:  # it raises whatever meets it
        return False
    return fits and any(map(_active, certificates)) and all(len(text) <= longest for text in certificates)


def _active(certificate: str) -> bool:
    try:
        return bool(active_cert(certificate))
    except Error:  # it is none
        return False


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(lets_in(*json.loads(line)))}\n")
        sys.stdout.flush()
