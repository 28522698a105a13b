"""The tenants that the browser sees: many from before, written as the orchestrator writes them, and new ones."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from orchestrator import status
from orchestrator.emails import reports
from orchestrator.local.ministack import REGION
from orchestrator.local.stack import LocalStack
from orchestrator.onboarding import intake
from orchestrator.tenants import counters, lifecycle
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import record_key
from orchestrator.welcome import mail_feedback
from tenant_onboarding.contracts.fields import TIERS
from tenant_onboarding.names import TENANT_CREATED

BOUNCE = Path(__file__).parents[1] / "events" / "ses" / "bounce.json"
FROM_BEFORE = 10_000
WAIT_SECONDS = 30
FAILURE = {
    "step": "CreateTenantGroup",
    "error": "QuotaExceededError",
    "message": "The user pool holds as many groups as it may.",
    "nextAction": "Ask for a higher quota, then retry.",
}


class Tenants:
    """The tenants of a local stack."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self._aws = (stack.clients, stack.settings)
        self._sender_is_verified = False

    def seed(self) -> None:
        """Write the tenants from before, and count them; the last changed of them changed a day ago."""
        counted = Counter[str]()
        with self._table().batch_writer() as batch:
            for record in _from_before(time.time() - 86_400):
                batch.put_item(Item=record)
                counted.update(counters.counters_of(record["status"], record["tier"], record.get("failure")))
            batch.put_item(Item=counters.counter_key(0) | dict(counted))

    def emit(self, detail: dict[str, Any]) -> str:
        """Put a TenantCreated on the bus; return the event's id."""
        return self.stack.emit(json.dumps(detail))

    def verify_sender(self) -> None:
        """Let welcome emails be sent from now on."""
        if not self._sender_is_verified:
            self.stack.clients.ses_once.create_email_identity(EmailIdentity=self.stack.settings.sender)
            self._sender_is_verified = True

    def forget_sender(self) -> None:
        """Let no welcome email be sent from now on."""
        if self._sender_is_verified:
            self.stack.clients.ses_once.delete_email_identity(EmailIdentity=self.stack.settings.sender)
            self._sender_is_verified = False

    def wait_for(self, tenant_id: str, *statuses: str) -> dict[str, Any]:
        """Return a tenant's page once it has one of the statuses."""
        page: dict[str, Any] = _until(lambda: self._page(tenant_id, statuses), f"{tenant_id} is none of {statuses}")
        return page

    @contextmanager
    def claimed(self, tenant_id: str, **changed: Any) -> Iterator[None]:
        """Claim a tenant as intake does, and start it when the with block ends."""
        body = json.dumps(
            {"id": f"of-{tenant_id}", "detail-type": TENANT_CREATED, "detail": event(tenant_id, **changed)}
        )
        may_start = threading.Event()
        with ThreadPoolExecutor(max_workers=1) as pool:
            intake_ends = pool.submit(
                lambda: intake.receive(*self._aws, body, wait_for=lambda _: may_start.wait(WAIT_SECONDS))
            )
            try:
                yield
            finally:
                may_start.set()
            intake_ends.result()

    def fail(self, tenant_id: str, **changed: Any) -> None:
        """Onboard a tenant that fails at its welcome email."""
        self.forget_sender()
        self.emit(event(tenant_id, **changed))
        self.wait_for(tenant_id, "FAILED")

    def bounce(self, tenant_id: str) -> None:
        """Onboard a tenant whose welcome email comes back."""
        self.verify_sender()
        self.emit(event(tenant_id))
        email = self.wait_for(tenant_id, "COMPLETED")["welcomeEmail"]
        said = json.loads(BOUNCE.read_text())
        tags = {tag["Name"]: [tag["Value"]] for tag in mail_feedback.tags(tenant_id, 1)}
        said["detail"]["mail"] |= {"messageId": email["messageId"], "tags": tags}
        clients, settings = self._aws
        news = reports.read(json.dumps(said))
        assert mail_feedback.record(clients.dynamodb, settings.tenants_table, news, "m0")

    def change(self, tenant_id: str, **attributes: Any) -> None:
        """Write attributes of a record, as no function of the stack would."""
        for name, value in attributes.items():
            self._table().update_item(
                Key=record_key(tenant_id),
                UpdateExpression="SET #name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":value": value},
            )

    def _table(self) -> Any:  # Any: the resource's table
        return boto3.resource("dynamodb", region_name=REGION).Table(self.stack.settings.tenants_table)

    def _page(self, tenant_id: str, statuses: tuple[str, ...]) -> dict[str, Any] | None:
        page = status.show(*self._aws, tenant_id)
        return page if page and page["status"] in statuses else None


def event(tenant_id: str, **changed: Any) -> dict[str, Any]:
    """Return the detail of an event of a pool tenant, but for what is changed."""
    return {
        "tenantId": tenant_id,
        "tenantName": f"{tenant_id.title()} Inc.",
        "tier": "pool",
        "admin": {"email": f"admin@{tenant_id}.example", "name": "Admin"},
        "routing": {"subdomain": tenant_id},
        **changed,
    }


def _from_before(until: float) -> Iterator[dict[str, Any]]:
    """Yield records: of a hundred each one abandoned, two failed, the others completed."""
    for number in range(FROM_BEFORE):
        changed_at, tier = timestamp(until - number), TIERS[number % len(TIERS)]
        entered = {0: lifecycle.ABANDONED, 1: lifecycle.FAILED, 2: lifecycle.FAILED}.get(
            number % 100, lifecycle.COMPLETED
        )
        tenant_id = f"before-{number:05d}"
        yield {
            **record_key(tenant_id),
            "tenantName": f"Before {number}",
            "tier": tier,
            "federated": False,
            "routing": {"subdomain": tenant_id},
            "status": entered,
            "attempt": 1,
            "redriveCount": 0,
            "steps": {},
            "resources": {},
            "requestedAt": timestamp(until - number - 3),
            "statusChangedAt": changed_at,
            "updatedAt": changed_at,
            **({"completedAt": changed_at} if entered == lifecycle.COMPLETED else {}),
            **({"failure": FAILURE} if entered == lifecycle.FAILED else {}),
        }


def _until(found: Callable[[], Any], otherwise: str) -> Any:  # Any: what is waited for
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        if answer := found():
            return answer
        time.sleep(0.1)
    raise AssertionError(otherwise)
