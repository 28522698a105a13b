"""A stack as the tests of intake, outcome, reconcile and retry see it: what goes in, what stands where, what comes out.

moto runs no workflow, so tests say how executions stand.
"""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.validate import validate_parameters
from moto.stepfunctions.models import stepfunctions_backends

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import intake
from orchestrator.tenants import counters
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import RECORD, read_record
from tests.sdk import model_of
from tests.unit.conftest import ACCOUNT, REGION, STATE_MACHINE, message
from tests.unit.faults import Wire, answer, refused
from tests.unit.item_kinds import kind_of

STOPPED = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = "2026-01-01T00:00:00.000Z"

entry_refused = refused("", status=200, FailedEntryCount=1, Entries=[{"ErrorCode": "InternalFailure"}])
"""PutEvents answers 200, and that it did not take the entry."""


@dataclass(frozen=True)
class Stack:
    """One stack in a simulated AWS."""

    clients: Clients
    settings: Settings
    wire: Wire
    read_bus: Callable[[], list[dict[str, Any]]]

    def receive(self, detail: object, event_id: str = "event-1") -> str:
        """Let intake judge an event that is sent now; returns its answer."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return intake.receive(self.clients, self.settings, message(detail, event_id, now))[0]

    def record(self, tenant_id: str = "acme") -> Record:
        """Return a tenant's record, empty if there is none."""
        return read_record(self.clients.dynamodb, self.settings.tenants_table, tenant_id) or {}

    def change(self, tenant_id: str = "acme", item: str = RECORD, **values: object) -> None:
        """Change attributes of a tenant's item behind everybody's back."""
        change = Change(self.settings.tenants_table, {"tenantId": tenant_id, "item": item})
        for name, value in values.items():
            change.set(name, value)
        self.clients.dynamodb.update_item(**change.arguments())

    def age(self, tenant_id: str = "acme", item: str = RECORD) -> None:
        """Let an item look as if nothing had moved it for long."""
        unpublished = {"unpublishedSince": LONG_AGO} if "unpublished" in self.items()[tenant_id, item] else {}
        self.change(tenant_id, item, statusChangedAt=LONG_AGO, **unpublished)

    def items(self) -> dict[tuple[str, str], Record]:
        """Return all items of the tenants table by their keys, those that count tenants apart."""
        rows = self.rows()
        items = {(row["tenantId"], row["item"]): row for row in rows if row["item"] != counters.COUNTERS}
        return {key: row for key, row in items.items() if row["tenantId"] != counters.COMPLETIONS}

    def rows(self) -> list[Record]:
        """Return all items of the tenants table, each of which is of a kind that is known."""
        found = self.clients.dynamodb.scan(TableName=self.settings.tenants_table)["Items"]
        rows: list[Record] = [dict(item) for item in found]
        assert all(map(kind_of, rows))
        return rows

    def rejections(self) -> list[Record]:
        """Return the records of rejected events."""
        return [row for (_, item), row in self.items().items() if item.startswith(REJECTED)]

    def routes(self) -> dict[str, Record]:
        """Return the routes by their keys."""
        found = self.clients.dynamodb.scan(TableName=self.settings.routes_table)["Items"]
        return {str(route["routeKey"]): dict(route) for route in found}

    def counters(self) -> dict[str, int]:
        """Return how many tenants are counted, by status and tier."""
        return {name: number for name, number in self._counted().items() if "#" in name}

    def failures(self) -> dict[str, int]:
        """Return how many tenants are counted as FAILED, by `failed:step:error`."""
        return {name: number for name, number in self._counted().items() if "#" not in name}

    def _counted(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for shard in range(counters.COUNTER_SHARDS):
            key = counters.counter_key(shard)
            row: Record = dict(
                self.clients.dynamodb.get_item(TableName=self.settings.tenants_table, Key=key).get("Item", {})
            )
            for name in row.keys() - key:
                total[name] = total.get(name, 0) + int(row[name])
        return {name: number for name, number in total.items() if number}

    def published(self, detail_type: str) -> list[dict[str, Any]]:
        """Return the details of the events of a type that are on the bus, in their order."""
        return [event["detail"] for event in self.read_bus() if event["detail-type"] == detail_type]

    def event_keys(self) -> list[str]:
        """Return the keys of all events of ours on the bus, in their order."""
        return [event["detail"]["eventKey"] for event in self.read_bus()]


@pytest.fixture
def stack(clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]) -> Stack:
    """A stack without tenants."""
    return Stack(clients, settings, wire, published)


def deploy_trigger(clients: Clients, region: str, *, alias: str | None = "live") -> None:
    """Deploy to another Region what user pools there need, as `infra/regional.py` does."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")
    name, functions = "TenantOnboarding-token-claims", clients.in_region(region).functions
    trust = json.dumps({"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}}]})
    role = boto3.client("iam").create_role(RoleName=f"{name}-{region}", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    source: Any = {"ZipFile": code.getvalue()}
    functions.create_function(FunctionName=name, Role=role, Code=source, Handler="h.h", Runtime="python3.13")
    if alias:
        version = functions.publish_version(FunctionName=name)["Version"]
        functions.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)


def arn_of(tenant_id: str = "acme", attempt: int = 1, machine: str = STATE_MACHINE) -> str:
    """Return the ARN of a tenant's attempt."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{machine}:{tenant_id}-{attempt}"


def executions(machine: str = STATE_MACHINE) -> list[str]:
    """Return the names of all executions that a state machine has, in the order of their start."""
    machines = {each.name: each for each in stepfunctions_backends[ACCOUNT][REGION].state_machines}
    return [execution.name for execution in machines[machine].executions]


def ended(arn: str, status: str = "FAILED", error: str | None = None, cause: str | None = None) -> str:
    """Let an execution have ended; returns its ARN."""
    execution: Any = stepfunctions_backends[ACCOUNT][REGION].describe_execution(arn)
    execution.status, execution.error, execution.cause, execution.stop_date = status, error, cause, STOPPED
    return arn


def reporting(**fields: str | int) -> Callable[[AWSPreparedRequest], AWSResponse]:
    """Return a strike on DescribeExecution: moto's answer and fields that it lacks, valid under the service's model."""

    def strike(request: AWSPreparedRequest) -> AWSResponse:
        response = answer(request)
        told = json.loads(response.content) | fields
        times = {name: STOPPED for name in ("startDate", "stopDate") if name in told}
        validate_parameters(told | times, model_of("stepfunctions").operation_model("DescribeExecution").output_shape)
        response._content = json.dumps(told).encode()  # type: ignore[attr-defined]  # the stubs lack it
        return response

    return strike
