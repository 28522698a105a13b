"""Reconcile: what events missed is found and finished, on a schedule, for as long as a run may last.

Three things can be left behind: a tenant claimed but never started, an execution that ended but was not recorded, a
status that was recorded but not published. Each has an index to be found by; nothing is scanned.
"""

import math
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from orchestrator.aws.dynamodb import items
from orchestrator.aws.errors import PlacementRaisedError
from orchestrator.onboarding import executions, retries
from orchestrator.onboarding.outcome import RECORDED, record_outcome
from orchestrator.onboarding.rejection import publish_rejection
from orchestrator.onboarding.turns import Report, take_turns
from orchestrator.tenants import due, kinds, lifecycle, transitions
from orchestrator.tenants.actions import GO_ON
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.outbox import publish_outbox
from orchestrator.tenants.records import RECORD, STATUS_INDEX, UNPUBLISHED_INDEX, read_item, read_record, record_key
from orchestrator.tenants.work import Work

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

GRACE_SECONDS = due.GRACE_SECONDS
"""Younger findings are still in somebody's hands: the functions' time-out is 30 s, a retry of theirs waits 60 s."""
PER_PAGE = 100
"""Findings of one query; the next page is asked for only while there is time."""


def reconcile(
    clients: "Clients",
    settings: "Settings",
    grace_seconds: float = GRACE_SECONDS,
    *,
    deadline: float = math.inf,
    report: Report = lambda *_: None,
    observe: lifecycle.Observe = lifecycle.unobserved,
) -> dict[str, int]:
    """Finish what was left behind; return how many were started, recorded, published, and how many failed anew.

    One that fails is reported and does not keep the others from being finished. Each kind is taken oldest first, and
    gets an equal share of the time left until `deadline` (of time.monotonic), so that none starves the others; what is
    left then is for the next run.
    """
    before = timestamp(time.time() - grace_seconds)
    found = {"started": 0, "recorded": 0, "published": 0, "failed": 0}

    def publish_or_start(key: Record) -> str:
        return _publish(clients, settings, key)

    def start(key: Record) -> str:
        return "started" if _start(clients, settings, key) else ""

    def record(key: Record) -> str:
        work = kinds.of_tenant(settings, key["tenantId"])
        return "recorded" if bring_up_to_date(clients, settings, work, observe) else ""

    passes: list[tuple[str, str, Callable[[Record], str]]] = [
        (UNPUBLISHED_INDEX, "YES", publish_or_start),
        (STATUS_INDEX, lifecycle.PENDING, start),
        (STATUS_INDEX, lifecycle.IN_PROGRESS, record),
        (STATUS_INDEX, lifecycle.ABANDONING, record),
    ]
    for number, (index, value, repair) in enumerate(passes):
        now = time.monotonic()
        share_ends = now + (deadline - now) / (len(passes) - number)
        older = _older(clients, settings, index, value, before)
        take_turns(older, repair, found, until=share_ends, report=report)
    return found


def bring_up_to_date(
    clients: "Clients", settings: "Settings", work: Work, observe: lifecycle.Observe = lifecycle.unobserved
) -> bool:
    """Record or restart a work whose execution ended, or never ran; tell whether there was something to do."""
    record = read_item(clients.dynamodb, work.table, work.key)
    if record is None:
        return False
    kind = kinds.of(record)
    if kind.fence and record[kind.status] == kind.held:
        return _let_go_on(clients, settings, record)
    if not kind.is_under_way(record):
        return False
    arn = executions.arn_of(settings, record)
    execution = executions.describe(clients, arn)
    if retries.resume(clients, settings, record, execution):
        return True
    if execution is None:
        executions.start(clients, settings, record)
        return True
    return record_outcome(clients, settings, arn, observe) == RECORDED


def finish(
    clients: "Clients", settings: "Settings", work: Work, observe: lifecycle.Observe = lifecycle.unobserved
) -> bool:
    """Bring a work up to date that no index of tenants lists, and publish what its outbox still holds.

    Returns whether it is over: nothing runs, nothing waits for its tenant to be live again, and nothing is left to
    publish, so nobody need look at it until an operator lets it go on.
    """
    bring_up_to_date(clients, settings, work, observe)
    record = read_item(clients.dynamodb, work.table, work.key)
    if record is None:
        return True
    kind = kinds.of(record)
    if kind.is_under_way(record):
        return False
    publish_outbox(clients, settings, record)
    return not (kind.fence and record[kind.status] == kind.held)


def look_after(
    clients: "Clients",
    settings: "Settings",
    *,
    deadline: float = math.inf,
    report: Report = lambda *_: None,
    observe: lifecycle.Observe = lifecycle.unobserved,
) -> dict[str, int]:
    """Finish each work with an item of its own that is due; return how many are over, go on, and failed anew.

    As `reconcile` does, of kinds that no index of tenants lists. One of a kind that this version does not know is left
    to one that does.
    """
    found, now = {"over": 0, "goingOn": 0, "failed": 0}, time.time()
    if all(kind.is_listed for kind in kinds.KINDS):
        return found
    places = count()

    def look(key: Record) -> str:
        return _look(clients, settings, key, (now, next(places)), observe)

    take_turns(due.read(clients, settings, due.WORK, now), look, found, until=deadline, report=report)
    return found


def _look(
    clients: "Clients", settings: "Settings", key: Record, when: tuple[float, int], observe: lifecycle.Observe
) -> str:
    """Look at one work that is due; return what came of it, empty if somebody else had it."""
    now, place = when
    own = {"tenantId": key["tenantId"], "item": key["item"]}
    item = read_item(clients.dynamodb, settings.tenants_table, own) or {}
    if "due" not in item:
        return ""
    record = read_item(clients.dynamodb, settings.tenants_table, own | {"item": item["workItem"]})
    if record is None or (kinds.is_known(record) and _finish(clients, settings, record, observe)):
        due.work_over(clients, settings, item, now)
        return "over"
    due.put_off(clients, settings, own, now, place)
    return "goingOn"


def _finish(clients: "Clients", settings: "Settings", record: Record, observe: lifecycle.Observe) -> bool:
    return finish(clients, settings, kinds.work_of(settings, record), observe)


def _let_go_on(clients: "Clients", settings: "Settings", record: Record) -> bool:
    """Let a work that its fence stopped go on where it stopped if its tenant is live again; give it up if that leaves.

    Tells whether it did either.
    """
    work = kinds.work_of(settings, record)
    if work.fence is None:
        return False
    tenant = read_item(clients.dynamodb, work.fence.table, record_key(work.fence.tenant_id)) or {}
    if work.fence.holds(tenant):
        return retries.redrive(clients, settings, record, GO_ON) is not None
    if isinstance(work.fence.refusal(tenant), PlacementRaisedError):
        return transitions.move(clients.dynamodb, work.table, record, work.kind.given_up, failure=record["failure"])
    return False


def _older(clients: "Clients", settings: "Settings", index: str, value: str, before: str) -> Iterator[Record]:
    """Yield the keys of what has been at `value` since before then, oldest first, page by page as they are taken."""
    hash_key, range_key = index.split("-")
    return items(
        clients.dynamodb.query,
        TableName=settings.tenants_table,
        IndexName=index,
        KeyConditionExpression="#hash = :hash AND #range < :before",
        ExpressionAttributeNames={"#hash": hash_key, "#range": range_key},
        ExpressionAttributeValues={":hash": value, ":before": before},
        Limit=PER_PAGE,
    )


def _start(clients: "Clients", settings: "Settings", key: Record) -> bool:
    record = read_record(clients.dynamodb, settings.tenants_table, key["tenantId"])
    if record is None or record["status"] != lifecycle.PENDING:
        return False
    executions.start(clients, settings, record)
    return True


def _publish(clients: "Clients", settings: "Settings", key: Record) -> str:
    """Publish what an item says is not published yet, and what must be true before; return what that amounts to."""
    table_key = {"tenantId": key["tenantId"], "item": key["item"]}
    item = read_item(clients.dynamodb, settings.tenants_table, table_key)
    if item is None or "unpublished" not in item:
        return ""
    if item["item"] != RECORD:
        publish_rejection(clients, settings, item)
        return "published"
    if item["redriveCount"] and item["status"] in lifecycle.ACTIVE:
        arn = executions.arn_of(settings, item)
        retries.resume(clients, settings, item, executions.describe(clients, arn))
    executions.catch_up(clients, settings, item)
    return "started" if item["status"] == lifecycle.PENDING else "published"
