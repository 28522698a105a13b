"""Whose admin has not signed in yet is found by asking Cognito, at a pace, and no further than is said."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.operations import deployment, first_sign_ins
from orchestrator.tenants import lifecycle
from tests.unit.cli.command_line import Run, document, run, stack, wrong_use
from tests.unit.conftest import tenant_created
from tests.unit.faults import refused
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

Complete = Callable[..., None]
LONG_AGO, LATELY = "2026-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"


@pytest.fixture
def complete(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Return what completes a tenant, with an admin whom Cognito knows in this state."""
    monkeypatch.setattr(deployment, "find", lambda _: (stack.clients, stack.settings))
    monkeypatch.setattr(first_sign_ins, "A_SECOND", 1e6)
    cognito: Any = stack.clients.cognito
    pool = cognito.create_user_pool(PoolName="shared")["UserPool"]["Id"]

    def complete(tenant_id: str, *, signed_in: bool = False, mailed_at: str = LATELY, **more: Any) -> None:
        stack.receive(tenant_created(tenant_id), f"event-{tenant_id}")
        cognito.admin_create_user(UserPoolId=pool, Username=f"{tenant_id}/admin", MessageAction="SUPPRESS")
        if signed_in:
            own: Any = {"Password": "My-0wn.Secret", "Permanent": True}
            cognito.admin_set_user_password(UserPoolId=pool, Username=f"{tenant_id}/admin", **own)
        made = {"userPoolId": pool, "adminUsername": f"{tenant_id}/admin", "welcomeMessageId": "message-1"}
        stack.change(tenant_id, status=lifecycle.COMPLETED, resources=made, welcomeResentAt=mailed_at, **more)

    return complete


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["tenantId"] for row in rows]


def test_those_are_listed_whose_admin_has_not_signed_in(run: Run, complete: Complete) -> None:
    complete("waiting")
    complete("signed-in", signed_in=True)
    complete("federated", federated=True)
    rows = document(run("list", "--first-sign-in", "awaited", "--json"))
    assert ids(rows) == ["waiting"]
    assert rows[0]["passwordExpiresAt"] > LATELY
    assert "waiting" in run("list", "--first-sign-in", "awaited").out


def test_expired_are_those_whose_password_has_run_out(run: Run, complete: Complete) -> None:
    complete("in-time")
    complete("too-late", mailed_at=LONG_AGO)
    complete("signed-in", signed_in=True, mailed_at=LONG_AGO)
    assert ids(document(run("list", "--first-sign-in", "expired", "--json"))) == ["too-late"]


def test_cognito_is_asked_about_no_more_tenants_than_it_takes(stack: Stack, run: Run, complete: Complete) -> None:
    for number in range(4):
        complete(f"tenant-{number}")
    ran = run("list", "--first-sign-in", "awaited", "--limit", "1", "--json")
    assert "there are more" in ran.err
    assert (stack.wire.count("ListUsers"), stack.wire.count("AdminGetUser")) == (2, 0)


def test_where_the_look_ends_is_said(run: Run, complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_sign_ins, "LOOKED_THROUGH", 1)
    complete("one")
    complete("two")
    ran = run("list", "--first-sign-in", "awaited", "--json")
    assert ran.err == "onboard: looked at the last 1 that were completed, and at none before\n"


def test_an_admin_who_is_gone_awaits_nothing(stack: Stack, run: Run, complete: Complete) -> None:
    complete("gone")
    with stack.wire.strikes("ListUsers", refused("ResourceNotFoundException")):
        assert document(run("list", "--first-sign-in", "awaited", "--json")) == []


def test_the_pace_is_kept(stack: Stack, complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(first_sign_ins, "A_SECOND", 1e-3)
    monkeypatch.setattr(time, "sleep", slept.append)
    for tenant_id in ("one", "two"):
        complete(tenant_id)
    assert len(list(first_sign_ins.look_through(stack.clients, stack.settings, ended=False))) == 2
    assert slept[0] == 0
    assert 900 < slept[1] <= 1000


def test_it_goes_with_completed_tenants_alone(run: Run) -> None:
    for more in (("--search", "a"), ("--metadata", "a=b"), ("--status", "FAILED")):
        assert wrong_use(run("list", "--first-sign-in", "awaited", *more)).startswith("--first-sign-in goes with")
