"""Shared user pools: each is opened once, none is overfilled, and no tenant waits that need not."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import (
    AmbiguousResourceError,
    ConfigurationError,
    OnboardingError,
    RetryableError,
    TransientError,
)
from orchestrator.aws.settings import Settings
from orchestrator.aws.writes import transact
from orchestrator.identity import cognito, shared_pool_capacity, shared_pools
from orchestrator.identity.marks import OWNER_TAG
from orchestrator.identity.shared_pools import OPEN, OPENING, OPENING_STEPS, Demand
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record
from tests.unit import faults
from tests.unit.conftest import REGION, carry_out, turn
from tests.unit.faults import DeathError, Wire
from tests.unit.identity.shared_pool_rows import STEP, assign, being_opened, put_row, rows, small, with_limits
from tests.unit.identity.user_pools import app_clients, delete_pool, pools, server_clients


def test_the_first_tenant_opens_the_first_shared_user_pool(clients: Clients, settings: Settings) -> None:
    assert assign(clients, settings, "acme") == "shared-001"
    (pool_id,) = pools(clients)
    (client_id,) = app_clients(clients, pool_id)
    row = rows(clients, settings)["shared-001"]
    prefix = row["resources"]["domainPrefix"]
    assert row["status"] == OPEN
    (server_id,) = server_clients(clients, pool_id)
    made = {"userPoolId": pool_id, "appClientId": client_id, "domainPrefix": prefix, "serverClientId": server_id}
    assert row["resources"] == made
    assert (row["groups"], row["appClients"], row["identityProviders"]) == (1, 2, 0)
    assert row["limits"] == {"groups": 10_000, "appClients": 1_000, "identityProviders": 300}
    assert {step["status"] for step in row["steps"].values()} == {"DONE"}
    domain = clients.cognito.describe_user_pool_domain(Domain=prefix)["DomainDescription"]
    assert domain["UserPoolId"] == pool_id


def test_a_shared_user_pool_bears_the_stack_and_its_key_as_name(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    assign(clients, settings, "acme")
    (created,) = wire.bodies("CreateUserPool")
    assert created["PoolName"] == "TenantOnboarding-shared-001"
    assert created["UserPoolTags"][OWNER_TAG] == "0f1e/shared-001"
    assert [body["ClientName"] for body in wire.bodies("CreateUserPoolClient")] == [
        "TenantOnboarding-shared-001-server",
        "TenantOnboarding-shared-001",
    ]
    assert [body["MfaConfiguration"] for body in wire.bodies("SetUserPoolMfaConfig")] == ["OPTIONAL"]


def test_several_tenants_share_what_one_opened(clients: Clients, settings: Settings, wire: Wire) -> None:
    keys = [assign(clients, settings, f"tenant-{number}") for number in range(5)]
    assert set(keys) == {"shared-001"}
    assert len(pools(clients)) == 1
    assert rows(clients, settings)["shared-001"]["groups"] == 5
    assert [wire.count(name) for name in ("CreateUserPool", "CreateUserPoolClient", "CreateUserPoolDomain")] == [
        1,
        2,
        1,
    ]


def test_a_place_in_an_open_pool_costs_one_query_and_no_call_to_cognito(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    put_row(clients, settings, 1)
    wire.attempts.clear()
    assign(clients, settings, "acme")
    assert wire.operations() == ["Query", "TransactWriteItems"]


def test_when_one_is_full_the_next_is_opened(clients: Clients, settings: Settings) -> None:
    small = with_limits(settings, groups_per_pool=2)
    keys = [assign(clients, small, f"tenant-{number}") for number in range(5)]
    assert keys == ["shared-001", "shared-001", "shared-002", "shared-002", "shared-003"]
    assert {key: row["groups"] for key, row in rows(clients, small).items()} == {
        "shared-001": 2,
        "shared-002": 2,
        "shared-003": 1,
    }
    assert len(pools(clients)) == 3


@pytest.mark.parametrize("several", [2, 3])
def test_several_are_kept_open_and_tenants_spread_over_them(several: int, clients: Clients, settings: Settings) -> None:
    spreading = with_limits(settings, open_shards=several)
    keys = [assign(clients, spreading, f"tenant-{number}") for number in range(40)]
    counted = {key: row["groups"] for key, row in rows(clients, spreading).items()}
    assert len(counted) == several == len(pools(clients))
    assert counted == {key: keys.count(key) for key in counted}
    assert max(counted.values()) - min(counted.values()) <= several  # in turn, but for those that came while one opened


# limits

LIMITS: list[tuple[str, dict[str, int], Demand, bool]] = [
    ("the last group", {"groups": 9}, Demand(), True),
    ("no group left", {"groups": 10}, Demand(), False),
    ("a provider brings a group: room for both", {"groups": 8}, Demand(1, 1), True),
    ("a provider brings a group: room for one", {"groups": 9}, Demand(1, 1), False),
    ("the last app client", {"appClients": 9}, Demand(app_clients=1), True),
    ("no app client left", {"appClients": 10}, Demand(app_clients=1), False),
    ("no app client left, none needed", {"appClients": 10}, Demand(), True),
    ("the last two providers", {"identityProviders": 8}, Demand(1, 2), True),
    ("one provider left, two needed", {"identityProviders": 9}, Demand(1, 2), False),
    ("no provider left, none needed", {"identityProviders": 10}, Demand(), True),
]


@pytest.mark.parametrize(
    ("counters", "demand", "fits"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS]
)
def test_a_tenant_fits_exactly_while_every_counter_stays_within_its_limit(
    counters: dict[str, int], demand: Demand, fits: bool, clients: Clients, settings: Settings
) -> None:
    settings = small(settings)
    put_row(clients, settings, 1, **counters)
    before = rows(clients, settings)["shared-001"]
    assert shared_pools.has_room(settings, before, demand) is fits
    taking = shared_pools.take_place(settings, before, demand)
    if fits:
        transact(clients.dynamodb, [taking])
        assert rows(clients, settings)["shared-001"] == before | {
            name: before[name] + amount for name, amount in demand.places.items()
        }
    else:
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            transact(clients.dynamodb, [taking])
        assert rows(clients, settings)["shared-001"] == before


def test_an_identity_provider_takes_a_group_besides_the_tenants_own() -> None:
    assert Demand(app_clients=1, identity_providers=3).places == {"groups": 4, "appClients": 1, "identityProviders": 3}


def test_of_two_tenants_that_saw_the_last_place_one_gets_it(clients: Clients, settings: Settings) -> None:
    settings = small(settings)
    put_row(clients, settings, 1, groups=9)
    seen = rows(clients, settings)["shared-001"]
    transact(clients.dynamodb, [shared_pools.take_place(settings, seen, Demand())])
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        transact(clients.dynamodb, [shared_pools.take_place(settings, seen, Demand())])
    assert rows(clients, settings)["shared-001"]["groups"] == 10


def test_nobody_takes_a_place_in_a_pool_that_is_not_open(clients: Clients, settings: Settings) -> None:
    put_row(clients, settings, 1)
    seen = rows(clients, settings)["shared-001"]
    put_row(clients, settings, 1, status="CLOSED")
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        transact(clients.dynamodb, [shared_pools.take_place(settings, seen, Demand())])


@pytest.mark.parametrize(
    ("limits", "demand"),
    [
        ({"groups_per_pool": 1}, Demand(1, 1)),
        ({"app_clients_per_pool": 1}, Demand(app_clients=1)),
        ({"identity_providers_per_pool": 1}, Demand(1, 2)),
    ],
    ids=["groups", "app clients", "identity providers"],
)
def test_a_tenant_that_fits_into_no_pool_opens_none(
    limits: dict[str, int], demand: Demand, clients: Clients, settings: Settings
) -> None:
    with pytest.raises(ConfigurationError, match="fits into no shared user pool"):
        assign(clients, with_limits(settings, **limits), "acme", demand)
    assert rows(clients, settings) == {}
    assert pools(clients) == []


def test_while_another_opens_the_only_one_a_tenant_comes_back_later(clients: Clients, settings: Settings) -> None:
    being_opened(clients, settings, 1, lease=60)
    with pytest.raises(TransientError) as refused:
        assign(clients, settings, "acme")
    assert refused.value.code == "LeaseHeld"
    assert pools(clients) == []


def test_while_another_opens_one_more_a_tenant_uses_those_that_are_open(clients: Clients, settings: Settings) -> None:
    put_row(clients, settings, 1)
    being_opened(clients, settings, 2, lease=60)
    spreading = with_limits(settings, open_shards=2)
    assert {assign(clients, spreading, f"tenant-{number}") for number in range(5)} == {"shared-001"}
    assert pools(clients) == []


def test_an_open_one_with_room_is_used_when_opening_another_is_refused(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    assign(clients, settings, "first")
    spreading = with_limits(settings, open_shards=2)
    with wire.strikes("CreateUserPool", faults.refused("LimitExceededException"), times=9):
        assert {assign(clients, spreading, f"tenant-{number}") for number in range(3)} == {"shared-001"}
    assert len(pools(clients)) == 1


def test_a_full_one_is_not_used_while_another_opens_the_next(clients: Clients, settings: Settings) -> None:
    put_row(clients, settings, 1, groups=10)
    being_opened(clients, settings, 2, lease=60)
    with pytest.raises(TransientError, match="still at work"):
        assign(clients, small(settings), "acme")


def test_two_who_add_the_same_row_open_it_once(clients: Clients, settings: Settings, wire: Wire) -> None:
    """The other one is faster by its whole opening, just after ours saw no row."""
    with wire.strikes("PutItem", faults.preceded_by(lambda: assign(clients, settings, "globex"))):
        assert assign(clients, settings, "acme") == "shared-001"
    assert len(pools(clients)) == 1
    assert rows(clients, settings)["shared-001"]["groups"] == 2


@pytest.mark.parametrize(
    "operation", ["CreateUserPool", "SetUserPoolMfaConfig", "CreateUserPoolDomain", "CreateUserPoolClient"]
)
@pytest.mark.parametrize("strike", [faults.death_before, faults.death_after], ids=["before", "after"])
def test_what_a_dead_opener_left_is_taken_over_by_the_next_tenant(
    strike: Callable[..., Any], operation: str, clients: Clients, settings: Settings, wire: Wire
) -> None:
    with wire.strikes(operation, strike), pytest.raises(DeathError):
        assign(clients, settings, "acme", lease=-1)
    assert rows(clients, settings)["shared-001"]["status"] == OPENING
    assert assign(clients, settings, "globex") == "shared-001"
    (pool_id,) = pools(clients)
    (client_id,) = app_clients(clients, pool_id)
    row = rows(clients, settings)["shared-001"]
    assert (row["resources"]["userPoolId"], row["resources"]["appClientId"]) == (pool_id, client_id)
    assert [row["resources"]["serverClientId"]] == server_clients(clients, pool_id)
    assert (row["groups"], row["appClients"]) == (1, 2)


CREATES = [("CreateUserPool", 0), ("CreateUserPoolClient", 0), ("CreateUserPoolClient", 1)]
"""What has no natural key, each after so many of its kind: the second app client is that of the pool's tenants."""


@pytest.mark.parametrize(("operation", "spare"), CREATES)
def test_a_lost_response_is_adopted_by_whoever_comes_next(
    operation: str, spare: int, clients: Clients, settings: Settings, wire: Wire
) -> None:
    with wire.strikes(operation, faults.lost_response, spare=spare) as lost, pytest.raises(TransientError) as raised:
        assign(clients, settings, "acme")
    assert (lost.struck, raised.value.settled) == (1, False)
    assert assign(clients, settings, "globex") == "shared-001"
    assert (wire.count("CreateUserPool"), wire.count("CreateUserPoolClient")) == (1, 2)
    (pool_id,) = pools(clients)
    assert len(app_clients(clients, pool_id)) == len(server_clients(clients, pool_id)) == 1


@pytest.mark.parametrize(("operation", "spare"), CREATES)
def test_throttling_is_no_doubt_so_nothing_is_listed(
    operation: str, spare: int, clients: Clients, settings: Settings, wire: Wire
) -> None:
    with wire.strikes(operation, faults.throttled, spare=spare), pytest.raises(OnboardingError):
        assign(clients, settings, "acme")
    assign(clients, settings, "acme")
    assert wire.count("CreateUserPool") + wire.count("CreateUserPoolClient") == 4
    assert not [name for name in wire.operations() if name.startswith("List")]


@pytest.mark.parametrize(
    ("write", "spare", "made"),
    [("UpdateItem", 1, (1, 0)), ("TransactWriteItems", 0, (1, 1)), ("UpdateItem", 4, (1, 2))],
)
def test_what_was_made_but_could_not_be_written_down_is_adopted(
    write: str, spare: int, made: tuple[int, int], clients: Clients, settings: Settings, wire: Wire
) -> None:
    """DynamoDB throttles the write that follows a create, through all of the SDK's tries."""
    throttled = faults.refused("ThrottlingException", "Rate of requests exceeds the allowed throughput.")
    with wire.strikes(write, throttled, times=3, spare=spare), pytest.raises(OnboardingError):
        assign(clients, settings, "acme")
    assert (wire.count("CreateUserPool"), wire.count("CreateUserPoolClient")) == made
    assign(clients, settings, "acme")
    assert (wire.count("CreateUserPool"), wire.count("CreateUserPoolClient")) == (1, 2)


def test_a_row_that_an_earlier_release_began_to_open_counts_our_servers_own_app_client(
    clients: Clients, settings: Settings
) -> None:
    fresh = {step: {"status": "PENDING", "begun": 0, "settled": 0} for step in OPENING_STEPS}
    put_row(clients, settings, 1, status=OPENING, steps=fresh, resources={}, appClients=1)
    assert assign(clients, settings, "acme") == "shared-001"
    assert rows(clients, settings)["shared-001"]["appClients"] == 2


def test_twins_of_a_user_pool_are_for_a_person_to_decide(clients: Clients, settings: Settings, wire: Wire) -> None:
    with wire.strikes("CreateUserPool", faults.lost_response), pytest.raises(TransientError):
        assign(clients, settings, "acme")
    opened = cognito.NewUserPool("TenantOnboarding-shared-001", "0f1e/shared-001", REGION)
    twin = cognito.create_user_pool(clients, settings, opened)
    with pytest.raises(AmbiguousResourceError, match=twin):
        assign(clients, settings, "globex")
    assert len(pools(clients)) == 2
    delete_pool(clients, twin)
    assign(clients, settings, "globex")
    assert len(pools(clients)) == 1


def test_a_permanent_refusal_is_written_into_the_row_and_the_next_tenant_tries_again(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    quota = faults.refused("LimitExceededException", "User pool limit exceeded")
    with wire.strikes("CreateUserPool", quota), pytest.raises(OnboardingError) as refused:
        assign(clients, settings, "acme")
    row = rows(clients, settings)["shared-001"]
    assert row["steps"]["CreateUserPool"]["error"]["type"] == type(refused.value).__name__ == "QuotaExceededError"
    assert assign(clients, settings, "globex") == "shared-001"


# removed rows, changed limits, order


def test_a_row_that_was_removed_gives_no_later_one_its_number(clients: Clients, settings: Settings) -> None:
    """Of three rows the first is gone: the next one is the fourth, not the third once more."""
    tiny = with_limits(settings, groups_per_pool=1)
    for number in range(3):
        assign(clients, tiny, f"tenant-{number}")
    clients.dynamodb.delete_item(TableName=settings.shared_pools_table, Key={"region": REGION, "poolKey": "shared-001"})
    assert assign(clients, tiny, "acme") == "shared-004"
    assert set(rows(clients, settings)) == {"shared-002", "shared-003", "shared-004"}


def test_a_row_of_another_name_has_no_number(clients: Clients, settings: Settings) -> None:
    put_row(clients, settings, 7, status="CLOSED", poolKey="moved-here")
    assert assign(clients, settings, "acme") == "shared-001"


def test_a_thousandth_row_is_numbered_on(clients: Clients, settings: Settings) -> None:
    put_row(clients, settings, 999, status="CLOSED")
    put_row(clients, settings, 1000, status="CLOSED")
    assert assign(clients, settings, "acme") == "shared-1001"


def test_a_raised_limit_holds_for_rows_that_are_there(clients: Clients, settings: Settings, wire: Wire) -> None:
    before, raised = small(settings, 1), small(settings, 3)
    assert assign(clients, before, "first") == "shared-001"
    assert [assign(clients, raised, f"tenant-{number}") for number in range(3)] == [
        "shared-001",
        "shared-001",
        "shared-002",
    ]
    assert wire.count("CreateUserPool") == 2


def test_a_lowered_limit_lets_nobody_in_and_those_stay_that_are_in(clients: Clients, settings: Settings) -> None:
    before, lowered = small(settings, 5), small(settings, 2)
    for number in range(4):
        assign(clients, before, f"tenant-{number}")
    seen = rows(clients, settings)["shared-001"]
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        transact(clients.dynamodb, [shared_pools.take_place(lowered, seen, Demand())])
    assert assign(clients, lowered, "acme") == "shared-002"
    assert rows(clients, settings)["shared-001"]["groups"] == 4


def test_a_limit_lowered_below_what_is_counted_is_no_matter_to_tenants_without_need_of_it(
    clients: Clients, settings: Settings
) -> None:
    put_row(clients, settings, 1, appClients=900, identityProviders=200)
    fewer = with_limits(settings, app_clients_per_pool=500, identity_providers_per_pool=100)
    assert assign(clients, fewer, "acme") == "shared-001"


def test_one_that_is_open_ahead_of_need_waits_until_those_before_it_are_full(
    clients: Clients, settings: Settings
) -> None:
    for number, groups in ((1, 7), (2, 0), (3, 0)):
        put_row(clients, settings, number, groups=groups)
    assert [assign(clients, small(settings), f"tenant-{number}") for number in range(5)] == [
        *["shared-001"] * 3,
        *["shared-002"] * 2,
    ]
    two = with_limits(small(settings), open_shards=2)
    assert {assign(clients, two, f"more-{number}") for number in range(8)} == {"shared-002", "shared-003"}


# many at once


def at_once(clients: Clients, settings: Settings, tenant_ids: list[str], *others: Callable[[], object]) -> None:
    """Assign tenants in eight threads, each trying again as the workflow would, while `others` run on and on."""
    for name in ("dynamodb", "cognito", "cognito_once", "events"):  # made before threads race to make them
        getattr(clients, name)
    owners = itertools.count(1)
    done, pause = threading.Event(), threading.Event()

    def onboard(tenant_id: str) -> None:
        for _ in range(2_000):
            try:
                return carry_out(
                    clients,
                    settings,
                    tenant_id,
                    turn(STEP, f"invocation-{next(owners)}"),
                )
            except RetryableError:
                pause.wait(0.01)
        raise AssertionError(f"{tenant_id} was never assigned")

    def repeat(act: Callable[[], object]) -> None:
        while not done.wait(0.02):
            act()

    with ThreadPoolExecutor(8 + len(others)) as pool:
        beside = [pool.submit(repeat, act) for act in others]
        try:
            list(pool.map(onboard, tenant_ids))
        finally:
            done.set()
        for each in beside:
            each.result()


def assert_all_are_placed(clients: Clients, settings: Settings, tenant_ids: list[str]) -> None:
    """Every tenant has one place, every place is some tenant's, no row is over its limit, none was opened twice."""
    placed: dict[str, int] = {}
    for tenant_id in tenant_ids:
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
        row = rows(clients, settings)[record["resources"]["sharedPoolKey"]]
        assert record["resources"]["userPoolId"] == row["resources"]["userPoolId"]
        placed[row["poolKey"]] = placed.get(row["poolKey"], 0) + 1
    found = rows(clients, settings)
    assert {key: row["groups"] for key, row in found.items() if row["groups"]} == placed
    assert max(placed.values()) <= settings.groups_per_pool
    assert sorted(pools(clients)) == sorted(row["resources"]["userPoolId"] for row in found.values())
    for pool_id in pools(clients):
        assert len(app_clients(clients, pool_id)) == len(server_clients(clients, pool_id)) == 1


def test_forty_tenants_at_once_fill_eight_user_pools_of_five(
    clients: Clients, settings: Settings, claim: Callable[..., Record], wire: Wire
) -> None:
    tenant_ids = [str(claim(f"tenant-{number:02d}")["tenantId"]) for number in range(40)]
    five = small(settings, 5)
    at_once(clients, five, tenant_ids)
    assert_all_are_placed(clients, five, tenant_ids)
    assert wire.count("CreateUserPool") == len(rows(clients, settings)) == 8


def test_ticks_beside_twelve_tenants_open_at_most_one_ahead(
    clients: Clients, settings: Settings, claim: Callable[..., Record], wire: Wire
) -> None:
    tenant_ids = [str(claim(f"tenant-{number:02d}")["tenantId"]) for number in range(12)]
    four = small(settings, 4)
    owners = itertools.count(1)

    def tick() -> object:
        return shared_pool_capacity.tick(clients, four, turn("", f"tick-{next(owners)}"))

    at_once(clients, four, tenant_ids, tick, tick)
    assert_all_are_placed(clients, four, tenant_ids)
    tick()
    assert wire.count("CreateUserPool") == len(rows(clients, settings)) == 4
    assert [row["groups"] for row in rows(clients, settings).values()] == [4] * 3 + [0]
