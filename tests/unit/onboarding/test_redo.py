"""A step whose resource is gone is done again with all that went with it, and what is in fact there is not doubled."""

from typing import Any

import pytest

from orchestrator import audit, operations, status
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import ConfigurationError, OnboardingError, ResourceMissingError
from orchestrator.identity import shared_pools
from orchestrator.onboarding import redo
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.tenants import lifecycle, records, tiers
from orchestrator.tenants.ledger import Record
from tests.infra.calls import calls_of
from tests.unit import simulated_aws
from tests.unit.every_tier import CASES, OWN_CLIENT, SILO_POOL, Case, World, routes_of_server, user_pools, world
from tests.unit.faults import lost_response, preceded_by, refused
from tests.unit.identity.user_pools import delete_pool
from tests.unit.operations.undoing import Undoing
from tests.unit.simulated_aws import arn_of, ended

__all__ = ["world"]

STEPS = tuple(redo.MADE)


@pytest.fixture(autouse=True)
def _aged(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made is not new any more."""
    monkeypatch.setattr(records, "SHOWN_WITHIN_SECONDS", 0.0)


def stop_before(world: World, case: Case, step: str) -> Record:
    """Let a tenant do the steps before one, and fail there."""

    def stop() -> Record:
        world.lead_to(step, case)
        return fail(world)

    return world.once(("stop before", step, case), stop)


def fail(world: World) -> Record:
    attempt = int(world.stack.record()["attempt"])
    record_outcome(world.clients, world.settings, ended(arn_of(attempt=attempt)))
    record = world.stack.record()
    assert record["status"] == lifecycle.FAILED
    return record


def redo_step(world: World, step: str) -> operations.Retried:
    return operations.retry(world.clients, world.settings, "acme", redo=step)


def go_on(world: World, case: Case, attempt: int = 2) -> Record:
    """Let the next attempt do its whole path, as the workflow does."""
    for step in tiers.path(case.tier, federated=bool(case.providers)):
        world.run(step, attempt=attempt)
    record = world.stack.record()
    assert record["status"] == lifecycle.COMPLETED
    return record


def lose(world: World, case: Case, step: str) -> None:
    """Delete what a step made."""
    client, resources = world.clients.cognito, world.stack.record()["resources"]
    pool: Any = {"UserPoolId": resources["userPoolId"]}
    if step == "CreateUserPool":
        delete_pool(world.clients, resources["userPoolId"])
    if step == "ConfigureUserPool":
        client.delete_user_pool_domain(**pool, Domain=resources["domain"].split(".")[0])
    if step == "CreateTenantGroup":
        client.delete_group(**pool, GroupName="acme")
    if step == "CreateIdentityProviders":
        for provider in resources["identityProviders"]:
            client.delete_identity_provider(**pool, ProviderName=provider["name"])
    if step == "CreateAppClient":
        client.delete_user_pool_client(**pool, ClientId=resources["appClientId"])
    if step == "CreateTenantAdmin":
        client.admin_delete_user(**pool, Username=case.username)


def one_of_everything(world: World, case: Case) -> None:
    """Assert that there is exactly what the tier has, and that record, registry and counters say the same."""
    record, resources = world.stack.record(), world.stack.record()["resources"]
    pools = user_pools(world.clients)
    assert len(pools) == 1
    (pool,) = pools.values()
    assert (pool["groups"], pool["users"], pool["providers"]) == ({"acme"}, case.users, case.provider_names)
    assert resources["userPoolId"] == pool["id"]
    if case.tier != "pool":
        assert resources["appClientId"] == pool["clients"][OWN_CLIENT]
    if case.tier == "silo":
        assert resources["serverClientId"] == pool["server"]
    if pool["domain"]:
        assert resources["domain"].startswith(pool["domain"])
    for user in pool["users"]:
        groups = world.clients.cognito.admin_list_groups_for_user(UserPoolId=pool["id"], Username=user)["Groups"]
        assert [group["GroupName"] for group in groups] == ["acme"]
    target = {name: resources.get(name) for name in ("region", "userPoolId", "appClientId", "issuer", "domain")}
    target["tier"] = case.tier
    routes = {key: route for key, route in world.stack.routes().items() if not key.startswith(("saml#", "domain-"))}
    of_server = routes_of_server(resources, pool["server"], "acme" if case.tier == "silo" else None)
    for key, route in of_server.items():
        found = routes.pop(key)
        assert found == route | {"activatedAt": found["activatedAt"]}
    client_key = f"client#{target['userPoolId']}#{target['appClientId']}"
    tenant_key = {"tenant#acme"} if case.tier == "pool" else set()
    assert set(routes) == {"subdomain#acme", "code#ACME-42", client_key, *tenant_key}
    assert {route["state"] for route in routes.values()} == {"ACTIVE"}
    own = target | {
        "identityProviders": [provider["name"] for provider in resources.get("identityProviders", [])],
        "signInAddress": "https://acme.app.product.example",
        "userNameTemplate": "{email}" if case.tier == "silo" else "{tenantId}/{email}",
    }
    of_client = target if case.tier == "pool" else own | {"signUp": "INVITE_ONLY"}
    assert {key: route["target"] for key, route in routes.items()} == {
        "subdomain#acme": own,
        "code#ACME-42": own,
        client_key: of_client,
        **dict.fromkeys(tenant_key, own),
    }
    assert world.stack.counters() == {f"COMPLETED#{case.tier}": 1}
    for row in shared_pools.list_rows(world.clients, world.settings):
        providers = len(pool["providers"])
        counters = (row["groups"], row["appClients"], row["identityProviders"])
        assert counters == (1 + providers, len(pool["clients"]) + 1, providers)
    assert {entry["status"] for entry in record["steps"].values()} == {"DONE"}


REDONE = [
    (name, step)
    for name, case in CASES.items()
    if name != "silo with social providers"
    for step in case.path.split()
    if step in STEPS and step != "SendWelcomeEmail"
]
"""Every step of every kind of tenant that can be done again."""


@pytest.mark.parametrize("there", [False, True], ids=["gone", "there after all"])
@pytest.mark.parametrize(("name", "step"), REDONE)
def test_a_redone_step_leaves_exactly_one_of_everything(world: World, name: str, step: str, there: bool) -> None:
    """The tenant had failed at its last step, so all before it is done, and routes lead to what is gone."""
    case = CASES[name]
    before = stop_before(world, case, "CompleteOnboarding")
    if not there:
        lose(world, case, step)
    begun = {each: (entry["begun"], entry["settled"]) for each, entry in before["steps"].items()}
    again = redo.undone(before, step)
    answer = redo_step(world, step)
    assert (answer.attempt, answer.how, answer.message) == (2, "started", "attempt 2 started")
    moved = world.stack.record()
    assert again[0] == step
    for each, entry in moved["steps"].items():
        counted = (begun[each][0] + (each in again), begun[each][1])
        assert (entry["begun"], entry["settled"]) == counted
        expected = "PENDING" if each in (*again, "CompleteOnboarding") else "DONE"
        assert entry["status"] == expected
    gone = {name for each in again for name in redo.MADE[each]}
    assert gone.isdisjoint(moved["resources"])
    after = go_on(world, case)
    one_of_everything(world, case)
    ids = ("userPoolId", "appClientId")
    kept = [before["resources"][each] == after["resources"][each] for each in ids]
    if there:
        assert kept == [True, True]
    found = audit.audit(world.clients, world.settings)
    assert found.clean, found.document()


@pytest.mark.parametrize("name", ["silo", "silo with OIDC and SAML", "bridge"])
def test_a_redone_step_is_in_doubt_until_it_is_done(world: World, name: str) -> None:
    """A lost answer of the new creation is found too, so there are no twins."""
    case = CASES[name]
    step = "CreateUserPool" if case.tier == "silo" else "CreateAppClient"
    stop_before(world, case, "RegisterRouting")
    lose(world, case, step)
    redo_step(world, step)
    operation = {"CreateUserPool": "CreateUserPool", "CreateAppClient": "CreateUserPoolClient"}[step]
    path = tiers.path(case.tier, federated=bool(case.providers))
    for each in path[: path.index(step)]:
        world.run(each, attempt=2)
    with world.wire.strikes(operation, lost_response), pytest.raises(OnboardingError):
        world.run(step, attempt=2)
    go_on(world, case)
    one_of_everything(world, case)


def test_a_users_password_is_mailed_anew_to_the_user_that_is_made_anew(world: World) -> None:
    case = CASES["silo"]
    stop_before(world, case, "CompleteOnboarding")
    lose(world, case, "CreateUserPool")
    redo_step(world, "CreateUserPool")
    go_on(world, case)
    mails = world.wire.bodies("SendEmail")
    assert len(mails) == 2
    assert mails[0]["Content"] != mails[1]["Content"]


def test_a_user_who_signed_in_meanwhile_gets_no_other_password(world: World) -> None:
    case = CASES["silo"]
    record = stop_before(world, case, "CompleteOnboarding")
    world.clients.cognito.admin_set_user_password(
        UserPoolId=record["resources"]["userPoolId"], Username=case.username, Password="Own-3f9c!Secret", Permanent=True
    )
    redo_step(world, "CreateTenantAdmin")
    go_on(world, case)
    assert len(world.wire.bodies("SendEmail")) == 1


def test_only_what_was_tried_counts_as_a_try(world: World) -> None:
    """The begin that lets a redone step look first was nobody's try."""
    case = CASES["silo"]
    stop_before(world, case, "SendWelcomeEmail")
    redo_step(world, "CreateUserPool")

    def tries() -> dict[str, int]:
        page = status.document(world.settings, world.stack.record())
        return {step["name"]: step["attempts"] for step in page["steps"]}

    before = {step: 0 if step in {"SendWelcomeEmail", "CompleteOnboarding"} else 1 for step in case.path.split()}
    assert tries() == before
    go_on(world, case)
    assert tries() == {step: number + 1 for step, number in before.items()}


# What a failure says


@pytest.mark.parametrize(
    ("name", "lost", "step"),
    [
        ("silo", "CreateUserPool", "ConfigureUserPool"),
        ("silo", "CreateUserPool", "CreateTenantGroup"),
        ("silo", "CreateUserPool", "CreateAppClient"),
        ("silo", "CreateUserPool", "CreateTenantAdmin"),
        ("silo", "CreateUserPool", "SendWelcomeEmail"),
        ("silo with OIDC and SAML", "CreateUserPool", "CreateIdentityProviders"),
        ("silo", "CreateTenantGroup", "CreateTenantAdmin"),
        ("bridge", "CreateTenantGroup", "CreateTenantAdmin"),
        ("pool", "CreateTenantGroup", "CreateTenantAdmin"),
        ("silo", "CreateTenantAdmin", "SendWelcomeEmail"),
        ("bridge", "CreateTenantAdmin", "SendWelcomeEmail"),
        ("pool", "CreateTenantAdmin", "SendWelcomeEmail"),
    ],
)
def test_a_step_that_misses_what_another_made_names_the_one_to_redo_and_that_repairs_it(
    world: World, name: str, lost: str, step: str
) -> None:
    case = CASES[name]
    path = world.claim(case)
    for each in path[: path.index(step)]:
        world.run(each)
    lose(world, case, lost)
    with pytest.raises(ResourceMissingError) as missed:
        world.run(step)
    assert missed.value.message.endswith(f"(it is what {lost} made)")
    assert (missed.value.command, missed.value.redo) == (None, lost)
    error = world.stack.record()["steps"][step]["error"]
    assert (error["type"], error["redo"]) == ("ResourceMissingError", lost)
    fail(world)
    assert redo_step(world, lost).attempt == 2
    go_on(world, case)
    one_of_everything(world, case)


@pytest.mark.parametrize("name", ["pool", "bridge"])
def test_a_shared_user_pool_that_is_gone_is_no_single_tenants_to_redo(world: World, name: str) -> None:
    path = world.claim(CASES[name])
    world.run(path[0])
    delete_pool(world.clients, world.stack.record()["resources"]["userPoolId"])
    with pytest.raises(ResourceMissingError) as missed:
        world.run("CreateTenantGroup")
    assert missed.value.message.endswith("(it is what AssignSharedPool made)")
    assert (missed.value.command, missed.value.redo) == ("abandon", "")
    assert "shared-001" in missed.value.next_action
    assert "docs/operations.md, section Retry" in missed.value.next_action


@pytest.mark.parametrize(
    ("name", "redone", "said"), [("silo", "CreateUserPool", "is found"), ("pool", "", "abandon the tenant instead")]
)
def test_a_denial_names_a_user_pool_that_is_gone_as_the_other_reason(
    world: World, name: str, redone: str, said: str
) -> None:
    """A role may use user pools by their tag only, and a user pool that is gone bears none."""
    world.lead_to("CreateTenantGroup", CASES[name])
    denied = refused("AccessDeniedException", "User is not authorized to perform: cognito-idp:CreateGroup")
    with world.wire.strikes("CreateGroup", denied), pytest.raises(ConfigurationError) as failure:
        world.run("CreateTenantGroup")
    pool_id = world.stack.record()["resources"]["userPoolId"]
    assert f"If the console shows no user pool {pool_id}, it is gone" in failure.value.next_action
    assert said in failure.value.next_action
    assert failure.value.redo == redone


def test_a_table_that_is_missing_is_no_steps_to_redo(world: World) -> None:
    path = world.claim(CASES["bridge"])
    for step in path[:2]:
        world.run(step)
    gone = refused("ResourceNotFoundException", "Requested resource not found")
    with world.wire.strikes("GetItem", gone), pytest.raises(ResourceMissingError) as missed:
        world.run("CreateAppClient")
    assert "(it is what" not in missed.value.message
    assert "acme" not in missed.value.next_action


def test_every_call_of_a_step_that_can_miss_something_of_the_tenants_is_known() -> None:
    """Those that name no user pool of the tenant's apart; CreateUserPool and ListUserPools can miss none."""
    made = {
        call.action.split(":")[1]
        for name in ("placement", "welcome")
        for call in calls_of(name)
        if "cognito" in call.action
    }
    assert made - {"CreateUserPool", "ListUserPools", "DescribeUserPoolDomain", "DescribeUserPool"} == set(
        redo.NAMES_A_USER_POOL
    )


# What is refused


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_step_can_be_redone_or_says_why_not(world: World, case: Case) -> None:
    record = stop_before(world, case, "CompleteOnboarding")
    for step in case.path.split():
        refusal = redo.refusal(record, step)
        assert bool(refusal) == (step in redo.NOT_REDONE), step
    assert set(redo.NOT_REDONE) | set(redo.MADE) >= set(case.path.split())


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("CreateUserPool", "CreateUserPool is no step of this tenant; there are AssignSharedPool, CreateTenantGroup"),
        ("Nonsense", "Nonsense is no step of this tenant; there are AssignSharedPool"),
        ("AssignSharedPool", "AssignSharedPool cannot be redone: a shared user pool is other tenants' too"),
        ("SendWelcomeEmail", "SendWelcomeEmail cannot be redone: it made nothing that could be gone"),
        ("CompleteOnboarding", "CompleteOnboarding cannot be redone: it made nothing"),
        ("CreateTenantAdmin", "CreateTenantAdmin is PENDING, so there is nothing to redo; retry without --redo"),
    ],
)
def test_what_cannot_be_redone_is_refused_and_nothing_is_changed(world: World, step: str, says: str) -> None:
    before = stop_before(world, CASES["bridge"], "CreateTenantAdmin")
    answer = redo_step(world, step)
    assert (answer.attempt, answer.how) == (0, "")
    assert answer.message.startswith(says)
    assert world.stack.record() == before
    assert simulated_aws.executions() == ["acme-1"]


def test_a_tenant_that_did_not_fail_has_nothing_redone(world: World) -> None:
    record = world.onboard(CASES["silo"])
    assert redo_step(world, "CreateUserPool").message == "is COMPLETED; only a FAILED tenant can be retried"
    assert world.stack.record() == record


def test_of_two_operators_who_redo_at_once_one_does(world: World) -> None:
    stop_before(world, CASES["silo"], "RegisterRouting")
    answers: list[int] = []
    rival = preceded_by(lambda: answers.append(redo_step(world, "CreateUserPool").attempt))
    with world.wire.strikes("TransactWriteItems", rival):
        answers.append(redo_step(world, "CreateUserPool").attempt)
    assert answers == [2, 0]
    entry = world.stack.record()["steps"]["CreateUserPool"]
    assert (entry["begun"], entry["settled"]) == (2, 1)


def test_a_preview_says_from_which_step_and_writes_nothing(world: World) -> None:
    before = stop_before(world, CASES["silo"], "CreateTenantAdmin")
    would = operations.preview(world.clients, world.settings, "acme", redo="CreateTenantGroup")
    assert (would.attempt, would.message) == (2, "would start attempt 2 from CreateTenantGroup on")
    assert world.stack.record() == before
    assert SILO_POOL in user_pools(world.clients)


@pytest.mark.parametrize("name", ["pool", "bridge", "bridge with SAML"])
def test_of_a_shared_user_pool_that_is_gone_a_tenant_gets_away_as_the_documents_say(world: World, name: str) -> None:
    """Its row is closed, the tenant abandoned, and its event emitted again."""
    case, undoing = CASES[name], Undoing(world)
    undoing.fail_before(case, "RegisterRouting")
    delete_pool(world.clients, world.stack.record()["resources"]["userPoolId"])
    (row,) = shared_pools.list_rows(world.clients, world.settings)
    closed = Change(world.settings.shared_pools_table, shared_pools.row_key(row)).set("status", "CLOSED")
    world.clients.dynamodb.update_item(**closed.arguments())
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    attempt = int(world.stack.record()["attempt"]) + 1
    for step in world.claim(case):
        world.run(step, attempt=attempt)
    record = world.stack.record()
    assert (record["status"], record["resources"]["sharedPoolKey"]) == (lifecycle.COMPLETED, "shared-002")
