"""Tenants to look at, by real events on a local stack: completed, failed and rejected ones, then ever new ones."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from orchestrator import status
from orchestrator.aws.settings import Settings
from orchestrator.local import colleague
from orchestrator.local.first_sign_in import OWN_PASSWORD
from orchestrator.local.ministack import ROOT
from orchestrator.local.product import Product, invitation
from orchestrator.local.proof import EXAMPLES
from orchestrator.local.stack import LocalStack
from orchestrator.local.visit import visit
from orchestrator.tenants import lifecycle
from orchestrator.tenants.commands import command

UNMAILED = ("acme", "cyberdyne")
"""Tenants whose welcome email cannot be sent at first."""
SECRETLESS = "soylent"
"""The tenant whose identity provider has no client secret."""
AMENDED = "examples/amended/soylent.json"
"""Its corrected event, as the command line takes it in the folder of this project."""
GUEST = "globex"
"""The tenant as whose admin one is invited to sign in to the sample product."""
WAIT_SECONDS = 60.0
NEWCOMERS = 96
AT_ONCE = 4
PAUSE_SECONDS = 5
"""So many at once take a second or two here, which can be seen, and leave functions free to show it."""
FIRST = (
    *("Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Garnet", "Harbor"),
    *("Indigo", "Juniper", "Kestrel", "Linden", "Marble", "Nimbus", "Opal", "Pebble"),
)
SECOND = (
    *("Works", "Labs", "Foods", "Freight", "Energy", "Tools", "Travel"),
    *("Health", "Media", "Robotics", "Textiles", "Timber", "Water"),
)
"""Their numbers have no divisor in common, so that no pair comes twice among the newcomers."""
TIERS = ("pool", "pool", "bridge", "pool", "silo")

Detail = dict[str, Any]


def bring_tenants(stack: LocalStack, product: Product, say: Callable[[str], None]) -> None:
    """Emit all events, the last ones by and by, and say what to expect; returns early if the local AWS ends."""
    acme, *others = sorted(EXAMPLES.glob("*.json"))
    say(
        "Three tenants sign up. The sender of the welcome email is not verified, and one tenant's client secret does"
        " not exist."
    )
    for detail in (_read(acme), _tenant("Cyberdyne", "silo"), secretless(stack.settings)):
        stack.emit(json.dumps(detail))
    slow = _wait_until(stack, lifecycle.FAILED, {*UNMAILED, SECRETLESS})
    stack.clients.ses_once.create_email_identity(EmailIdentity=stack.settings.sender)
    outcome = f"Not failed yet: {', '.join(sorted(slow))}." if slow else "All three failed."
    say(
        f"{outcome} The sender is verified now, so two need a retry only; the third needs a corrected event:\n"
        f"  {command('retry', all_failed=True, step='SendWelcomeEmail')}\n"
        f"  {command('amend', SECRETLESS, AMENDED)}"
    )
    say(f"The other events of {EXAMPLES.relative_to(ROOT)}: all tiers, an exact duplicate, and two that are rejected.")
    for file in others:
        if stack.ministack.wait(1):
            return
        stack.emit(file.read_text())
    if not _wait_until(stack, lifecycle.COMPLETED, {GUEST}):
        say(invitation(stack, product, GUEST))
        say(_colleague(stack, product))
    say(f"From here on {AT_ONCE} more tenants at once every {PAUSE_SECONDS} seconds, {NEWCOMERS} in all.")
    arriving = newcomers()
    while group := list(islice(arriving, AT_ONCE)):
        if stack.ministack.wait(PAUSE_SECONDS):
            return
        for detail in group:
            stack.emit(json.dumps(detail))
    say("That was the last of them; emit more as you like.")


def _colleague(stack: LocalStack, product: Product) -> str:
    """Let a colleague join the guest's tenant, and visit the sample product without the SDK; return what came of it."""
    user_id, _ = colleague.join(stack, status.show(stack.clients, stack.settings, GUEST) or {})
    who, host = colleague.address(GUEST), f"{GUEST}.{stack.settings.app_domain}"
    visited = visit(product, host, who, OWN_PASSWORD)
    after = "refused" if visited.refused_after_sign_out else "STILL TAKEN"
    return (
        f"{who} was invited, confirmed by the mailed link and signed in; the token says userId={user_id},"
        f" tenantRole={colleague.ROLE}:\n  {command('users show', GUEST, who)}\n"
        f"Then they signed in without the SDK at {host}, and went on: the product's API took both tokens, as of"
        f" {' and '.join(visited.tenants)}. After the sign-out, the refresh token was {after}."
    )


def secretless(settings: Settings) -> Detail:
    """Return the event of a tenant whose provider names a secret that is nowhere; amended, it brings SAML instead."""
    name = f"{settings.secret_prefix}/{SECRETLESS}/oidc-a1B2c3"
    oidc = {
        "name": "SoylentSSO",
        "type": "OIDC",
        "issuer": "https://login.soylent.example",
        "clientId": "product",
        "clientSecretArn": f"arn:aws:secretsmanager:{settings.region}:{settings.account_id}:secret:{name}",
    }
    return {**_read(ROOT / AMENDED), "identityProviders": [oidc]}


def newcomers() -> Iterator[Detail]:
    """Yield the events of tenants of all tiers, the same every time and no two alike."""
    for number in range(NEWCOMERS):
        name = f"{FIRST[number % len(FIRST)]} {SECOND[number % len(SECOND)]}"
        yield _tenant(name, TIERS[number % len(TIERS)])


def _tenant(name: str, tier: str) -> Detail:
    tenant_id = name.lower().replace(" ", "-")
    return {
        "tenantId": tenant_id,
        "tenantName": name,
        "tier": tier,
        "admin": {"email": f"admin@{tenant_id}.example"},
        "routing": {"subdomain": tenant_id, "tenantCode": tenant_id.upper()},
    }


def _read(file: Path) -> Detail:
    detail: Detail = json.loads(file.read_text())
    return detail


def _wait_until(stack: LocalStack, reached: str, tenant_ids: set[str]) -> set[str]:
    """Return those that have not reached a status in time."""
    until, waiting = time.monotonic() + WAIT_SECONDS, tenant_ids
    while waiting and time.monotonic() < until:
        time.sleep(0.2)
        there = status.list_tenants(stack.clients, stack.settings, status=reached)
        waiting = tenant_ids - {row["tenantId"] for row in there}
    return waiting
