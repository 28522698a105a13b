"""Who may be abandoned, when, and what is told before; the onboarding goes on no more from then on."""

import json

import pytest

from orchestrator.aws.errors import SupersededError, TransientError
from orchestrator.onboarding.outcome import IGNORED, record_outcome
from orchestrator.operations import Abandonment, retry
from orchestrator.operations.abandonments import plan
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import timestamp
from tests.unit import faults, simulated_aws
from tests.unit.conftest import ABANDONMENT
from tests.unit.every_tier import CASES, OWN_CLIENT, SHARED_POOL, user_pools, world
from tests.unit.identity.providers import ACME
from tests.unit.operations.undoing import Undoing, undoing
from tests.unit.simulated_aws import arn_of, ended

__all__ = ["undoing", "world"]


def test_a_tenant_that_nobody_knows_is_not_abandoned(undoing: Undoing) -> None:
    assert undoing.abandon() == Abandonment("acme", 0, "is not known; see: onboard list")


STOP = "is IN_PROGRESS; stop its execution first: onboard stop acme"
FOLLOW = "is PENDING, about to start; follow it: onboard show acme --watch"


@pytest.mark.parametrize(("status", "message"), [(lifecycle.PENDING, FOLLOW), (lifecycle.IN_PROGRESS, STOP)])
def test_a_tenant_whose_onboarding_runs_is_to_be_stopped_first(status: str, message: str, undoing: Undoing) -> None:
    """Of one that is about to start there may be no execution to stop yet."""
    undoing.world.claim(CASES["pool"])
    undoing.world.stack.change(status=status)
    answer = undoing.abandon()
    assert (answer.attempt, answer.message) == (0, message)
    assert undoing.record["status"] == status


def test_a_tenant_that_completed_once_is_never_abandoned(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "acme")
    answer = undoing.abandon()
    assert answer == Abandonment("acme", 0, "was completed once; a tenant that went live is never abandoned")
    undoing.world.stack.change(status=lifecycle.FAILED)
    assert undoing.abandon() == answer
    assert undoing.record["status"] == lifecycle.FAILED


def test_a_tenant_that_completes_at_that_moment_is_not_abandoned(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    completing = faults.preceded_by(lambda: undoing.world.stack.change(completedAt=timestamp(0)))
    with undoing.world.wire.strikes("TransactWriteItems", completing):
        assert undoing.abandon().attempt == 0
    assert undoing.record["status"] == lifecycle.FAILED


def test_abandoning_again_while_it_is_under_way_changes_nothing(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    before = undoing.record
    follow = "is being abandoned already; follow it: onboard show acme --watch"
    assert undoing.abandon() == Abandonment("acme", 0, follow)
    assert undoing.record == before


def test_abandoning_an_abandoned_tenant_is_no_error_and_changes_nothing(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo()
    before = undoing.record
    answer = undoing.abandon()
    assert (answer.attempt, answer.over) == (0, True)
    assert undoing.record == before
    assert simulated_aws.executions(ABANDONMENT) == ["acme-2"]


def test_of_two_operators_at_once_one_abandons(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    answers: list[Abandonment] = []
    rival = faults.preceded_by(lambda: answers.append(undoing.abandon()))
    with undoing.world.wire.strikes("TransactWriteItems", rival):
        answers.append(undoing.abandon())
    assert [answer.attempt for answer in answers] == [2, 0]
    assert answers[1].message == "was changed by somebody else at this moment; look at it again"
    assert simulated_aws.executions(ABANDONMENT) == ["acme-2"]
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.world.stack.counters() == {"ABANDONED#pool": 1}


@pytest.mark.parametrize("abandons_first", [True, False])
def test_of_one_who_retries_and_one_who_abandons_at_once_one_gets_it(undoing: Undoing, *, abandons_first: bool) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    clients, settings = undoing.world.clients, undoing.world.settings

    def again() -> int:
        return retry(clients, settings, "acme").attempt

    def give_up() -> int:
        return undoing.abandon().attempt

    slow, fast = (again, give_up) if abandons_first else (give_up, again)
    done: list[int] = []
    with undoing.world.wire.strikes("TransactWriteItems", faults.preceded_by(lambda: done.append(fast()))):
        done.append(slow())
    assert done == [2, 0]
    assert undoing.record["status"] == (lifecycle.ABANDONING if abandons_first else lifecycle.IN_PROGRESS)


def test_the_plan_says_what_will_be_removed_and_what_will_be_looked_for(undoing: Undoing) -> None:
    undoing.world.lead_to("CreateAppClient", CASES["bridge with SAML"])
    with undoing.world.wire.strikes("CreateUserPoolClient", faults.death_after), pytest.raises(faults.DeathError):
        undoing.run("CreateAppClient", lease=-1)
    undoing.fail()
    before = undoing.record
    assert plan(undoing.world.clients, undoing.world.settings, "acme") == {
        "tenantId": "acme",
        "tier": "bridge",
        "userPool": None,
        "group": "acme",
        "appClient": None,
        "identityProviders": [f"{ACME}-AcmeSSO"],
        "admin": None,
        "placeIn": "shared-001",
        "routingKeys": ["subdomain#acme", "code#ACME-42"],
        "toBeLookedFor": ["app client"],
    }
    assert undoing.record == before


def test_the_plan_of_a_pool_tenant_does_not_name_the_shared_app_client(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    planned = plan(undoing.world.clients, undoing.world.settings, "acme")
    assert isinstance(planned, dict)
    assert (planned["appClient"], planned["admin"]) == (None, "acme/admin@acme.example")


# older attempts, leases, and whoever starts what by hand


def test_a_function_of_the_onboarding_that_may_still_be_inside_cognito_is_waited_for(undoing: Undoing) -> None:
    undoing.world.lead_to("CreateAppClient", CASES["bridge"])
    with undoing.world.wire.strikes("CreateUserPoolClient", faults.death_after), pytest.raises(faults.DeathError):
        undoing.run("CreateAppClient", lease=30)
    undoing.fail()
    undoing.abandon()
    with pytest.raises(TransientError, match="CreateAppClient") as caught:
        undoing.run("CheckNobodySignedIn", lease=-1)
    assert caught.value.code == "LeaseHeld"
    steps = undoing.record["steps"]
    undoing.world.stack.change(steps=steps | {"CreateAppClient": steps["CreateAppClient"] | {"leaseUntil": 1}})
    assert undoing.undo() == lifecycle.ABANDONED


def test_no_step_of_the_onboarding_begins_any_more(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "CreateAppClient")
    undoing.abandon()
    for attempt in (1, 2):
        with pytest.raises(SupersededError):
            undoing.world.run("CreateAppClient", attempt=attempt)
    assert OWN_CLIENT not in user_pools(undoing.world.clients)[SHARED_POOL]["clients"]


def test_no_removal_begins_while_a_tenant_is_onboarded(undoing: Undoing) -> None:
    undoing.world.claim(CASES["pool"])
    undoing.run("AssignSharedPool")
    with pytest.raises(SupersededError, match="the record is IN_PROGRESS"):
        undoing.run("RemoveTenantGroup")


def test_an_abandonment_that_somebody_starts_by_hand_says_nothing_about_the_onboarding(undoing: Undoing) -> None:
    undoing.world.claim(CASES["pool"])
    machine = undoing.world.settings.abandonment_state_machine_arn
    given = json.dumps({"tenantId": "acme", "attempt": 1, "tier": "pool", "federated": False})
    undoing.world.clients.stepfunctions.start_execution(stateMachineArn=machine, name="acme-1", input=given)
    arn = ended(arn_of(machine=ABANDONMENT), error="SupersededError")
    assert record_outcome(undoing.world.clients, undoing.world.settings, arn) == IGNORED
    assert undoing.record["status"] == lifecycle.IN_PROGRESS
