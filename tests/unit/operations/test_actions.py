"""Who acted on a tenant is on its record, by the write that carries the act out, and is forgotten with its people."""

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator import status
from orchestrator.operations import abandon, amend, deployment, retry
from orchestrator.status.contract import Onboarding
from orchestrator.tenants import actions, kinds, lifecycle, transitions
from orchestrator.tenants.records import record_key
from orchestrator.tenants.work import Work
from orchestrator.welcome.resending import resend
from tests.unit import redrives
from tests.unit.cli.command_line import Run, document, fail
from tests.unit.cli.command_line import run as run_command
from tests.unit.cli.command_line import stack as deployed
from tests.unit.conftest import tenant_created, turn
from tests.unit.every_tier import CASES, World, world
from tests.unit.faults import Wire, cancelled, preceded_by, unreachable
from tests.unit.handlers.api_gateway import claims, post
from tests.unit.operations.undoing import Undoing, undoing
from tests.unit.redrives import Redrives
from tests.unit.simulated_aws import Stack, arn_of, ended

__all__ = ["deployed", "run_command", "undoing", "world"]

SOMEBODY = "arn:aws:sts::123456789012:assumed-role/tenants-operator/somebody"
CAUSE = {"step": "AssignSharedPool", "error": "Unknown"}


@pytest.fixture
def step_functions(wire: Wire) -> Iterator[Redrives]:
    with redrives.simulated() as known:
        yield known


def told(stack: Stack, tenant_id: str = "acme") -> list[tuple[str, str | None, int]]:
    """Return what was done, by whom, and the attempt, as the tenant's page has it; all of it as the contract says."""
    page = Onboarding.model_validate(status.show(stack.clients, stack.settings, tenant_id))
    return [(each.what, each.by, each.attempt) for each in page.actions]


def test_nobody_acted_on_a_tenant_that_nobody_had_to_help(deployed: Stack) -> None:
    deployed.receive(tenant_created())
    assert told(deployed) == []
    assert actions.ACTIONS not in deployed.record()


def test_each_act_is_listed_in_turn_with_the_failure_that_it_answers(deployed: Stack) -> None:
    aws = (deployed.clients, deployed.settings)
    fail(deployed, "acme")
    retry(*aws, "acme", by=SOMEBODY)
    ended(arn_of(attempt=2))
    amend(*aws, "acme", tenant_created(tenantName="Another Company"), SOMEBODY)
    ended(arn_of(attempt=3))
    abandon(*aws, "acme", SOMEBODY)
    assert told(deployed) == [("retry", SOMEBODY, 2), ("amend", SOMEBODY, 3), ("abandon", SOMEBODY, 4)]
    page: Any = status.show(*aws, "acme")
    assert [each["after"] for each in page["actions"]] == [CAUSE] * 3
    assert [each["at"] for each in page["actions"]] == sorted(each["at"] for each in page["actions"])


def test_a_redo_names_its_step(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "CreateAppClient")
    world = undoing.world
    redone = retry(world.clients, world.settings, "acme", redo="CreateTenantGroup", by=SOMEBODY)
    assert redone.attempt == 2, redone
    assert told(world.stack) == [("retry --redo CreateTenantGroup", SOMEBODY, 2)]


def test_a_redrive_and_the_attempt_that_it_became_are_both_somebodys(deployed: Stack, step_functions: Redrives) -> None:
    fail(deployed, "acme")
    step_functions.refuses = True
    retry(deployed.clients, deployed.settings, "acme", by=SOMEBODY)
    assert told(deployed) == [("retry", SOMEBODY, 1), ("retry", SOMEBODY, 2)]


def test_what_reconcile_goes_on_with_is_its_own_act(deployed: Stack, step_functions: Redrives) -> None:
    fail(deployed, "acme")
    with deployed.wire.strikes("RedriveExecution", unreachable, times=9), pytest.raises(Exception, match="timeout"):
        retry(deployed.clients, deployed.settings, "acme", by=SOMEBODY)
    step_functions.refuses = True
    retry(deployed.clients, deployed.settings, "acme", by=SOMEBODY)
    assert told(deployed) == [("retry", SOMEBODY, 1), ("go on", actions.STACK, 2)]


def test_a_redrive_from_elsewhere_is_listed_and_nobody_is_named(deployed: Stack) -> None:
    fail(deployed, "acme")
    claim = turn("AssignSharedPool", redrive=1)
    work = Work(deployed.settings.tenants_table, record_key("acme"), kinds.ONBOARDING)
    transitions.note_redrive(deployed.clients.dynamodb, work, claim)
    assert told(deployed) == [("redrive", None, 1)]


def test_an_email_that_is_sent_again_is_somebodys_and_one_that_is_not_is_no_act(world: World) -> None:
    world.onboard(CASES["pool"])
    for owner in ("one", "another"):  # who comes too soon
        resend(world.clients, world.settings, "acme", owner, SOMEBODY)
    assert told(world.stack) == [("resend-welcome", SOMEBODY, 1)]


def test_an_act_that_somebody_else_was_faster_than_is_not_listed(deployed: Stack) -> None:
    fail(deployed, "acme")
    with deployed.wire.strikes("TransactWriteItems", cancelled("ConditionalCheckFailed", "None", "None")):
        assert retry(deployed.clients, deployed.settings, "acme", by=SOMEBODY).attempt == 0
    assert told(deployed) == []


ANOTHER = {"at": "2026-01-01T00:00:00.000Z", "what": "stop", "attempt": 1}


def test_an_email_and_a_redrive_from_elsewhere_are_listed_on_top_of_what_another_lists_meanwhile(world: World) -> None:
    world.onboard(CASES["pool"])
    listed = preceded_by(lambda: world.stack.change(actions=[ANOTHER]))
    with world.wire.strikes("UpdateItem", listed, spare=1):
        resend(world.clients, world.settings, "acme", "one", SOMEBODY)
    assert [what for what, _, _ in told(world.stack)] == ["stop", "resend-welcome"]
    world.stack.change(status=lifecycle.IN_PROGRESS)
    work = Work(world.settings.tenants_table, record_key("acme"), kinds.ONBOARDING)
    again = preceded_by(lambda: world.stack.change(actions=[ANOTHER] * 2))
    with world.wire.strikes("UpdateItem", again):
        transitions.note_redrive(world.clients.dynamodb, work, turn("AssignSharedPool", redrive=1))
    assert [what for what, _, _ in told(world.stack)] == ["stop", "stop", "redrive"]


def test_a_retry_that_would_take_another_act_off_the_list_changes_nothing(deployed: Stack) -> None:
    fail(deployed, "acme")
    with deployed.wire.strikes("TransactWriteItems", preceded_by(lambda: deployed.change(actions=[ANOTHER]))):
        assert retry(deployed.clients, deployed.settings, "acme", by=SOMEBODY).attempt == 0
    assert told(deployed) == [("stop", None, 1)]
    assert retry(deployed.clients, deployed.settings, "acme", by=SOMEBODY).attempt == 2
    assert told(deployed) == [("stop", None, 1), ("retry", SOMEBODY, 2)]


def test_the_list_keeps_the_latest_and_no_word_of_any_length(deployed: Stack) -> None:
    fail(deployed, "acme")
    for attempt in range(2, actions.KEPT + 4):
        retry(deployed.clients, deployed.settings, "acme", by="x" * 1000)
        ended(arn_of(attempt=attempt))
    found = told(deployed)
    assert [attempt for _, _, attempt in found] == list(range(4, actions.KEPT + 4))
    assert {by for _, by, _ in found} == {"x" * actions.LONGEST}


def test_once_a_tenant_is_abandoned_what_was_done_stays_and_who_did_it_is_forgotten(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "RegisterRouting")
    abandon(undoing.world.clients, undoing.world.settings, "acme", SOMEBODY)
    assert told(undoing.world.stack) == [("abandon", SOMEBODY, 2)]
    assert undoing.undo() == lifecycle.ABANDONED
    assert told(undoing.world.stack) == [("abandon", None, 2)]
    assert SOMEBODY not in repr(undoing.record)


def test_the_command_line_acts_in_the_name_of_its_credentials_and_shows_who_did(
    deployed: Stack, run_command: Run
) -> None:
    fail(deployed, "acme")
    assert run_command("retry", "acme").code == 0
    arn = deployed.clients.sts.get_caller_identity()["Arn"]
    assert [each["by"] for each in document(run_command("show", "acme", "--json"))["actions"]] == [arn]
    (line,) = (each for each in run_command("show", "acme").out.splitlines() if each.startswith("retry "))
    assert line.split()[1::2] == ["2", arn, "Unknown"]


def test_aws_that_does_not_say_who_one_is_stops_no_repair_and_a_look_does_not_ask(
    deployed: Stack, run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "find", lambda *_: (deployed.clients, deployed.settings))
    fail(deployed, "acme")
    with deployed.wire.strikes("GetCallerIdentity", unreachable, times=99) as fault:
        assert run_command("retry", "acme", "--dry-run").code == 0
        assert fault.struck == 0
        assert run_command("retry", "acme").code == 0
        assert fault.struck == 3
    assert told(deployed) == [("retry", None, 2)]


def test_the_api_acts_in_the_name_of_an_id_in_cognito(deployed: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers import api

    monkeypatch.setattr(api, "clients", lambda: deployed.clients)
    monkeypatch.setattr(api, "settings", lambda: deployed.settings)
    fail(deployed, "acme")
    verified = claims("operators", username="operator@ops.example")
    assert post("/onboardings/acme/retry", verified).status == 202
    assert told(deployed) == [("retry", "operator/0f1e2d3c-user", 2)]
