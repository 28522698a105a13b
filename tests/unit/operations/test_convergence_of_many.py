"""Converging a thousand user pools takes no more than half of Cognito's rate, and may end at any call."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import cognito, desired_settings, rate_quotas, server_clients, tenant_resources
from orchestrator.identity.rate_quotas import RATE_QUOTAS
from orchestrator.steps.create_app_client import app_client
from orchestrator.tenants import stored_requests
from orchestrator.tenants.ledger import Record
from orchestrator.users import counts, statuses
from tenant_onboarding import names
from tests.unit import faults
from tests.unit.conftest import tenant_created
from tests.unit.faults import ALWAYS, DeathError, Wire
from tests.unit.operations import lagging
from tests.unit.operations.cognito_of_many import REGISTERS, CognitoOfMany
from tests.unit.operations.lagging import Clock

OLD_POOL: dict[str, Any] = {"DeletionProtection": "INACTIVE"}
OLD_CLIENT: dict[str, Any] = {"AuthSessionValidity": 3, "WriteAttributes": ["email", "name"]}
MANY, ONE_IN = 1_000, 10
HALF = 0.5
FEW = 4
CALLS_OF_FEW = 3 * FEW + 2 * 5 + 3
"""Three reads each, of every second five more, and of one of these the three that set MFA and the domain."""
SHARED = "eu-central-1_shared"


def silo(number: int) -> Record:
    """Return the record of a completed silo tenant."""
    tenant_id = f"t{number:04d}"
    made = {
        "userPoolId": f"eu-central-1_{tenant_id}",
        "appClientId": f"client{tenant_id}",
        "serverClientId": f"server{tenant_id}",
        "domain": "t-1",
        "adminUsername": f"admin-{tenant_id}",
    }
    return {
        "tenantId": tenant_id,
        "item": "RECORD",
        "tier": "silo",
        "federated": False,
        "status": "COMPLETED",
        "attempt": 1,
        "admin": {"email": f"admin@{tenant_id}.example"},
        "routing": {"subdomain": tenant_id},
        "resources": made,
    }


def sharing(number: int, tier: str) -> Record:
    """Return the record of a completed bridge or pool tenant, all in one user pool."""
    record = silo(number)
    return record | {"tier": tier, "resources": record["resources"] | {"userPoolId": SHARED}}


def cognito_of(settings: Settings, clock: Clock, tenants: list[Record], one_in: int) -> CognitoOfMany:
    """Return a Cognito in which one tenant in so many has all of an earlier release, and an admin who is unregistered.

    The first of these and every second one after it have a user pool without MFA and domain too.
    """
    held = CognitoOfMany(clock)
    for number, record in enumerate(tenants):
        lags, made = number % one_in == 0, record["resources"]
        current = user_pool(settings, record)
        held.user_pools[made["userPoolId"]] = earlier(current, first=number % (2 * one_in) == 0) if lags else current
        new = app_client(settings, record, stored_requests.read(request(record)).app_client)
        made_with = cognito.app_client_parameters(settings, new)
        readable = [name for name in made_with["ReadAttributes"] if name != names.USER_ID]
        old = OLD_CLIENT | {"ReadAttributes": readable}
        held.app_clients[made["appClientId"]] = made_with | (old if lags else {})
        of_server = server_clients.wanted(tenant_resources.user_pool(settings, record), made["userPoolId"])
        held.app_clients[made["serverClientId"]] = cognito.app_client_parameters(settings, of_server)
        attributes = {"sub": f"sub-{record['tenantId']}", "email": record["admin"]["email"]}
        held.users[made["adminUsername"]] = {
            "Username": made["adminUsername"],
            "UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
            "Enabled": True,
            "UserCreateDate": 1_750_000_000,
        }
        if not lags:
            key = {"tenantId": {"S": record["tenantId"]}, "item": {"S": counts.ADMINS}}
            held.register[record["tenantId"], counts.ADMINS] = key | {"active": {"N": "1"}}
    return held


def user_pool(settings: Settings, record: Record) -> dict[str, Any]:
    """Return a tenant's user pool as this release makes it."""
    wanted = desired_settings.of_user_pool(settings, tenant_resources.user_pool(settings, record))
    schema = [each | {"Name": f"custom:{each['Name']}"} for each in wanted.pop("Schema")]
    described = {"Id": record["resources"]["userPoolId"], "Name": wanted.pop("PoolName"), "SchemaAttributes": schema}
    return described | wanted | {"Domain": "t-1"}


def earlier(current: dict[str, Any], *, first: bool) -> dict[str, Any]:
    """Return a user pool as an earlier release left it: none knew ids of users; the first, neither MFA nor domain."""
    schema = [each for each in current["SchemaAttributes"] if each["Name"] != names.USER_ID]
    old = current | OLD_POOL | {"SchemaAttributes": schema}
    if first:
        del old["Domain"]
        old["MfaConfiguration"] = "OFF"
    return old


def request(record: Record) -> str:
    """Return the event that a tenant came from."""
    return json.dumps(tenant_created(record["tenantId"], tier=record["tier"]))


@contextmanager
def tables_of(wire: Wire, tenants: list[Record], held: CognitoOfMany) -> Iterator[None]:
    """Let DynamoDB have these tenants, no shared user pool, and of users who is held as registered."""
    typed = TypeSerializer()
    items = {each["tenantId"]: {"RECORD": each, "REQUEST": {"request": request(each)}} for each in tenants}

    def item(key: dict[str, Any]) -> dict[str, Any]:
        found = items[key["tenantId"]["S"]][key["item"]["S"]]
        return {name: typed.serialize(value) for name, value in found.items()}

    def query(body: dict[str, Any]) -> dict[str, Any]:
        if body["TableName"] == "users":
            found = held.registered(body["ExpressionAttributeValues"][":tenantId"]["S"])
        else:
            found = [{"tenantId": {"S": each}} for each in items] if "IndexName" in body else []
        return {"Items": found, "Count": len(found)}

    def batch(body: dict[str, Any]) -> dict[str, Any]:
        ((table, asked),) = body["RequestItems"].items()
        return {"Responses": {table: [item(key) for key in asked["Keys"]]}}

    servers = {key: each for each in tenants for key in server_clients.keys(each["resources"])}

    def get(body: dict[str, Any]) -> dict[str, Any]:
        if body["TableName"] == "routes":
            target = {"appClientId": servers[body["Key"]["routeKey"]["S"]]["resources"]["serverClientId"]}
            return {"Item": {"internal": typed.serialize(value=True), "target": typed.serialize(target)}}
        if body["TableName"] != "users":
            return {"Item": item(body["Key"])}
        known = {"userId": {"S": "the admin"}, "status": {"S": statuses.ACTIVE}, counts.WHOLE: {"BOOL": True}}
        return {"Item": body["Key"] | known} if held.registered(body["Key"]["tenantId"]["S"]) else {}

    with ExitStack() as answering:
        for operation, answer in {"Query": query, "BatchGetItem": batch, "GetItem": get}.items():
            answering.enter_context(wire.strikes(operation, _answers(answer), times=ALWAYS))
        yield


def _answers(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[AWSPreparedRequest], AWSResponse]:
    def strike(request: AWSPreparedRequest) -> AWSResponse:
        body = json.loads(request.body or b"{}")  # type: ignore[arg-type]  # no files here
        return faults.answered(**answer(body))(request)

    return strike


def assert_half_the_rate_at_most(held: CognitoOfMany) -> None:
    """Fail if any second, wherever it begins, had more calls than half of a quota, or of a user pool's own."""
    for name, calls in held.fullest_second().items():
        assert calls <= HALF * RATE_QUOTAS[name].a_second
    for operation, calls in held.fullest_second(of_a_user_pool=True).items():
        of_its_own = RATE_QUOTAS[rate_quotas.of(operation)].in_a_user_pool
        assert of_its_own is None or calls <= HALF * of_its_own


def test_a_thousand_user_pools_take_half_the_rate_at_most_and_only_what_differs_is_changed(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    tenants, clock = [silo(number) for number in range(MANY)], Clock()
    held = cognito_of(settings, clock, tenants, ONE_IN)
    with held.answering(wire), tables_of(wire, tenants, held):
        outcomes = lagging.run_all(clients, settings, clock=clock)
    of_one_in, of_the_first = MANY // ONE_IN, MANY // ONE_IN // 2
    assert held.counted() == {
        "DescribeUserPool": MANY,
        "DescribeUserPoolClient": 2 * MANY,
        "AddCustomAttributes": of_one_in,
        "UpdateUserPool": of_one_in,
        "GetUserPoolMfaConfig": of_the_first,
        "SetUserPoolMfaConfig": of_the_first,
        "CreateUserPoolDomain": of_the_first,
        "UpdateUserPoolClient": of_one_in,
        "AdminGetUser": of_one_in,
        REGISTERS: of_one_in,
    }
    assert {each.result for each in outcomes if each.is_of_server} == {"unchanged"}
    assert Counter((each.kind, each.result) for each in outcomes if not each.is_of_server) == {
        (kind, result): number
        for kind in ("user pool", "app client", "admin")
        for result, number in {"changed": of_one_in, "unchanged": MANY - of_one_in}.items()
    }
    assert_half_the_rate_at_most(held)
    assert clock() < 300


def test_each_quota_is_used_to_half_where_every_user_pool_lags(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    """What is not paced comes in bursts here: three calls for a user pool count for the quota of its resources."""
    tenants, clock = [silo(number) for number in range(30)], Clock()
    held = cognito_of(settings, clock, tenants, 1)
    with held.answering(wire), tables_of(wire, tenants, held):
        lagging.run(clients, settings, clock=clock)
    assert_half_the_rate_at_most(held)
    half = int(HALF * RATE_QUOTAS["UserPoolResourceUpdate"].a_second)
    assert held.fullest_second()["UserPoolResourceUpdate"] >= half - 1  # looks at app clients come between


def test_admins_of_pool_tenants_are_looked_up_at_half_the_rate(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    """Of a pool tenant nothing else is looked at, so nothing else keeps these calls apart."""
    tenants, clock = [sharing(number, "pool") for number in range(100)], Clock()
    held = cognito_of(settings, clock, tenants, 1)
    with held.answering(wire), tables_of(wire, tenants, held):
        lagging.run(clients, settings, clock=clock)
    assert held.counted() == {"AdminGetUser": len(tenants), REGISTERS: len(tenants)}
    assert held.fullest_second() == {"UserRead": HALF * RATE_QUOTAS["UserRead"].a_second}


def test_app_clients_of_one_user_pool_take_half_of_its_own_rate_at_most(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    tenants, clock = [sharing(number, "bridge") for number in range(30)], Clock()
    held = cognito_of(settings, clock, tenants, 1)
    held.user_pools[SHARED] = user_pool(settings, tenants[0])
    with held.answering(wire), tables_of(wire, tenants, held):
        lagging.run(clients, settings, clock=clock)
    assert held.changes() == {"UpdateUserPoolClient": len(tenants), REGISTERS: len(tenants)}
    fullest = held.fullest_second(of_a_user_pool=True)
    assert fullest["DescribeUserPoolClient"] == fullest["UpdateUserPoolClient"] == 2
    assert_half_the_rate_at_most(held)


@pytest.mark.parametrize("call", range(1, CALLS_OF_FEW + 1))
def test_a_run_that_ends_at_any_call_is_begun_again_and_does_nothing_twice(
    call: int, clients: Clients, settings: Settings, wire: Wire
) -> None:
    tenants, clock = [silo(number) for number in range(FEW)], Clock()
    held, other = cognito_of(settings, clock, tenants, 2), cognito_of(settings, clock, tenants, 2)
    with other.answering(wire), tables_of(wire, tenants, other):
        lagging.run(clients, settings, clock=clock)
    assert len(other.calls) == CALLS_OF_FEW
    held.ends_after = call
    with held.answering(wire), tables_of(wire, tenants, held):
        with pytest.raises(DeathError):
            lagging.run(clients, settings, clock=clock)
        held.ends_after = None
        lagging.run(clients, settings, clock=clock)
        assert held.state() == other.state()
        assert held.changes() == other.changes()
        before = len(held.calls)
        lagging.run(clients, settings, clock=clock)
        assert {operation for operation, *_ in held.calls[before:]} == {"DescribeUserPool", "DescribeUserPoolClient"}


def test_every_call_to_cognito_is_repeated_at_its_pace_when_it_is_throttled(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    tenants, clock = [silo(number) for number in range(FEW)], Clock()
    held, other = cognito_of(settings, clock, tenants, 2), cognito_of(settings, clock, tenants, 2)
    with other.answering(wire), tables_of(wire, tenants, other):
        lagging.run(clients, settings, clock=clock)
    with ExitStack() as throttling:
        for operation in other.counted().keys() - {REGISTERS}:
            throttling.enter_context(wire.strikes(operation, faults.throttled))
        throttling.enter_context(held.answering(wire))
        throttling.enter_context(tables_of(wire, tenants, held))
        lagging.run(clients, settings, clock=clock)
    assert held.state() == other.state()
    assert held.changes() == other.changes()
