"""`onboard converge` says what it changed, what it left and what failed, and ends accordingly."""

from collections.abc import Callable

import pytest

from orchestrator.cli import converge
from orchestrator.identity import last_convergence
from orchestrator.identity.paced_calls import PacedCalls
from orchestrator.operations import deployment
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import Record
from tests.unit import faults
from tests.unit.cli.command_line import Run, deploy, document, outputs_of, refusal, run, stack
from tests.unit.conftest import carry_out, turn
from tests.unit.operations import lagging
from tests.unit.operations.lagging import Clock
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

CLIENT = "TenantOnboarding-tenant-acme"


@pytest.fixture
def acme(stack: Stack, claim: Callable[..., Record], monkeypatch: pytest.MonkeyPatch) -> Record:
    """A bridge tenant whose app client is of an earlier release."""
    clock = Clock()
    monkeypatch.setattr(converge, "PacedCalls", lambda: PacedCalls(clock=clock, sleep=clock.sleep))
    monkeypatch.setattr(deployment, "Clients", lambda _: stack.clients)
    claim(tier="bridge")
    _, settings = deployment.find()
    for step in tiers.path("bridge", federated=False):
        carry_out(stack.clients, settings, "acme", turn(step, f"request-{step}"))
    record = stack.record()
    lagging.change_app_client(stack.clients, record, AuthSessionValidity=3, WriteAttributes=["email", "name"])
    stack.wire.attempts.clear()
    return record


@pytest.mark.usefixtures("acme")
def test_what_differs_is_said_changed_and_then_as_it_should_be(stack: Stack, run: Run) -> None:
    changes = "WriteAttributes email,name -> name; AuthSessionValidity 3 -> 15"
    ran = run("converge", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    told = f"app client {CLIENT} in eu-central-1: would be changed: {changes}"
    assert ran.out.splitlines() == [
        told,
        "5 user pools, app clients and admins: 1 would be changed, 4 as they should be, 0 left for now, 0 failed",
    ]
    assert stack.wire.count("UpdateUserPoolClient") == 0
    ran = run("converge")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == told.replace("would be changed", "changed")
    assert run("converge").out == (
        "5 user pools, app clients and admins: 0 changed, 5 as they should be, 0 left for now, 0 failed\n"
    )


def test_the_document_has_every_difference_and_no_secret(stack: Stack, run: Run, acme: Record) -> None:
    made = acme["resources"]
    told = document(run("converge", "--json"))
    assert told == {
        "dryRun": False,
        "lookedAt": 5,
        "changed": 1,
        "unchanged": 4,
        "left": 0,
        "failed": 0,
        "outcomes": [
            {
                "result": "changed",
                "kind": "app client",
                "name": CLIENT,
                "region": "eu-central-1",
                "userPoolId": made["userPoolId"],
                "appClientId": made["appClientId"],
                "tenantId": "acme",
                "differences": [
                    {"setting": "WriteAttributes", "found": ["email", "name"], "wanted": ["name"]},
                    {"setting": "AuthSessionValidity", "found": 3, "wanted": 15},
                ],
                "why": "",
            }
        ],
    }


@pytest.mark.usefixtures("acme")
def test_what_failed_is_told_with_the_reason_and_ends_with_1(stack: Stack, run: Run) -> None:
    denied = faults.access_denied("cognito-idp:UpdateUserPoolClient")
    with stack.wire.strikes("UpdateUserPoolClient", denied, times=faults.ALWAYS):
        ran = run("converge")
    assert ran.code == 1
    assert f"onboard: app client {CLIENT} in eu-central-1: failed: UpdateUserPoolClient: User: role is not" in ran.err
    assert ran.out.endswith("0 changed, 4 as they should be, 0 left for now, 1 failed\n")


@pytest.mark.usefixtures("acme")
def test_what_is_left_is_told_and_no_failure(stack: Stack, run: Run) -> None:
    stack.change(status=lifecycle.IN_PROGRESS)
    ran = run("converge")
    assert (ran.code, ran.err) == (0, f"onboard: app client {CLIENT} in eu-central-1: left: it is IN_PROGRESS\n")


@pytest.mark.usefixtures("acme")
def test_a_run_writes_down_at_its_end_what_it_has_counted_and_a_dry_run_nothing(stack: Stack, run: Run) -> None:
    clients, settings = stack.clients, stack.settings
    run("converge", "--dry-run")
    assert last_convergence.read(clients, settings) is None
    run("converge")
    note = last_convergence.read(clients, settings)
    assert note
    assert note["counted"] == {"changed": 1, "unchanged": 4, "left": 0, "failed": 0}
    _, found = deployment.find()
    assert note["wishes"] == last_convergence.wishes(found)


@pytest.mark.parametrize("name", ["access_token_minutes", "refresh_token_days"])
def test_another_setting_is_another_wish(name: str, stack: Stack) -> None:
    other = stack.settings.model_copy(update={name: 7})
    assert last_convergence.wishes(other) != last_convergence.wishes(stack.settings)


@pytest.mark.parametrize("lacking", ["MadeWith", "UsersTableName"])
def test_a_stack_of_an_earlier_release_is_to_be_deployed_first(lacking: str, stack: Stack, run: Run) -> None:
    outputs = outputs_of(stack.settings)
    del outputs[lacking]
    deploy("Earlier", outputs)
    assert "deploy this one first" in refusal(run("converge", "--stack", "Earlier"))


def test_other_commands_find_a_stack_of_an_earlier_release(stack: Stack, run: Run) -> None:
    """Between the update of the program and the deployment, and after a roll-back."""
    outputs = outputs_of(stack.settings)
    for name in ("MadeWith", "UsersTableName", "UserKeysArn"):
        del outputs[name]
    deploy("Earlier", outputs)
    assert run("list", "--stack", "Earlier").code == 0
