"""What the tests in process share: a simulated AWS with the stack's tables, and tenants claimed in it.

The clients are the product's own, with their time-outs and retries; only the wire below them is simulated.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend

from orchestrator import steps
from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import intake
from orchestrator.tenants import kinds
from orchestrator.tenants.ledger import Record, Turn
from orchestrator.tenants.records import read_record
from tests.sdk import SharedClients
from tests.unit import simulation, strict_cognito
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws
from tests.unit.simulation import (
    ABANDONMENT,
    ACCOUNT,
    CONFIGURATION_SET,
    EVENT_BUS,
    REGION,
    SENDER,
    STATE_MACHINE,
    TABLES,
)

__all__ = ["ABANDONMENT", "ACCOUNT", "CONFIGURATION_SET", "EVENT_BUS", "REGION", "SENDER", "STATE_MACHINE", "TABLES"]

_wire = Wire()
_owners = itertools.count(1)
"""Of invocations, each of which is one's own also where an AWS is given back that earlier ones left."""


@pytest.fixture(scope="session")
def _session() -> Iterator[boto3.Session]:
    """One session for all tests."""
    with simulation.session_on(_wire) as session:
        yield session


@pytest.fixture(scope="session")
def _shared_clients(_session: boto3.Session) -> Iterator[SharedClients]:
    """The session's clients: each is made once."""
    with SharedClients(_session).standing_in() as shared:
        yield shared


@pytest.fixture(autouse=True)
def _aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test can reach a real account or a local stack."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the SDK and our own code would have slept; nobody really sleeps."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(writes, "uniform", lambda low, high: low)
    return slept


@pytest.fixture(scope="package")
def _aws() -> Iterator[None]:
    """The simulated AWS, switched on once: that takes longer than most tests; each starts with an empty one."""
    with simulation.switched_on():
        yield


@pytest.fixture(scope="package")
def _cognito_rules(_aws: None) -> Iterator[strict_cognito.Rules]:
    with strict_cognito.enforced() as rules:
        yield rules


@pytest.fixture
def cognito_rules(_cognito_rules: strict_cognito.Rules) -> strict_cognito.Rules:
    """What Cognito refuses and moto would not; give them lower quotas by `cognito_rules.limits = Limits(…)`."""
    _cognito_rules.limits = strict_cognito.Limits()
    return _cognito_rules


@pytest.fixture
def wire(_aws: None, cognito_rules: strict_cognito.Rules, _shared_clients: SharedClients) -> Wire:
    """The wire below every client; give it faults by `wire.strikes(operation, faults.…)`."""
    moto_api_backend.reset()
    _shared_clients.rest()
    _wire.reset()
    return _wire


@pytest.fixture
def settings() -> Settings:
    """The settings of a stack with small shared user pools and no waiting."""
    return simulation.small_stack()


@pytest.fixture
def kept(
    wire: Wire, cognito_rules: strict_cognito.Rules, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> KeptAws:
    """The simulated AWS, to be set up by `kept.once`."""
    return KeptAws(wire, cognito_rules, naps, monkeypatch)


@pytest.fixture
def clients(kept: KeptAws, wire: Wire, _session: boto3.Session) -> Clients:
    """The product's clients, in an AWS that has the stack's tables, bus, workflow and verified sender."""
    clients = Clients(_session)
    kept.once("stack", lambda: simulation.deploy(clients))
    wire.attempts.clear()
    return clients


@pytest.fixture
def published(_session: boto3.Session, clients: Clients, kept: KeptAws) -> Callable[[], list[dict[str, Any]]]:
    """What is on the bus: returns each event with `source`, `detail-type` and `detail`, in order."""
    sqs = _session.client("sqs")

    def listen() -> str:
        url = sqs.create_queue(QueueName="published")["QueueUrl"]
        clients.events.put_rule(Name="all", EventBusName=EVENT_BUS, EventPattern=json.dumps({"account": [ACCOUNT]}))
        target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:published"}
        clients.events.put_targets(Rule="all", EventBusName=EVENT_BUS, Targets=[target])  # type: ignore[list-item]  # the stubs' TypedDict
        return url

    queue = kept.once("published", listen)
    seen: list[dict[str, Any]] = []

    def read() -> list[dict[str, Any]]:
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                seen.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return list(seen)

    return read


@pytest.fixture
def claim(clients: Clients, settings: Settings) -> Callable[..., Record]:
    """Claim a tenant and start its execution, as an event on the bus would; returns the record (IN_PROGRESS)."""

    def claim(tenant_id: str = "acme", **changes: Any) -> Record:
        answered, _ = intake.receive(clients, settings, message(tenant_created(tenant_id, **changes)))
        assert answered == intake.STARTED
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
        assert record
        return record

    return claim


@pytest.fixture
def run(clients: Clients, settings: Settings) -> Callable[..., None]:
    """Run steps of a tenant, each as an invocation of its own; see `turn` for attempt, redrive and lease."""

    def run(*names: str, tenant_id: str = "acme", **which: Any) -> None:
        for name in names:
            carry_out(
                clients,
                settings,
                tenant_id,
                turn(name, f"invocation-{next(_owners)}", **which),
            )

    return run


@pytest.fixture
def record_of(clients: Clients, settings: Settings) -> Callable[..., Record]:
    """Read a tenant's record as it is now."""

    def record_of(tenant_id: str = "acme") -> Record:
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
        assert record
        return record

    return record_of


def tenant_created(tenant_id: str = "acme", **changes: Any) -> dict[str, Any]:
    """Return a valid TenantCreated detail of tier pool; `changes` replace its top-level fields."""
    return {
        "tenantId": tenant_id,
        "tenantName": f"{tenant_id.capitalize()} Inc.",
        "tier": "pool",
        "admin": {"email": f"admin@{tenant_id}.example", "name": f"{tenant_id.capitalize()} Admin"},
        "routing": {"subdomain": tenant_id, "tenantCode": f"{tenant_id.upper()}-42"},
    } | changes


def message(
    detail: Any, event_id: str = "11111111-2222-3333-4444-555555555555", sent_at: str = "2026-01-01T00:00:00Z"
) -> str:
    """Return a message of the intake queue: EventBridge's envelope around a detail."""
    envelope = {
        "version": "0",
        "id": event_id,
        "detail-type": "TenantCreated",
        "source": "billing",
        "account": ACCOUNT,
        "time": sent_at,
        "region": REGION,
        "resources": [],
        "detail": detail,
    }
    return json.dumps(envelope)


def carry_out(clients: Clients, settings: Settings, tenant_id: str, turn: Turn) -> None:
    """Carry out a step of a tenant's onboarding or abandonment, as the workflow's function does."""
    steps.run(clients, settings, kinds.of_step(settings, tenant_id, turn.step), turn)


def turn(step: str, owner: str = "request-1", *, attempt: int = 1, redrive: int = 0, lease: float = 60.0) -> Turn:
    """Return an invocation's claim to a step; its lease ends `lease` seconds from now."""
    return Turn(step, owner, attempt, redrive, lease_until=time.time() + lease)
