"""An operator's abandonment undoes what was made for a tenant that never completed, and nothing else."""

import itertools

import pytest

from orchestrator import status
from orchestrator.aws.errors import ConfigurationError, TransientError
from orchestrator.operations import Abandonment
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.records import RECORD
from tests.unit import faults, simulated_aws
from tests.unit.conftest import ABANDONMENT
from tests.unit.every_tier import CASES, Case, world
from tests.unit.operations.undoing import Undoing, neighbours, steps_of, undoing

__all__ = ["neighbours", "undoing", "world"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_wherever_a_tenant_failed_nothing_of_it_is_left_and_its_id_may_be_used_again(
    case: Case, undoing: Undoing, neighbours: None
) -> None:
    before, counted = undoing.everything(), undoing.world.stack.counters()
    for number, step in enumerate(steps_of(case)):
        undoing.fail_before(case, step, routing={"subdomain": "acme", "emailDomains": ["a.example"]})
        attempt = 2 * number + 2
        assert undoing.abandon() == Abandonment("acme", attempt, f"attempt {attempt} removes what there is of it")
        assert undoing.undo() == lifecycle.ABANDONED, (step, undoing.told)
        assert undoing.everything() == before, step
        assert undoing.world.stack.counters() == counted | {f"ABANDONED#{case.tier}": 1}
        assert undoing.world.stack.failures() == {}
    assert simulated_aws.executions(ABANDONMENT) == [f"acme-{2 * number + 2}" for number in range(len(steps_of(case)))]


def test_an_abandoned_tenant_is_announced_once_and_its_people_are_forgotten(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo()
    (announced,) = undoing.world.stack.published("TenantAbandoned")
    assert announced == {
        "tenantId": "acme",
        "attempt": 2,
        "redrive": 0,
        "tier": "bridge",
        "eventKey": "acme:TenantAbandoned:2:0",
    }
    record = undoing.record
    assert "admin@acme.example" not in str(undoing.world.stack.items())
    assert "Acme Admin" not in str(undoing.world.stack.items())
    assert (record["resources"], record["outbox"], "unpublished" in record) == ({}, {}, False)
    assert list(undoing.world.stack.items()) == [("acme", RECORD)]


def test_a_failure_that_was_not_published_yet_is_told_before_the_abandonment(undoing: Undoing) -> None:
    stack = undoing.world.stack
    path = undoing.world.claim(CASES["bridge"])
    for step in path[: path.index("SendWelcomeEmail")]:
        undoing.run(step)
    with stack.wire.strikes("PutEvents", simulated_aws.entry_refused), pytest.raises(TransientError):
        undoing.fail()
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert stack.event_keys() == [
        "acme:TenantOnboardingStarted:1:0",
        "acme:TenantOnboardingFailed:1:0",
        "acme:TenantAbandoned:2:0",
    ]
    assert undoing.record["outbox"] == {}


def test_an_error_that_names_people_is_forgotten_too(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.world.stack.change(steps=undoing.record["steps"] | {"SendWelcomeEmail": FAILED_STEP})
    undoing.abandon()
    undoing.undo()
    assert "error" not in undoing.record["steps"]["SendWelcomeEmail"]
    assert undoing.record["steps"]["SendWelcomeEmail"]["status"] == "FAILED"


FAILED_STEP = {
    "status": "FAILED",
    "begun": 1,
    "settled": 1,
    "error": {"type": "ConfigurationError", "message": "admin@acme.example is not verified", "retryable": False},
}


def test_an_abandoned_tenants_page_can_be_read(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "RegisterRouting")
    undoing.abandon()
    undoing.undo()
    page = status.document(undoing.world.settings, undoing.record)
    assert (page["status"], page["failure"], page["attempt"]) == (lifecycle.ABANDONED, None, 2)
    names = [step["name"] for step in page["steps"]]
    assert names == [*steps_of(CASES["pool"]), *tiers.removal_path("pool")]
    assert {step["status"] for step in page["steps"][-len(tiers.removal_path("pool")) :]} == {"DONE"}
    assert set(map(bool, page["resources"].values())) == {False}


def test_each_removal_takes_from_the_record_what_it_removed(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge with SAML"], "SendWelcomeEmail")
    undoing.abandon()
    seen = {}
    path = tiers.removal_path("bridge")
    for step, following in itertools.pairwise(path):
        undoing.undo(until=following)
        seen[step] = set(undoing.record["resources"])
    everything = seen["CheckNobodySignedIn"]
    assert everything - seen["RemoveAppClient"] == {"appClientId"}
    assert everything - seen["RemoveIdentityProviders"] == {"appClientId", "identityProviders"}
    assert everything - seen["RemoveTenantGroup"] == {"appClientId", "identityProviders", "groupName"}
    assert "sharedPoolKey" not in seen["ReleaseSharedPool"]


# what was made and not written down

IN_DOUBT = {
    "pool": {"CreateTenantGroup": "CreateGroup", "CreateTenantAdmin": "AdminCreateUser"},
    "bridge": {"CreateAppClient": "CreateUserPoolClient"},
    "bridge with SAML": {"CreateIdentityProviders": "CreateIdentityProvider"},
    "silo": {
        "CreateUserPool": "CreateUserPool",
        "ConfigureUserPool": "CreateUserPoolDomain",
        "CreateAppClient": "CreateUserPoolClient",
    },
}


@pytest.mark.parametrize(("case", "step"), [(case, step) for case, steps in IN_DOUBT.items() for step in steps])
def test_what_a_lost_answer_left_behind_is_found_and_removed(case: str, step: str, undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    undoing.world.lead_to(step, CASES[case])
    with undoing.world.wire.strikes(IN_DOUBT[case][step], faults.death_after), pytest.raises(faults.DeathError):
        undoing.run(step, lease=-1)
    assert undoing.everything() != before
    undoing.fail()
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert undoing.everything() == before


@pytest.mark.parametrize("step", ["CreateIdentityProviders", "CreateTenantAdmin"])
def test_what_a_refused_step_made_before_the_refusal_is_removed(step: str, undoing: Undoing) -> None:
    """Such a step settled, so it is not in doubt, and recorded nothing."""
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    federated = step == "CreateIdentityProviders"
    undoing.world.lead_to(step, CASES["bridge with SAML" if federated else "pool"])
    refusing = "UpdateItem" if federated else "AdminAddUserToGroup"
    denied = faults.access_denied("any")
    with undoing.world.wire.strikes(refusing, denied, spare=int(federated), times=9), pytest.raises(ConfigurationError):
        undoing.run(step, lease=-1)
    undoing.fail()
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert undoing.everything() == before


def test_in_doubt_it_looks_waits_and_looks_again(undoing: Undoing, naps: list[float]) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    undoing.world.lead_to("CreateAppClient", CASES["bridge"])
    with undoing.world.wire.strikes("CreateUserPoolClient", faults.death_before), pytest.raises(faults.DeathError):
        undoing.run("CreateAppClient", lease=-1)
    undoing.fail()
    undoing.abandon()
    undoing.undo(until="RemoveAppClient")
    undoing.world.wire.attempts.clear()
    undoing.undo(until="RemoveIdentityProviders")
    assert undoing.world.wire.count("ListUserPoolClients") == 2
    assert undoing.world.settings.in_doubt_wait_seconds in naps


def test_what_is_written_down_is_not_listed_for(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "RegisterRouting")
    undoing.abandon()
    undoing.undo(until="VerifyAbandonment")
    assert undoing.world.wire.count("ListUserPoolClients") == 0
