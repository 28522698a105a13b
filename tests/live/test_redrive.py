"""On AWS: a retry redrives the failed execution, and the record follows it. No emulator knows RedriveExecution.

    ONBOARDING_LIVE_STACK=TenantOnboarding .venv/bin/pytest -n 0 tests/live

It onboards a silo tenant whose SAML metadata is at an address that does not exist, lets it fail twice, and abandons it.
"""

import json
import os
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from orchestrator import operations
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import executions
from orchestrator.operations import deployment
from orchestrator.tenants import lifecycle
from orchestrator.tenants.events import put
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record
from tenant_onboarding.names import TENANT_CREATED

STACK = os.environ.get("ONBOARDING_LIVE_STACK", "")
MOST_SECONDS = 1200.0
"""A step that fails for good does so at once; what is throttled or not there yet is tried for minutes."""

pytestmark = pytest.mark.skipif(not STACK, reason="ONBOARDING_LIVE_STACK names no stack on AWS to try this on")


@pytest.fixture
def stack() -> tuple[Clients, Settings]:
    """The deployed stack."""
    return deployment.find(STACK)


@pytest.fixture
def tenant_id(stack: tuple[Clients, Settings]) -> Iterator[str]:
    """A tenant that cannot be completed; it is abandoned afterwards."""
    clients, settings = stack
    name = f"live-{uuid4().hex[:12]}"
    detail = {
        "tenantId": name,
        "tenantName": "A live test",
        "tier": "silo",
        "admin": {"email": f"admin@{name}.example"},
        "routing": {"subdomain": name},
        "identityProviders": [
            {"name": "Sso", "type": "SAML", "metadataUrl": f"https://idp.{name}.example/metadata"},
        ],
    }
    put(clients.events, settings.event_bus, source="live", detail_type=TENANT_CREATED, detail=json.dumps(detail))
    yield name
    operations.abandon(clients, settings, name)
    reach(stack, name, lifecycle.ABANDONED)


def reach(stack: tuple[Clients, Settings], tenant_id: str, status: str, redrives: int | None = None) -> Record:
    """Wait until a tenant has a status, and its execution that many redrives; return its record."""
    clients, settings = stack
    deadline = time.monotonic() + MOST_SECONDS
    record: Record = {}
    while time.monotonic() < deadline:
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
        if record.get("status") == status and redrives in (None, record["redriveCount"]):
            return record
        time.sleep(2)
    raise AssertionError(f"{tenant_id} is {record.get('status')}, redriven {record.get('redriveCount')} times")


def test_a_failed_execution_is_redriven_and_the_record_follows(stack: tuple[Clients, Settings], tenant_id: str) -> None:
    clients, settings = stack
    arn = executions.execution_arn(settings, tenant_id, 1)
    before = reach(stack, tenant_id, lifecycle.FAILED, redrives=0)
    assert before["failure"]["step"] == "CreateIdentityProviders"

    would = operations.preview(clients, settings, tenant_id)
    assert (would.attempt, would.how) == (1, "redriven")
    assert operations.retry(clients, settings, tenant_id) == operations.Retried(
        tenant_id, 1, "attempt 1 redriven", "redriven"
    )

    after = reach(stack, tenant_id, lifecycle.FAILED, redrives=1)
    execution: Any = clients.stepfunctions.describe_execution(executionArn=arn)
    assert (after["attempt"], execution["redriveCount"]) == (1, 1)
    assert after["resources"]["userPoolId"] == before["resources"]["userPoolId"]
    steps = {name: int(entry["begun"]) for name, entry in after["steps"].items()}
    assert steps == {name: int(entry["begun"]) for name, entry in before["steps"].items()} | {
        "CreateIdentityProviders": steps["CreateIdentityProviders"]
    }
    assert steps["CreateIdentityProviders"] > before["steps"]["CreateIdentityProviders"]["begun"]
