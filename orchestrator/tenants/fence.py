"""The fence: nothing of a live tenant is made, enabled or changed behind its removal.

A tenant's record has its `placement`, a number. Whatever makes something for the tenant is a work with an item of its
own, which notes the placement that it began in. Each of its steps begins and finishes with a ConditionCheck that the
record is still in that placement, and in a status in which the work may go on.

Who removes all that there is of the tenant does so in this order:

    1. raises the placement, with the moment (`raise_in`): from now on no maker begins, and none finishes
    2. waits until no maker can be at work that had begun before (`check_waited`)
    3. lists what there is, and removes it

So what a maker had under way when the placement was raised is there when the remover lists, or never.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.aws import writes
from orchestrator.aws.clients import READ_TIMEOUT_SECONDS
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import OnboardingError, PlacementRaisedError, TenantNotLiveError, TransientError
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import LEASE_MARGIN_SECONDS, Record
from orchestrator.tenants.records import read_item, record_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.work import Work

PLACEMENT = "placement"
RAISED_AT = "raisedAt"
MAY_BE_UNDER_WAY = "MayBeUnderWay"
FIRST = 0
"""The placement of a new tenant, and of one from before there were any."""
LIVE = (lifecycle.COMPLETED,)
"""For what makes or enables something: the tenant is live."""
LIVE_OR_SUSPENDED = lifecycle.LIVE
"""For updates and repairs, which a suspension does not keep from going on."""
WHATEVER_STATUS: tuple[str, ...] = ()
"""For what only disables or removes: the placement alone counts."""
LONGEST_FUNCTION_SECONDS = 30.0
"""Of the functions that run steps; a test holds their time-outs to it."""
LONGEST_LEASE_SECONDS = LONGEST_FUNCTION_SECONDS + READ_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS
"""After a maker began, nothing that it does takes effect later than that."""


@dataclass(frozen=True)
class Fence:
    """What must hold of a tenant's record whenever a step of a work begins and finishes."""

    table: str
    tenant_id: str
    placement: int
    statuses: Sequence[str]
    """In which the work may go on; none where the placement alone counts."""

    def check(self) -> dict[str, Any]:
        """Return the ConditionCheck, for a transaction; its refusal carries the record."""
        change = _in_placement(Change(self.table, record_key(self.tenant_id)), self.placement)
        if self.statuses:
            change.require(f"[status] IN ({', '.join('?' * len(self.statuses))})", *self.statuses)
        return writes.check(change)

    def begin(self, dynamodb: "DynamoDBClient", work: "Work", change: Change) -> Record:
        """Begin a step by this change of the work's item, and return the item.

        A transaction returns none, so it is read, under the lease that it took.
        """
        writes.transact(dynamodb, [change.action(), self.check()])
        return read_item(dynamodb, work.table, work.key) or {}

    def holds(self, record: Record) -> bool:
        """Tell whether the check would hold for the tenant's record as it was read; empty is of nobody."""
        there = bool(record) and placement_of(record) == self.placement
        return there and (not self.statuses or record["status"] in self.statuses)

    def refusal(self, record: Record) -> OnboardingError:
        """Return why the check was refused, by the tenant's record as it was then.

        PlacementRaisedError: the work is to be given up, and what it made is the remover's. TenantNotLiveError: it is
        to go on once the tenant is live again.
        """
        if not record or placement_of(record) != self.placement:
            return PlacementRaisedError(f"{self.tenant_id} is no longer in placement {self.placement}")
        return TenantNotLiveError(f"{self.tenant_id} is {record['status']}")


def placement_of(record: Mapping[str, Any]) -> int:
    """Return the placement that a tenant's record is in."""
    return int(record.get(PLACEMENT, FIRST))


def as_seen(table: str, record: Record) -> dict[str, Any]:
    """Return the ConditionCheck that a tenant's record is in the placement, status and attempt that it was seen in.

    It is the fence of what is made for a tenant by one transaction, which is no work with steps.
    """
    change = _in_placement(Change(table, record_key(record["tenantId"])), placement_of(record))
    return writes.check(change.require("[status] = ? AND [attempt] = ?", record["status"], record["attempt"]))


def around(statuses: Sequence[str]) -> "Callable[[Settings, Mapping[str, Any]], Fence]":
    """Return what a kind says of its fence: how it is made for a work, by the work's item or reference."""

    def made(settings: "Settings", named_by: Mapping[str, Any]) -> Fence:
        return Fence(settings.tenants_table, str(named_by["tenantId"]), placement_of(named_by), statuses)

    return made


def raise_in(change: Change, placement: int, now: float) -> Change:
    """Let a change of the tenant's record raise its placement from this one, noting `now` (epoch seconds).

    The same change takes the tenant out of the statuses in which makers begin, or they would in the new placement. It
    belongs into the transaction by which the remover's step is done, so that it happens once.
    """
    return _in_placement(change, placement).set(PLACEMENT, placement + 1).set(RAISED_AT, round(now * 1000))


def check_waited(record: Record, now: float) -> None:
    """Raise TransientError while a maker of an earlier placement may be at work; `now` in epoch seconds."""
    if now < int(record[RAISED_AT]) / 1000 + LONGEST_LEASE_SECONDS:
        raise TransientError(
            f"{record['tenantId']}: something that began before may be under way",
            code=MAY_BE_UNDER_WAY,
            next_action="What is being made of the tenant ends within a minute. Then try again.",
        )


def _in_placement(change: Change, placement: int) -> Change:
    """Let a change hold only for a record that is there, and in that placement."""
    change.require("attribute_exists([tenantId])")
    if placement == FIRST:
        return change.require(f"attribute_not_exists([{PLACEMENT}]) OR [{PLACEMENT}] = ?", placement)
    return change.require(f"[{PLACEMENT}] = ?", placement)
