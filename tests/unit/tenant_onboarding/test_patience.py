"""Whoever waits gets an answer in time: over what is over in a moment, and however long AWS would have us wait."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from orchestrator.aws.clients import WHILE_SOMEBODY_WAITS, Clients
from tenant_onboarding.authorizer import patience
from tenant_onboarding.authorizer.dynamodb import WHILE_SOMEBODY_SIGNS_IN, Reader
from tenant_onboarding.authorizer.patience import PAUSES, Patience
from tests.unit.conftest import REGION
from tests.unit.faults import ALWAYS, Wire, answered, lost_response, refused

Read = Callable[[], Any]
KEY: dict[str, Any] = {"TableName": "routes", "Key": {"routeKey": "subdomain#acme"}, "ConsistentRead": True}
BLIP_SECONDS = 0.2


class Dynamo(ThreadingHTTPServer):
    """Answers as DynamoDB does when something is wrong there, and would have its callers wait for a minute."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = 0
        self.failing = ALWAYS
        self.error, self.status = "InternalServerError", 500


class _Handler(BaseHTTPRequestHandler):
    server: Dynamo

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        well = self.server.asked > self.server.failing
        body = b"{}" if well else b'{"__type": "com.amazonaws.dynamodb.v20120810#%s"}' % self.server.error.encode()
        self.send_response(200 if well else self.server.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-retry-after", "60000")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def dynamo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dynamo]:
    with serving() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{server.server_port}")
        yield server


@contextmanager
def serving() -> Iterator[Dynamo]:
    with Dynamo() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def session(_session: boto3.Session) -> boto3.Session:
    """The session of all tests, which speaks through the wire."""
    return _session


def read_in_the_authorizer() -> Any:
    return Reader().get_item(**KEY)


def read_in_a_trigger() -> Any:
    return Clients(boto3.Session(region_name=REGION)).registry.get_item(**KEY)


def read_in_the_status_api() -> Any:
    return Clients(boto3.Session(region_name=REGION), patience=WHILE_SOMEBODY_WAITS).dynamodb.get_item(**KEY)


EVERYBODY = pytest.mark.parametrize("read", [read_in_the_authorizer, read_in_a_trigger, read_in_the_status_api])


@EVERYBODY
def test_nobody_waits_longer_because_a_header_says_so(dynamo: Dynamo, naps: list[float], read: Read) -> None:
    with pytest.raises(ClientError, match="InternalServerError"):
        read()
    assert dynamo.asked == len(PAUSES) + 1 == 5
    assert len(naps) == 4
    assert all(pause / 2 <= nap <= pause for nap, pause in zip(naps, PAUSES, strict=True))


@EVERYBODY
@pytest.mark.parametrize(("error", "status"), [("ThrottlingException", 400), ("ServiceUnavailable", 503)])
def test_what_is_over_in_a_moment_is_not_seen(
    dynamo: Dynamo, naps: list[float], read: Read, error: str, status: int
) -> None:
    dynamo.error, dynamo.status, dynamo.failing = error, status, len(PAUSES)
    assert "Item" not in read()
    assert sum(naps) > BLIP_SECONDS


def test_even_the_shortest_pauses_outlast_a_blip() -> None:
    assert sum(PAUSES) / 2 > BLIP_SECONDS


@EVERYBODY
def test_what_would_be_refused_again_is_not_asked_for_again(dynamo: Dynamo, naps: list[float], read: Read) -> None:
    dynamo.error, dynamo.status = "ResourceNotFoundException", 400
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        read()
    assert (dynamo.asked, naps) == (1, [])


@pytest.mark.parametrize("chosen", [WHILE_SOMEBODY_SIGNS_IN, WHILE_SOMEBODY_WAITS])
@pytest.mark.parametrize("quick", [0, 1, 3])
def test_no_try_begins_that_could_outlast_the_whole(
    wire: Wire,
    session: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
    naps: list[float],
    chosen: Patience,
    quick: int,
) -> None:
    """After `quick` answers that came at once, none comes any more: each try takes all that it may."""
    now = [1_000.0]
    monkeypatch.setattr(patience, "monotonic", lambda: now[0] + sum(naps))

    def silent(request: Any) -> Any:
        now[0] += chosen.connect_seconds + chosen.answer_seconds
        return lost_response(request)

    client = chosen.teach(session.client("dynamodb", config=chosen.config))
    with (
        wire.strikes("GetItem", refused("InternalServerError", status=500), times=quick),
        wire.strikes("GetItem", silent, times=ALWAYS),
        pytest.raises(ReadTimeoutError),
    ):
        client.get_item(TableName="routes", Key={"routeKey": {"S": "acme"}})
    assert now[0] + sum(naps) - 1_000 <= chosen.seconds
    assert wire.count("GetItem") >= 2


def test_each_call_has_all_its_patience(wire: Wire, clients: Clients, naps: list[float]) -> None:
    for _ in range(3):
        with wire.strikes("GetItem", refused("InternalServerError", status=500), times=4):
            assert "Item" not in clients.registry.get_item(**KEY)
    assert len(naps) == 12


def test_a_client_is_taught_once(wire: Wire, clients: Clients, naps: list[float]) -> None:
    again = WHILE_SOMEBODY_SIGNS_IN.teach(clients.registry)
    with wire.strikes("GetItem", answered(), times=1):
        again.get_item(**KEY)
    assert naps == []
