"""An operator's abandonment undoes what was made for a tenant that never completed, and nothing else."""

import itertools
import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator import status
from orchestrator.audit import audit
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import ConfigurationError, SupersededError, TransientError
from orchestrator.onboarding.intake import receive
from orchestrator.onboarding.outcome import IGNORED, record_outcome
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.operations import Abandonment, retry
from orchestrator.operations.abandonments import plan
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import RECORD
from tests.unit import faults, simulated_aws
from tests.unit.conftest import ABANDONMENT, message, tenant_created
from tests.unit.every_tier import CASES, OWN_CLIENT, SHARED_POOL, SILO_POOL, Case, World, user_pools
from tests.unit.identity.providers import ACME
from tests.unit.operations.undoing import Undoing
from tests.unit.simulated_aws import Stack, arn_of, ended

NEIGHBOURS = {"globex": "pool", "initech": "bridge with SAML"}


@pytest.fixture
def world(clients: Any, settings: Any, wire: Any, run: Any, published: Any) -> World:
    return World(clients, settings, wire, run, Stack(clients, settings, wire, published))


@pytest.fixture
def undoing(world: World) -> Undoing:
    """A stack where nobody is at home."""
    return Undoing(world)


@pytest.fixture
def neighbours(undoing: Undoing) -> None:
    for tenant_id, case in NEIGHBOURS.items():
        undoing.world.onboard(CASES[case], tenant_id)


def steps_of(case: Case) -> tuple[str, ...]:
    return tiers.path(case.tier, federated=bool(case.providers))


# wherever it failed


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
    page = status.document(undoing.record)
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
    path = undoing.world.claim(CASES[case])
    for name in path[: path.index(step)]:
        undoing.run(name)
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
    path = undoing.world.claim(CASES["bridge with SAML" if federated else "pool"])
    for name in path[: path.index(step)]:
        undoing.run(name)
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
    path = undoing.world.claim(CASES["bridge"])
    for name in path[: path.index("CreateAppClient")]:
        undoing.run(name)
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


# what must not be removed


def test_a_user_who_signed_in_keeps_the_tenant_whole(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding")
    before = undoing.everything()
    confirm(undoing, "acme/admin@acme.example")
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    failure = undoing.record["failure"]
    assert (failure["step"], failure["error"]) == ("CheckNobodySignedIn", "AbandonmentError")
    assert "acme/admin@acme.example" in failure["message"]
    assert "onboard retry acme" in failure["nextAction"]
    assert undoing.everything() == before
    (told,) = [event for event in undoing.world.stack.published("TenantOnboardingFailed") if event["attempt"] == 2]
    assert "admin@" not in str(told)


def test_a_tenant_whose_abandonment_removed_nothing_can_be_retried(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding")
    confirm(undoing, "acme/admin@acme.example")
    undoing.abandon()
    undoing.undo()
    assert retry(undoing.world.clients, undoing.world.settings, "acme").attempt == 3
    undoing.run("CompleteOnboarding")
    assert undoing.record["status"] == lifecycle.COMPLETED
    assert undoing.world.stack.counters() == {"COMPLETED#pool": 1}


def test_a_silo_user_who_signed_in_keeps_the_tenant_whole(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    before = undoing.everything()
    confirm(undoing, "admin@acme.example")
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert undoing.everything() == before


def test_a_silo_user_who_signs_in_at_the_last_moment_keeps_the_user_pool(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    undoing.abandon()
    sign_in = faults.preceded_by(lambda: confirm(undoing, "admin@acme.example"))
    with undoing.world.wire.strikes("UpdateUserPool", sign_in):
        assert undoing.undo() == lifecycle.FAILED
    assert undoing.record["failure"]["step"] == "RemoveUserPool"
    assert undoing.world.wire.count("DeleteUserPool") == 0
    assert user_pools(undoing.world.clients)[SILO_POOL]["users"] == {"admin@acme.example"}
    (created,), (unprotected,) = (undoing.world.wire.bodies(f"{name}UserPool") for name in ("Create", "Update"))
    assert unprotected["LambdaConfig"] == created["LambdaConfig"]


@pytest.mark.parametrize("where", ["by its name", "in its group"])
def test_somebody_whom_an_identity_provider_let_in_keeps_the_tenant_whole(where: str, undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge with SAML"], "CompleteOnboarding")
    pool_id, cognito = undoing.record["resources"]["userPoolId"], undoing.world.clients.cognito
    username = f"{ACME}-AcmeSSO_4711" if where == "by its name" else "linked"
    cognito.admin_create_user(UserPoolId=pool_id, Username=username)
    undoing.set_status(pool_id, username, "EXTERNAL_PROVIDER")
    if where == "in its group":
        group = f"{pool_id}_{ACME}-AcmeSSO"
        cognito.create_group(UserPoolId=pool_id, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=username, GroupName=group)
    before = undoing.everything()
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert undoing.record["failure"]["step"] == "CheckNobodySignedIn"
    assert undoing.everything() == before


def test_the_group_that_cognito_made_for_a_provider_goes_with_it(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    undoing.fail_before(CASES["bridge with SAML"], "CompleteOnboarding")
    pool_id = undoing.record["resources"]["userPoolId"]
    undoing.world.clients.cognito.create_group(UserPoolId=pool_id, GroupName=f"{pool_id}_{ACME}-AcmeSSO")
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.everything() == before


def test_what_bears_the_tenants_names_and_is_not_its_own_stays(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge with SAML"], "CreateTenantGroup")
    pool_id, cognito = undoing.record["resources"]["userPoolId"], undoing.world.clients.cognito
    cognito.create_group(UserPoolId=pool_id, GroupName="acme", Description="somebody else's")
    attributes = [{"Name": "custom:tenantId", "Value": "globex"}]
    cognito.admin_create_user(UserPoolId=pool_id, Username="acme/x@globex.example", UserAttributes=attributes)  # type: ignore[arg-type]  # the stubs' TypedDict
    provider = {"ProviderType": "SAML", "ProviderDetails": {"MetadataURL": "https://idp.x.example/m"}}
    cognito.create_identity_provider(UserPoolId=pool_id, ProviderName=f"{ACME}-Other", **provider)  # type: ignore[arg-type]  # the same
    undoing.world.stack.change(steps=undoing.record["steps"] | {"CreateIdentityProviders": {**BEGUN}})
    theirs = undoing.everything()["cognito"]
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert undoing.everything()["cognito"] == theirs


BEGUN = {"status": "FAILED", "begun": 1, "settled": 1}


def test_a_user_pool_of_that_name_with_another_owner_stays(undoing: Undoing) -> None:
    path = undoing.world.claim(CASES["silo"])
    with undoing.world.wire.strikes("CreateUserPool", faults.death_before), pytest.raises(faults.DeathError):
        undoing.run(path[0], lease=-1)
    cognito = undoing.world.clients.cognito
    cognito.create_user_pool(PoolName=SILO_POOL, UserPoolTags={"tenant-onboarding:owner": "other/silo/acme"})
    undoing.fail()
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert set(user_pools(undoing.world.clients)) == {SILO_POOL}


def test_an_app_client_that_the_record_names_by_mistake_stays(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "RegisterRouting")
    pool = user_pools(undoing.world.clients)[SHARED_POOL]
    undoing.world.stack.change(resources=undoing.record["resources"] | {"appClientId": pool["clients"][SHARED_POOL]})
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert undoing.record["failure"]["step"] == "VerifyAbandonment"
    assert SHARED_POOL in user_pools(undoing.world.clients)[SHARED_POOL]["clients"]
    assert OWN_CLIENT in undoing.record["failure"]["message"] or "app client" in undoing.record["failure"]["message"]


def test_a_key_that_another_tenant_holds_stays(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "RegisterRouting")
    key = {"routeKey": "subdomain#acme"}
    change = Change("routes", key).set("tenantId", "globex")
    undoing.world.clients.dynamodb.update_item(**change.arguments())
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.world.stack.routes().keys() == {"subdomain#acme"}


@pytest.mark.parametrize("silo", [True, False])
def test_no_call_of_an_abandonment_could_delete_a_shared_user_pool(undoing: Undoing, *, silo: bool) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    undoing.fail_before(CASES["silo" if silo else "bridge"], "RegisterRouting")
    undoing.abandon()
    undoing.world.wire.attempts.clear()
    undoing.undo()
    shared = user_pools(undoing.world.clients)[SHARED_POOL]["id"]
    deleting = ("DeleteUserPool", "DeleteUserPoolDomain", "UpdateUserPool")
    struck = [body["UserPoolId"] for operation in deleting for body in undoing.world.wire.bodies(operation)]
    assert len(struck) == (3 if silo else 0)
    assert shared not in struck


# who may be abandoned


def test_a_tenant_that_nobody_knows_is_not_abandoned(undoing: Undoing) -> None:
    assert undoing.abandon() == Abandonment("acme", 0, "is not known; see: onboard list")


@pytest.mark.parametrize("status", [lifecycle.PENDING, lifecycle.IN_PROGRESS])
def test_a_tenant_whose_onboarding_runs_is_to_be_stopped_first(status: str, undoing: Undoing) -> None:
    undoing.world.claim(CASES["pool"])
    undoing.world.stack.change(status=status)
    answer = undoing.abandon()
    assert answer.attempt == 0
    stop = f"aws stepfunctions stop-execution --execution-arn {arn_of()}"
    assert answer.message == f"is {status}; stop its execution first: {stop}"
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
    path = undoing.world.claim(CASES["bridge with SAML"])
    for name in path[: path.index("CreateAppClient")]:
        undoing.run(name)
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
    path = undoing.world.claim(CASES["bridge"])
    for name in path[: path.index("CreateAppClient")]:
        undoing.run(name)
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


# failing, and going on


def fail_at(undoing: Undoing, operation: str, spare: int = 0) -> None:
    """Let an abandonment fail as its function lacks an action."""
    denied = faults.access_denied(operation)
    with undoing.world.wire.strikes(operation, denied, times=faults.ALWAYS, spare=spare):
        assert undoing.undo() == lifecycle.FAILED


def test_an_abandonment_that_failed_says_so_and_goes_on_where_it_stopped(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    undoing.fail_before(CASES["bridge"], "SendWelcomeEmail")
    undoing.abandon()
    fail_at(undoing, "DeleteGroup")
    record = undoing.record
    assert record["failure"]["step"] == "RemoveTenantGroup"
    assert record["failure"]["nextAction"].endswith("Command: onboard abandon acme")
    assert "abandonment" in record
    assert undoing.world.stack.counters() == {"COMPLETED#pool": 1, "FAILED#bridge": 1}
    assert undoing.world.stack.failures() == {"failed:RemoveTenantGroup:ConfigurationError": 1}
    assert [event["attempt"] for event in undoing.world.stack.published("TenantOnboardingFailed")] == [1, 2]
    refused = retry(undoing.world.clients, undoing.world.settings, "acme")
    assert (refused.attempt, "onboard abandon acme" in refused.message) == (0, True)
    undoing.world.wire.attempts.clear()
    assert undoing.abandon().attempt == 3
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.world.wire.count("AdminDeleteUser") == 0
    assert undoing.everything() == before
    assert undoing.world.stack.counters() == {"COMPLETED#pool": 1, "ABANDONED#bridge": 1}


def test_what_is_found_in_the_end_is_named_and_removed_by_the_next_try(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    undoing.fail_before(CASES["bridge"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="VerifyAbandonment")
    pool_id = undoing.record["resources"]["userPoolId"]
    cognito = undoing.world.clients.cognito
    cognito.create_group(UserPoolId=pool_id, GroupName="acme", Description="tenant-onboarding:owner=acme")
    undoing.world.clients.dynamodb.put_item(TableName="routes", Item={"routeKey": "code#ACME-42", "tenantId": "acme"})
    assert undoing.undo() == lifecycle.FAILED
    failure = undoing.record["failure"]
    assert (failure["step"], failure["error"]) == ("VerifyAbandonment", "AbandonmentError")
    assert "group acme, route code#ACME-42" in failure["message"]
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.everything() == before


def test_a_pool_tenant_whose_own_route_is_found_in_the_end_is_not_abandoned_yet(undoing: Undoing) -> None:
    """By that its people would still get tokens."""
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    own = undoing.world.stack.routes()["tenant#acme"]
    undoing.abandon()
    undoing.undo(until="VerifyAbandonment")
    assert undoing.world.stack.routes().keys() & {"tenant#acme"} == set()
    undoing.world.clients.dynamodb.put_item(TableName="routes", Item=own)
    assert undoing.undo() == lifecycle.FAILED
    assert "route tenant#acme" in undoing.record["failure"]["message"]
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert "tenant#acme" not in undoing.world.stack.routes()


def test_a_place_is_given_back_once_however_often_it_is_asked(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()["shared"]
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="ReleaseRouting")
    assert undoing.everything()["shared"] == before
    steps = undoing.record["steps"]
    undoing.world.stack.change(steps=steps | {"ReleaseSharedPool": steps["ReleaseSharedPool"] | {"status": "PENDING"}})
    undoing.run("ReleaseSharedPool")
    assert undoing.everything()["shared"] == before


def test_an_abandonment_redriven_in_the_console_goes_on(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    fail_at(undoing, "DeleteGroup")
    undoing.world.run("RemoveTenantGroup", attempt=2, redrive=1)
    record = undoing.record
    assert (record["status"], record["redriveCount"]) == (lifecycle.ABANDONING, 1)
    assert undoing.world.stack.counters() == {"ABANDONING#pool": 1}


def test_a_refused_abandonment_that_is_redriven_in_the_console_goes_on_too(undoing: Undoing) -> None:
    """Nothing was removed by then, so the record had forgotten that it was being abandoned."""
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    fail_at(undoing, "GetGroup")
    assert undoing.record["failure"]["step"] == "CheckNobodySignedIn"
    assert "abandonment" not in undoing.record
    undoing.world.run("CheckNobodySignedIn", attempt=2, redrive=1)
    record = undoing.record
    assert (record["status"], record["redriveCount"], set(record["abandonment"])) == (
        "ABANDONING",
        1,
        {"since", "routeKeys"},
    )
    assert undoing.world.stack.counters() == {"ABANDONING#pool": 1}


def test_a_start_that_was_lost_is_made_up_for_by_reconcile(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    with undoing.world.wire.strikes("StartExecution", faults.server_error, times=3), pytest.raises(ClientError):
        undoing.abandon()
    assert undoing.record["status"] == lifecycle.ABANDONING
    assert simulated_aws.executions(ABANDONMENT) == []
    undoing.world.stack.age()
    found = reconcile(undoing.world.clients, undoing.world.settings)
    assert simulated_aws.executions(ABANDONMENT) == ["acme-2"]
    assert (found["recorded"], found["failed"]) == (1, 0)
    assert undoing.undo() == lifecycle.ABANDONED


def test_an_end_that_no_event_told_of_is_recorded_by_reconcile(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    ended(arn_of(attempt=2, machine=ABANDONMENT), "ABORTED")
    undoing.world.stack.age()
    reconcile(undoing.world.clients, undoing.world.settings)
    assert undoing.record["status"] == lifecycle.FAILED
    assert undoing.record["failure"]["nextAction"].endswith("Command: onboard abandon acme")


def test_an_event_that_was_not_published_is_published_by_reconcile(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="CompleteAbandonment")
    with undoing.world.wire.strikes("PutEvents", faults.death_before), pytest.raises(faults.DeathError):
        undoing.run("CompleteAbandonment")
    assert undoing.record["status"] == lifecycle.ABANDONED
    assert undoing.world.stack.published("TenantAbandoned") == []
    undoing.world.stack.age()
    reconcile(undoing.world.clients, undoing.world.settings)
    assert len(undoing.world.stack.published("TenantAbandoned")) == 1


# under faults


CHANGING = ("AdminDelete", "Delete", "PutEvents", "Transact", "Update")


@pytest.mark.parametrize("case", ["bridge with SAML", "silo"])
def test_whatever_call_a_function_dies_of_nothing_is_left_and_nothing_counted_twice(
    case: str, undoing: Undoing
) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before, wire = undoing.everything(), undoing.world.wire
    undoing.fail_before(CASES[case], "CompleteOnboarding")
    undoing.abandon()
    wire.attempts.clear()
    undoing.undo()
    once = Counter(each for each in wire.operations() if each.startswith(CHANGING) and each != "UpdateItem")
    blows = [(operation, number) for operation, times in once.items() for number in range(times)]
    assert len(blows) >= 7
    for operation, number in blows:
        undoing.fail_before(CASES[case], "CompleteOnboarding")
        undoing.abandon()
        with wire.strikes(operation, faults.death_after, spare=number) as fault:
            assert (undoing.undo(), fault.struck) == (lifecycle.ABANDONED, 1), (operation, number, undoing.told)
        assert undoing.everything() == before, (operation, number)
        assert undoing.world.stack.counters() == {"COMPLETED#pool": 1, f"ABANDONED#{CASES[case].tier}": 1}


# the id is used again


def abandoned(undoing: Undoing, case: str = "pool") -> None:
    undoing.fail_before(CASES[case], "SendWelcomeEmail")
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED


def test_the_id_may_be_used_by_another_kind_of_tenant_and_its_attempts_go_on(undoing: Undoing) -> None:
    abandoned(undoing)
    path = undoing.world.claim(CASES["silo"])
    record = undoing.record
    assert (record["status"], record["attempt"], record["tier"]) == (lifecycle.IN_PROGRESS, 3, "silo")
    assert "abandonment" not in record
    assert set(record["steps"]) == set(path)
    assert simulated_aws.executions() == ["acme-1", "acme-3"]
    for step in path:
        undoing.run(step)
    assert undoing.world.stack.counters() == {"COMPLETED#silo": 1}
    assert [event["attempt"] for event in undoing.world.stack.published("TenantOnboarded")] == [3]
    assert [event["attempt"] for event in undoing.world.stack.published("TenantOnboardingStarted")] == [1, 3]


@pytest.mark.parametrize("sent_at", ["2026-01-01T00:00:00Z", "2026-01-01", "yesterday", "9999-99-99T00:00:00Z", ""])
def test_an_event_from_before_the_abandonment_makes_no_other_tenant_however_late_it_comes(
    sent_at: str, undoing: Undoing
) -> None:
    """Neither the one that made the tenant nor a copy that was emitted besides it."""
    world, detail = undoing.world, tenant_created()
    for _ in range(2):
        assert world.stack.receive(detail, "new") == "started"
        undoing.fail()
        undoing.abandon()
        undoing.undo()
        before = undoing.record
        for event_id in ("new", "a copy"):
            late = message(detail, event_id, sent_at)
            assert receive(world.clients, world.settings, late) == ("repeated", "acme")
        assert undoing.record == before


def test_another_event_for_a_tenant_that_is_being_abandoned_is_not_accepted(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    assert undoing.world.stack.receive(tenant_created(tenantName="Another"), "another") == "rejected"
    assert undoing.record["status"] == lifecycle.ABANDONING


def test_of_two_events_for_an_abandoned_tenants_id_one_makes_it(undoing: Undoing) -> None:
    abandoned(undoing)
    stack = undoing.world.stack
    answers: list[str] = []

    def rival() -> None:
        answers.append(stack.receive(tenant_created(tenantName="Rival"), "rival"))

    with undoing.world.wire.strikes("TransactWriteItems", faults.preceded_by(rival), spare=1):
        answers.append(stack.receive(tenant_created(), "other"))
    assert answers == ["started", "rejected"]
    assert (undoing.record["tenantName"], undoing.record["attempt"]) == ("Rival", 3)
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


def test_a_key_that_another_tenant_took_meanwhile_rejects_the_new_event(undoing: Undoing) -> None:
    abandoned(undoing)
    stack = undoing.world.stack
    assert stack.receive(tenant_created("globex", routing={"subdomain": "acme"}), "theirs") == "started"
    assert stack.receive(tenant_created(), "ours") == "rejected"
    assert undoing.record["status"] == lifecycle.ABANDONED
    (rejection,) = stack.rejections()
    assert [reason["field"] for reason in json.loads(rejection["rejection"])["reasons"]] == ["routing.subdomain"]


def test_what_an_abandoned_tenants_record_had_still_to_publish_is_not_lost(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="CompleteAbandonment")
    with undoing.world.wire.strikes("PutEvents", faults.death_before), pytest.raises(faults.DeathError):
        undoing.run("CompleteAbandonment")
    undoing.world.claim(CASES["pool"])
    assert [event["attempt"] for event in undoing.world.stack.published("TenantAbandoned")] == [2]
    assert undoing.record["outbox"] == {}


def test_an_old_removal_that_wakes_up_finds_the_new_tenant_and_does_nothing(undoing: Undoing) -> None:
    abandoned(undoing)
    undoing.world.claim(CASES["pool"])
    undoing.run("AssignSharedPool")
    with pytest.raises(SupersededError):
        undoing.world.run("RemoveTenantGroup", attempt=2)
    arn = ended(arn_of(attempt=2, machine=ABANDONMENT), error="SupersededError")
    assert record_outcome(undoing.world.clients, undoing.world.settings, arn) == IGNORED
    assert undoing.record["status"] == lifecycle.IN_PROGRESS


def confirm(undoing: Undoing, username: str) -> None:
    """Let a user have signed in and chosen a password."""
    undoing.set_status(undoing.record["resources"]["userPoolId"], username, "CONFIRMED")


def test_an_audit_finds_nothing_wrong_once_a_tenant_is_abandoned(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    for case in ("bridge with SAML", "silo"):
        abandoned(undoing, case)
        found = audit(undoing.world.clients, undoing.world.settings).document()
        assert [found[finding] for finding in ("drift", "missing", "orphans", "changing")] == [[], [], [], []]
