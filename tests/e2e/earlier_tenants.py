"""Tenants that an earlier release onboarded, gave up, or left half done, and the people of those that are completed."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.local import first_sign_in, saml_provider
from orchestrator.local.first_sign_in import SignedIn, temporary_password
from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.blows import FOR_EVER
from tests.e2e.faults import Fault, LetThrough, denied
from tests.e2e.people import host_of
from tests.e2e.world import SILO_REGION, World, federated, saml, tenant, wait_until

ROUND = "earlier"
PATTERN = rf"{ROUND}-[a-z]+"
COMPLETED = {
    each["tenantId"]: each
    for each in (
        tenant(f"{ROUND}-pool"),
        tenant(f"{ROUND}-bridge", tier="bridge"),
        federated(f"{ROUND}-federated"),
        tenant(f"{ROUND}-silo", tier="silo"),
        tenant(f"{ROUND}-company", tier="silo", identityProviders=[saml(f"{ROUND}-company")]),
        tenant(f"{ROUND}-abroad", tier="silo", region=SILO_REGION),
    )
}
"""Of every tier, with their own identity provider and without, at home and elsewhere."""
FEDERATED = (f"{ROUND}-federated", f"{ROUND}-company")
BY_MAIL, BY_CLIENT = "ses:SendEmail", "cognito-idp:CreateUserPoolClient"
BY_PROVIDER, BY_GROUP = "cognito-idp:CreateIdentityProvider", "cognito-idp:AdminAddUserToGroup"
FAILED = {
    f"{ROUND}-unsent": (tenant(f"{ROUND}-unsent"), BY_MAIL),
    f"{ROUND}-clientless": (tenant(f"{ROUND}-clientless", tier="bridge"), BY_CLIENT),
    f"{ROUND}-ungrouped": (tenant(f"{ROUND}-ungrouped", tier="silo"), BY_GROUP),
    f"{ROUND}-wrong": (federated(f"{ROUND}-wrong"), BY_PROVIDER),
    f"{ROUND}-amended": (federated(f"{ROUND}-amended"), BY_PROVIDER),
    f"{ROUND}-leaving": (tenant(f"{ROUND}-leaving", tier="bridge"), BY_MAIL),
    f"{ROUND}-kept": (tenant(f"{ROUND}-kept", tier="silo"), BY_MAIL),
    f"{ROUND}-gone": (tenant(f"{ROUND}-gone"), BY_MAIL),
}
"""What fails, and at which call."""
UNDER_WAY = {
    f"{ROUND}-begun": "cognito-idp:AdminCreateUser",
    f"{ROUND}-amended": BY_MAIL,
    f"{ROUND}-leaving": "cognito-idp:DeleteUserPoolClient",
}
"""What is at work at a call while the later release is deployed: an onboarding, an amended one, an abandonment."""


@dataclass
class Held:
    """Holds each tenant's first call of an operation back until all are let go; then they take effect."""

    operations: dict[str, str]
    at_work: set[str] = field(default_factory=set)
    _go: threading.Event = field(default_factory=threading.Event)

    def choose(self, call: Call) -> Strike | None:
        """Hold a call back if it is one of those."""
        tenant_id = call.tenant_id or ""
        if self.operations.get(tenant_id) != call.operation or tenant_id in self.at_work:
            return None
        self.at_work.add(tenant_id)
        return self._strike

    def let_go(self) -> None:
        """Let what is held take effect, and hold nothing more."""
        self._go.set()

    def _strike(self, call: Call, let_through: LetThrough) -> Answer:
        self._go.wait()
        return let_through()


@dataclass(frozen=True)
class EarlierCommands:
    """The command line of an earlier release, out of its own code."""

    code: Path
    folder: Path

    def __call__(self, command: str, tenant_id: str, *arguments: str) -> None:
        """Run a command about a tenant; it must succeed."""
        program = [sys.executable, "-m", "orchestrator.cli", command, tenant_id, *arguments]
        ran = subprocess.run(program, cwd=self.code, env=os.environ, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def amend(self, detail: dict[str, Any]) -> None:
        """Give a failed tenant a corrected event."""
        file = self.folder / "corrected.json"
        file.write_text(json.dumps(detail))
        self("amend", detail["tenantId"], str(file))

    def abandon(self, tenant_id: str) -> None:
        """Begin to undo a failed tenant."""
        self("abandon", tenant_id, "--yes", "--no-wait")


def onboard(world: World, commands: EarlierCommands) -> None:
    """Let the earlier release onboard, reject, fail and abandon what is there before the later one comes."""
    with ExitStack() as faults:
        for tenant_id, (_, operation) in FAILED.items():
            faults.enter_context(world.proxy.struck_by(Fault(tenant_id, operation, denied, times=FOR_EVER).choose))
        for detail in (*COMPLETED.values(), *(detail for detail, _ in FAILED.values())):
            world.emit(detail)
        for tenant_id in FAILED:
            assert world.wait_for(tenant_id, "COMPLETED", "FAILED")["status"] == "FAILED"
            world.wait_for_event("TenantOnboardingFailed", tenant_id)
    for tenant_id in COMPLETED:
        page = world.wait_for(tenant_id, "COMPLETED", "FAILED")
        assert page["status"] == "COMPLETED", page["failure"]
    world.rejection(world.emit(tenant(f"{ROUND}-pool", tenantName="Another")))
    with world.proxy.struck_by(Fault(f"{ROUND}-kept", "cognito-idp:DeleteUserPool", denied, times=FOR_EVER).choose):
        for tenant_id in (f"{ROUND}-kept", f"{ROUND}-gone"):
            commands.abandon(tenant_id)
        assert world.wait_for(f"{ROUND}-kept", "ABANDONED", "FAILED")["status"] == "FAILED"
        world.wait_for(f"{ROUND}-gone", "ABANDONED")
    world.wait_until_quiet()


@contextmanager
def under_way(world: World, commands: EarlierCommands) -> Iterator[None]:
    """Have the earlier release at work for tenants for the length of a with block, each inside a call of its own."""
    held = Held(UNDER_WAY)
    with world.proxy.struck_by(held.choose):
        world.emit(tenant(f"{ROUND}-begun", tier="silo"))
        commands.amend(FAILED[f"{ROUND}-amended"][0] | {"tenantName": "Amended Company"})
        commands.abandon(f"{ROUND}-leaving")
        wait_until(lambda: held.at_work == UNDER_WAY.keys(), "the calls to be under way")
        yield
        held.let_go()
        for tenant_id in UNDER_WAY:
            world.wait_for(tenant_id, "COMPLETED", "FAILED", "ABANDONED")


def first_sign_in_of(world: World, tenant_id: str) -> SignedIn:
    """Sign somebody in for the first time, with what the welcome email says."""
    if tenant_id in FEDERATED:
        return sign_in_of(world, tenant_id)
    (mail,) = world.mails_to(f"first.user@{tenant_id}.example")
    return first_sign_in.sign_in(*_at(world, tenant_id), temporary_password(mail))


def sign_in_of(world: World, tenant_id: str) -> SignedIn:
    """Sign somebody in: by SRP with their own password, or through the redirect to their own provider."""
    clients, endpoint, resources = _at(world, tenant_id)
    if tenant_id not in FEDERATED:
        return first_sign_in.sign_in_again(clients, endpoint, resources)
    callback = f"https://{host_of(tenant_id)}/auth/callback"
    redirect = saml_provider.authorize(endpoint, resources, callback)
    return saml_provider.sign_in(endpoint, resources, callback, redirect, f"u@{tenant_id}.example")


def renewal_of(world: World, tenant_id: str, refresh_token: str) -> SignedIn:
    """Get new tokens for a refresh token."""
    return first_sign_in.renew(*_at(world, tenant_id), refresh_token)


def _at(world: World, tenant_id: str) -> tuple[Any, str, dict[str, Any]]:
    return world.stack.clients, world.stack.ministack.endpoint, world.show(tenant_id)["resources"]
