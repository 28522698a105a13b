"""When a SAML provider's signing certificate is in force: Cognito takes no provider all of whose certificates ended."""

import warnings
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Period:
    """From when until when a certificate is in force."""

    begin: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        """Tell whether the certificate is in force at that time."""
        return self.begin <= now < self.end


def period(certificate: bytes) -> Period | None:
    """Return the period of a certificate in DER; None if it is no certificate."""
    from cryptography import x509  # slow to load, and needed for few events

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a serial number of 0, which old providers have and nobody asks for here
        try:
            found = x509.load_der_x509_certificate(certificate)
            return Period(found.not_valid_before_utc, found.not_valid_after_utc)
        except ValueError:
            return None
