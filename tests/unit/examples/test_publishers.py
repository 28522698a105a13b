"""The examples of publishers, run against an EventBridge on loopback that does not take every entry."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # has no types
import pytest

from tenant_onboarding.contracts.detail_types import json_schema
from tests.publishers import EXAMPLES, KINDS, run
from tests.unit.conftest import REGION, tenant_created

BUS = "TenantOnboardingBus"


@dataclass
class Bus:
    """What takes entries, but the first `refusals` times none of the tenants that it refuses."""

    refused: frozenset[str] = frozenset()
    refusals: int = 0
    calls: list[list[dict[str, Any]]] = field(default_factory=list)
    endpoint: str = ""

    def put(self, entries: list[dict[str, Any]]) -> list[dict[str, str]]:
        self.calls.append(entries)
        refuses = len(self.calls) <= self.refusals
        tenants = [json.loads(entry["Detail"])["tenantId"] for entry in entries]
        return [
            {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
            if refuses and tenant in self.refused
            else {"EventId": f"event-of-{tenant}"}
            for tenant in tenants
        ]

    @contextmanager
    def serving(self) -> Iterator["Bus"]:
        bus = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.headers["X-Amz-Target"] == "AWSEvents.PutEvents"
                answers = bus.put(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Entries"])
                failed = len([each for each in answers if "ErrorCode" in each])
                body = json.dumps({"FailedEntryCount": failed, "Entries": answers}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            serving = Thread(target=server.serve_forever)
            serving.start()
            self.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
            try:
                yield self
            finally:
                server.shutdown()
                serving.join()


def publish(kind: str, bus: Bus, folder: Path, count: int) -> Any:
    files = [folder / f"{number}.json" for number in range(count)]
    for number, file in enumerate(files):
        file.write_text(json.dumps(tenant_created(f"tenant-{number}", tenantName='"Zoë" 名')))
    aws = {
        "AWS_ENDPOINT_URL": bus.endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "NO_PROXY": "127.0.0.1",
    }
    return run(kind, folder, BUS, files, aws)


def tenants(entries: list[dict[str, Any]]) -> list[str]:
    return [json.loads(entry["Detail"])["tenantId"] for entry in entries]


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_is_put_on_the_bus_as_it_is(kind: str, tmp_path: Path) -> None:
    count = 10 if kind == "aws-cli" else 12
    with Bus().serving() as bus:
        done = publish(kind, bus, tmp_path, count)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [f"event-of-tenant-{n}" for n in range(count)]
    entries = [entry for call in bus.calls for entry in call]
    assert max(map(len, bus.calls)) == 10
    for number, entry in enumerate(entries):
        assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (BUS, "billing", "TenantCreated")
        assert json.loads(entry["Detail"]) == tenant_created(f"tenant-{number}", tenantName='"Zoë" 名')


@pytest.mark.parametrize("kind", ["boto3", "javascript"])
def test_what_the_bus_did_not_take_is_put_there_again_and_nothing_else(kind: str, tmp_path: Path) -> None:
    with Bus(frozenset({"tenant-1"}), refusals=1).serving() as bus:
        done = publish(kind, bus, tmp_path, 3)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["event-of-tenant-0", "event-of-tenant-1", "event-of-tenant-2"]
    assert [tenants(call) for call in bus.calls] == [["tenant-0", "tenant-1", "tenant-2"], ["tenant-1"]]


@pytest.mark.parametrize("kind", ["boto3", "javascript"])
def test_what_the_bus_never_takes_is_an_error_that_names_the_tenant(kind: str, tmp_path: Path) -> None:
    with Bus(frozenset({"tenant-1"}), refusals=99).serving() as bus:
        done = publish(kind, bus, tmp_path, 2)
    assert done.returncode == 1
    assert "not sent: tenant-1" in done.stderr
    assert len(bus.calls) == 5


def test_the_aws_cli_ends_with_an_error_unless_every_entry_was_taken(tmp_path: Path) -> None:
    with Bus(frozenset({"tenant-1"}), refusals=1).serving() as bus:
        done = publish("aws-cli", bus, tmp_path, 2)
    assert done.returncode == 1
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["event-of-tenant-0", "None"],
        ["None", "ThrottlingException"],
    ]


def test_the_entries_to_copy_are_right_but_for_the_name_of_the_bus() -> None:
    (entry,) = json.loads((EXAMPLES / "aws-cli" / "entries.json").read_text())
    assert entry.keys() == {"EventBusName", "Source", "DetailType", "Detail"}
    assert (entry["EventBusName"], entry["DetailType"]) == ("<EventBusName>", "TenantCreated")
    jsonschema.validate(json.loads(entry["Detail"]), json_schema("TenantCreated"))
