"""Converging a thousand user pools takes no more than half of Cognito's rate, and may end at any call."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import cognito, desired_settings, tenant_resources
from orchestrator.identity.paced_calls import SHARE
from orchestrator.identity.rate_quotas import RATE_QUOTAS
from orchestrator.steps.create_app_client import app_client
from orchestrator.tenants import stored_requests
from orchestrator.tenants.ledger import Record
from tests.unit import faults
from tests.unit.conftest import tenant_created
from tests.unit.faults import ALWAYS, DeathError, Wire
from tests.unit.operations import lagging
from tests.unit.operations.cognito_of_many import CognitoOfMany
from tests.unit.operations.lagging import Clock

OLD_POOL: dict[str, Any] = {"DeletionProtection": "INACTIVE"}
OLD_CLIENT: dict[str, Any] = {"AuthSessionValidity": 3, "WriteAttributes": ["email", "name"]}
MANY, ONE_IN = 1_000, 10
FEW = 4
SHARED = "eu-central-1_shared"


def silo(number: int) -> Record:
    """Return the record of a completed silo tenant."""
    tenant_id = f"t{number:04d}"
    made = {"userPoolId": f"eu-central-1_{tenant_id}", "appClientId": f"client{tenant_id}", "domain": "t-1"}
    return {
        "tenantId": tenant_id,
        "item": "RECORD",
        "tier": "silo",
        "status": "COMPLETED",
        "routing": {"subdomain": tenant_id},
        "resources": made,
    }


def bridge(number: int) -> Record:
    """Return the record of a completed bridge tenant, all in one user pool."""
    record = silo(number)
    return record | {"tier": "bridge", "resources": record["resources"] | {"userPoolId": SHARED}}


def cognito_of(settings: Settings, clock: Clock, tenants: list[Record], one_in: int) -> CognitoOfMany:
    """Return a Cognito in which the user pool and app client of one tenant in so many are of an earlier release."""
    held = CognitoOfMany(clock, {}, {})
    for number, record in enumerate(tenants):
        lags, made = number % one_in == 0, record["resources"]
        wanted = desired_settings.of_user_pool(settings, tenant_resources.user_pool(settings, record))
        schema = [each | {"Name": f"custom:{each['Name']}"} for each in wanted.pop("Schema")]
        described = {"Id": made["userPoolId"], "Name": wanted.pop("PoolName"), "SchemaAttributes": schema}
        old = OLD_POOL if lags else {}
        held.user_pools[made["userPoolId"]] = described | wanted | {"Domain": "t-1"} | old
        new = app_client(settings, record, stored_requests.read(request(record)).app_client)
        made_with = cognito.app_client_parameters(settings, new)
        held.app_clients[made["appClientId"]] = made_with | (OLD_CLIENT if lags else {})
    return held


def request(record: Record) -> str:
    """Return the event that a tenant came from."""
    return json.dumps(tenant_created(record["tenantId"], tier=record["tier"]))


@contextmanager
def tables_of(wire: Wire, tenants: list[Record]) -> Iterator[None]:
    """Let DynamoDB have these tenants and no shared user pool."""
    typed = TypeSerializer()
    items = {each["tenantId"]: {"RECORD": each, "REQUEST": {"request": request(each)}} for each in tenants}

    def item(key: dict[str, Any]) -> dict[str, Any]:
        found = items[key["tenantId"]["S"]][key["item"]["S"]]
        return {name: typed.serialize(value) for name, value in found.items()}

    def query(body: dict[str, Any]) -> dict[str, Any]:
        found = [{"tenantId": {"S": each}} for each in items] if "IndexName" in body else []
        return {"Items": found, "Count": len(found)}

    def batch(body: dict[str, Any]) -> dict[str, Any]:
        ((table, asked),) = body["RequestItems"].items()
        return {"Responses": {table: [item(key) for key in asked["Keys"]]}}

    def get(body: dict[str, Any]) -> dict[str, Any]:
        return {"Item": item(body["Key"])}

    with ExitStack() as answering:
        for operation, answer in {"Query": query, "BatchGetItem": batch, "GetItem": get}.items():
            answering.enter_context(wire.strikes(operation, _answers(answer), times=ALWAYS))
        yield


def _answers(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[AWSPreparedRequest], AWSResponse]:
    def strike(request: AWSPreparedRequest) -> AWSResponse:
        body = json.loads(request.body or b"{}")  # type: ignore[arg-type]  # no files here
        return faults.answered(**answer(body))(request)

    return strike


def test_a_thousand_user_pools_take_half_the_rate_at_most_and_only_what_differs_is_changed(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    tenants, clock = [silo(number) for number in range(MANY)], Clock()
    held = cognito_of(settings, clock, tenants, ONE_IN)
    with held.answering(wire), tables_of(wire, tenants):
        outcomes = lagging.run(clients, settings, clock=clock)
    assert held.counted() == {
        "DescribeUserPool": MANY,
        "DescribeUserPoolClient": MANY,
        "UpdateUserPool": MANY // ONE_IN,
        "UpdateUserPoolClient": MANY // ONE_IN,
    }
    assert sum(each.result == "changed" for each in outcomes) == 2 * MANY // ONE_IN
    for quota, calls in held.fullest_second().items():
        assert calls <= SHARE * RATE_QUOTAS[quota].a_second
    assert clock() < 180


def test_app_clients_of_one_user_pool_take_half_of_its_own_rate_at_most(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    tenants, clock = [bridge(number) for number in range(30)], Clock()
    held = cognito_of(settings, clock, tenants, 1)
    with held.answering(wire), tables_of(wire, tenants):
        lagging.run(clients, settings, clock=clock)
    fullest = held.fullest_second(of_a_user_pool=True)
    assert fullest == {"DescribeUserPoolClient": 2, "UpdateUserPoolClient": 2}
    assert fullest["UpdateUserPoolClient"] <= SHARE * (RATE_QUOTAS["UserPoolClientUpdate"].in_a_user_pool or 0)


@pytest.mark.parametrize("call", range(1, 3 * FEW + 1))
def test_a_run_that_ends_at_any_call_is_begun_again_and_does_nothing_twice(
    call: int, clients: Clients, settings: Settings, wire: Wire
) -> None:
    """Every second of these tenants lags: two reads each, and two changes of every second."""
    tenants, clock = [silo(number) for number in range(FEW)], Clock()
    held, other = cognito_of(settings, clock, tenants, 2), cognito_of(settings, clock, tenants, 2)
    with other.answering(wire), tables_of(wire, tenants):
        lagging.run(clients, settings, clock=clock)
    assert len(other.calls) == 3 * FEW
    held.ends_after = call
    with held.answering(wire), tables_of(wire, tenants):
        with pytest.raises(DeathError):
            lagging.run(clients, settings, clock=clock)
        held.ends_after = None
        lagging.run(clients, settings, clock=clock)
        assert held.state() == other.state()
        changed = {name: number for name, number in held.counted().items() if name.startswith("Update")}
        assert changed == {"UpdateUserPool": FEW // 2, "UpdateUserPoolClient": FEW // 2}
        before = len(held.calls)
        lagging.run(clients, settings, clock=clock)
        assert {operation for operation, *_ in held.calls[before:]} == {"DescribeUserPool", "DescribeUserPoolClient"}
