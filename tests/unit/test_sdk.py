"""Tests share the SDK's clients and the simulated AWS, and no test finds anything of another."""

from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from orchestrator.aws.clients import ONCE, RETRYING, Clients
from tests.unit import faults
from tests.unit.conftest import REGION
from tests.unit.faults import Wire


@pytest.fixture
def session(_session: boto3.Session, wire: Wire) -> boto3.Session:
    """The session of all tests."""
    return _session


TWICE = pytest.mark.parametrize("time", ["first", "second"])
"""The second time finds what the first one left."""


@TWICE
def test_what_one_test_writes_another_does_not_find(time: str, clients: Clients, claim: Any) -> None:
    assert clients.dynamodb.scan(TableName="tenants")["Items"] == []
    assert clients.cognito.list_user_pools(MaxResults=60)["UserPools"] == []
    clients.cognito.create_user_pool(PoolName="left")
    claim()
    assert len(clients.dynamodb.scan(TableName="tenants")["Items"]) > 1


@TWICE
def test_what_one_test_sends_another_does_not_count(time: str, clients: Clients, wire: Wire) -> None:
    assert wire.operations() == []
    clients.events.put_events(Entries=[{"Source": "billing", "DetailType": "TenantCreated", "Detail": "{}"}])
    wire._faults.append(faults.Fault("PutEvents", faults.unreachable, left=faults.ALWAYS, spared=0))
    assert wire.operations() == ["PutEvents"]


@TWICE
def test_a_handler_of_one_test_is_not_called_in_another(time: str, clients: Clients) -> None:
    called: list[str] = []
    for client in (clients.events, clients.dynamodb):
        assert not hasattr(client, "left")
        client.meta.events.register("before-call", lambda **_: called.append(time))
        client.left = True  # type: ignore[union-attr]  # to be seen again
    clients.events.list_event_buses()
    clients.dynamodb.list_tables()
    assert called == [time, time]


@TWICE
def test_failures_of_one_test_leave_another_all_its_retries(time: str, clients: Clients, wire: Wire) -> None:
    with wire.strikes("ListEventBuses", faults.server_error, times=faults.ALWAYS):
        tries = 0
        while wire.count("ListEventBuses") == 3 * tries:
            with pytest.raises(ClientError):
                clients.events.list_event_buses()
            tries += 1
    assert tries == 18


def test_a_client_is_made_once_for_each_configuration(session: boto3.Session, clients: Clients) -> None:
    assert clients.cognito is Clients(session).cognito
    assert clients.cognito is not clients.cognito_once
    assert clients.cognito is not clients.in_region("eu-west-1").cognito
    made = session.client("cognito-idp", region_name=REGION, config=RETRYING)
    assert made is clients.cognito is not session.client("cognito-idp", region_name=REGION, config=ONCE)


def test_a_resource_does_not_share_its_client_whose_values_are_plain_python(
    session: boto3.Session, clients: Clients
) -> None:
    clients.dynamodb.put_item(TableName="routes", Item={"routeKey": "plain"})
    typed = session.client("dynamodb", region_name=REGION, config=RETRYING)
    assert typed.scan(TableName="routes")["Items"] == [{"routeKey": {"S": "plain"}}]


def test_models_are_read_once_whoever_asks() -> None:
    first, second = (boto3.Session(region_name=REGION).client("events").meta.service_model for _ in range(2))
    assert first.metadata is second.metadata


def test_a_request_says_whose_it_is(clients: Clients, wire: Wire) -> None:
    seen: list[str] = []

    def noted(request: AWSPreparedRequest) -> AWSResponse:
        seen.append(str(request.headers["Authorization"]))
        return faults.answer(request)

    with wire.strikes("ListEventBuses", noted):
        clients.events.list_event_buses()
    (authorization,) = seen
    assert "Credential=testing/" in authorization
    assert f"/{REGION}/events/aws4_request" in authorization
