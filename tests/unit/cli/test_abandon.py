"""`onboard abandon` shows, asks, removes and follows; whoever cannot be asked is told so."""

import io
import json
import sys
import time
from typing import Any

import pytest

from orchestrator import status
from orchestrator.cli import abandon
from orchestrator.tenants import lifecycle
from tests.unit import simulated_aws
from tests.unit.cli.command_line import Run as Onboard
from tests.unit.cli.command_line import deploy, outputs_of
from tests.unit.cli.command_line import run as onboard
from tests.unit.conftest import ABANDONMENT, tenant_created
from tests.unit.every_tier import CASES, World
from tests.unit.kept_aws import KeptAws
from tests.unit.operations.undoing import Undoing
from tests.unit.simulated_aws import Stack

__all__ = ["onboard"]


class Keyboard(io.StringIO):
    """A terminal at which somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def undoing(clients: Any, settings: Any, wire: Any, run: Any, published: Any, kept: KeptAws) -> Undoing:
    """A deployed stack, found by its outputs, in which acme failed before its welcome email."""
    kept.once("found by its outputs", lambda: deploy("TenantOnboarding", outputs_of(settings)))
    undoing = Undoing(World(clients, settings, wire, run, Stack(clients, settings, wire, published), kept))
    undoing.fail_before(CASES["bridge"], "SendWelcomeEmail")
    return undoing


@pytest.fixture
def working(undoing: Undoing, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the command waits, the workflow does its work."""

    def work(_seconds: float) -> None:
        if undoing.record["status"] == lifecycle.ABANDONING:
            undoing.undo()

    monkeypatch.setattr(time, "sleep", work)


def test_it_follows_until_the_tenant_is_abandoned(undoing: Undoing, onboard: Onboard, working: None) -> None:
    ran = onboard("abandon", "acme", "--yes")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "CheckNobodySignedIn done"
    assert "RemoveAppClient done" in lines
    assert lines[-1] == "acme: is abandoned; nothing of it is left but its record"
    assert undoing.record["status"] == lifecycle.ABANDONED


def test_one_document_says_what_came_of_it(undoing: Undoing, onboard: Onboard, working: None) -> None:
    ran = onboard("abandon", "acme", "--yes", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "tenantId": "acme",
        "status": "ABANDONED",
        "attempt": 2,
        "message": "is abandoned; nothing of it is left but its record",
        "failure": None,
    }


def test_an_abandonment_that_fails_says_why_and_ends_with_1(undoing: Undoing, onboard: Onboard, working: None) -> None:
    undoing.set_status(undoing.record["resources"]["userPoolId"], "acme/admin@acme.example", "CONFIRMED")
    ran = onboard("abandon", "acme", "--yes")
    assert ran.code == 1
    assert "CheckNobodySignedIn" in ran.out
    assert "somebody has signed in" in ran.out
    assert undoing.record["status"] == lifecycle.FAILED


def test_abandoning_again_says_so_and_is_no_error(undoing: Undoing, onboard: Onboard) -> None:
    undoing.abandon()
    undoing.undo()
    ran = onboard("abandon", "acme", "--yes")
    assert (ran.code, ran.out) == (0, "acme: is abandoned already; nothing of it is left but its record\n")


def test_a_dry_run_shows_what_would_go_and_changes_nothing(undoing: Undoing, onboard: Onboard) -> None:
    before = undoing.record
    ran = onboard("abandon", "acme", "--dry-run")
    assert ran.code == 0
    for shown in ("acme/admin@acme.example", "subdomain#acme", "shared-001", before["resources"]["appClientId"]):
        assert shown in ran.out
    assert json.loads(onboard("abandon", "acme", "--dry-run", "--json").out)["group"] == "acme"
    assert undoing.record == before
    assert simulated_aws.executions(ABANDONMENT) == []


def test_where_nobody_can_be_asked_it_wants_yes(
    undoing: Undoing, onboard: Onboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    ran = onboard("abandon", "acme")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("onboard: this removes what was made for the tenant: give --yes, or --dry-run")
    assert undoing.record["status"] == lifecycle.FAILED


@pytest.mark.parametrize(("answer", "status"), [("y", lifecycle.ABANDONING), ("n", lifecycle.FAILED)])
def test_it_asks_and_takes_the_answer(
    answer: str, status: str, undoing: Undoing, onboard: Onboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(f"{answer}\n"))
    ran = onboard("abandon", "acme", "--no-wait")
    assert ran.code == (0 if answer == "y" else 1)
    assert "subdomain#acme" in ran.err
    assert undoing.record["status"] == status


def test_a_tenant_that_cannot_be_abandoned_is_one_line(undoing: Undoing, onboard: Onboard) -> None:
    undoing.world.stack.receive(tenant_created("globex"), "another")
    ran = onboard("abandon", "globex", "--yes")
    assert ran.code == 1
    assert ran.out.startswith("globex: is IN_PROGRESS; stop its execution first: onboard stop globex")
    assert onboard("abandon", "nobody", "--yes").out == "nobody: is not known; see: onboard list\n"


def test_it_does_not_wait_for_ever(undoing: Undoing, onboard: Onboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abandon, "WAIT_SECONDS", 0.0)
    ran = onboard("abandon", "acme", "--yes")
    assert ran.code == 1
    assert ran.err == "onboard: it is still under way; follow it: onboard show acme --watch\n"
    assert undoing.record["status"] == lifecycle.ABANDONING


def test_the_page_of_an_abandoned_tenant_is_shown(undoing: Undoing, onboard: Onboard) -> None:
    undoing.abandon()
    undoing.undo()
    page = json.loads(onboard("show", "acme", "--json").out)
    assert page == {**status.document(undoing.world.settings, undoing.record), "request": None}
    shown = onboard("show", "acme").out
    assert "ABANDONED" in shown
    assert "CompleteAbandonment" in shown
