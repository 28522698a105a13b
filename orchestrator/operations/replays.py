"""Archived TenantCreated events go to the rule of intake once more, and to no other rule of the bus."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from tenant_onboarding.names import TENANT_CREATED

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

COMPLETED = "COMPLETED"
ENDED = (COMPLETED, "CANCELLED", "FAILED")
ARCHIVED_WITHIN_SECONDS = 600
"""EventBridge archives with a delay; its user guide says to wait ten minutes before a replay."""


class ReplayError(Exception):
    """There is nothing to replay from or to; the message says why."""


@dataclass(frozen=True)
class Plan:
    """From which archive to which rule, by their ARNs, and of which time, in epoch seconds."""

    archive: str
    bus: str
    rule: str
    since: float
    until: float

    def document(self) -> dict[str, Any]:
        """Return it as a document."""
        return {"archive": self.archive, "rule": self.rule, "since": _utc(self.since), "until": _utc(self.until)}


@dataclass(frozen=True)
class Progress:
    """How far a replay is: its state, why, and up to which time of events."""

    state: str
    reason: str | None
    replayed_until: str | None


def plan(clients: "Clients", settings: "Settings", since: float, until: float) -> Plan:
    """Return what a replay would do, doing nothing; raises ReplayError, and errors of AWS."""
    prefix = f"{settings.stack_name}-{TENANT_CREATED}"
    rules = clients.events.list_rules(EventBusName=settings.event_bus, NamePrefix=prefix)["Rules"]
    if not rules:
        raise ReplayError("the rule of intake is gone, to which a replay would go; deploy the stack first")
    if rules[0].get("State") != "ENABLED":
        raise ReplayError(f"the rule {rules[0]['Name']} is off, so a replay would reach nobody; turn it on first")
    rule = rules[0]["Arn"]
    service = rule.partition(":rule/")[0]
    bus = f"{service}:event-bus/{settings.event_bus}"
    return Plan(f"{service}:archive/{_archive(clients, settings, bus)}", bus, rule, since, until)


def start(clients: "Clients", planned: Plan) -> str:
    """Start a replay and return its name, which no other has; raises errors of AWS."""
    name = f"onboard-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"
    try:
        clients.events.start_replay(
            ReplayName=name,
            EventSourceArn=planned.archive,
            EventStartTime=datetime.fromtimestamp(planned.since, UTC),
            EventEndTime=datetime.fromtimestamp(planned.until, UTC),
            Destination={"Arn": planned.bus, "FilterArns": [planned.rule]},
        )
    except ClientError as error:
        if not is_code(error, "ResourceAlreadyExistsException"):
            raise  # else: the answer to the first try was lost, as nobody else makes this name
    return name


def look(clients: "Clients", name: str) -> Progress:
    """Return how far a replay is; raises errors of AWS."""
    found = clients.events.describe_replay(ReplayName=name)
    last = found.get("EventLastReplayedTime")
    return Progress(found["State"], found.get("StateReason"), _utc(last.timestamp()) if last else None)


def _archive(clients: "Clients", settings: "Settings", bus: str) -> str:
    """Return the name of the stack's archive; others may keep archives of the bus, too."""
    names = [each["ArchiveName"] for each in clients.events.list_archives(EventSourceArn=bus)["Archives"]]
    ours = [each for each in names if each.startswith(f"{settings.stack_name}-")] if len(names) > 1 else names
    if not names:
        raise ReplayError("this stage keeps no archive, as its archiveDays is 0: emit what was lost again")
    if len(ours) != 1:
        raise ReplayError(f"which of its archives is the stack's cannot be told: {', '.join(sorted(names))}")
    return ours[0]


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
