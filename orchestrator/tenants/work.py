"""Work: what is done to a tenant in steps, by the one protocol of the ledger, whatever is done and to whatever item.

A work is an item of a table with its status, attempt, redrive count, steps and outbox. While a tenant is onboarded or
abandoned that is the tenant's record; what happens to it later has an item of its own. Its `Kind` says all in which one
kind differs from another, so that ledger, outbox, executions, outcome, reconcile and retries know none by name.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.aws.dynamodb import Change
    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.endings import Ending
    from orchestrator.tenants.fence import Fence
    from orchestrator.tenants.ledger import Record
    from tenant_onboarding.contracts.outgoing import Announcement

KIND = "kind"
"""The attribute by which an item names the kind of work that it is; a tenant's record has none."""
NAME_MAX = 80
"""Step Functions: characters of an execution's name."""
ATTEMPTS_MAX = 10**8
"""So many attempts have room in a name; nobody will count to there."""
WITHOUT_SEPARATOR = re.compile(r"[A-Za-z0-9-]+(#[A-Za-z0-9-]+)*")


def named_after_tenant(key: Mapping[str, str], attempt: int) -> str:
    """Return the name of an execution for a tenant's record: a tenant's id has at most 40 characters, none is `_`."""
    return f"{key['tenantId']}-{attempt}"


def named_after_key(key: Mapping[str, str], attempt: int) -> str:
    """Return the name of an execution for an item of its own: no two keys and attempts share one, in any table.

    It is the key where that has room, as in `acme__CHANGE_01ARZ3NDEKTSV4RRFFQ69G5FAV_1`, else the key's sha256.
    """
    parts = list(key.values())
    readable = "__".join(part.replace("#", "_") for part in parts)
    room = NAME_MAX - len(f"_{ATTEMPTS_MAX - 1}")
    if len(readable) > room or not all(WITHOUT_SEPARATOR.fullmatch(part) for part in parts):
        readable = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{readable}_{attempt}"


def _nothing(*_: object, **__: object) -> list[dict[str, Any]]:
    return []


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of work: what the machinery of works asks of it, and no more."""

    name: str
    path: "Callable[[Record], tuple[str, ...]]"
    """Returns the steps of a work in their order, by its item."""
    active: tuple[str, ...]
    """The statuses in which an execution runs or is to be started, and steps may begin; in the last of them it runs."""
    pending: str = ""
    """Of these the one that it is in until its first execution is known to have started; empty where none is."""
    done: str
    failed: str = "FAILED"
    held: str = "HELD"
    """The status of one that its fence stopped because the tenant is not live now; reconcile lets it go on later."""
    given_up: str = "GIVEN_UP"
    """The last status of one that its fence stopped because the tenant is being removed."""
    status: str = "status"
    """The attribute with its status. Indexes and lists of tenants go by `status`, so an item of its own has another."""
    key: tuple[str, str] = ("tenantId", "item")
    """The attributes of its item's key."""
    table: "Callable[[Settings], str]" = lambda settings: settings.tenants_table
    machine: "Callable[[Settings], str]" = lambda _: ""
    """Returns the ARN of its state machine."""
    arn_is_kept: bool = False
    """Whether a running work's item names its execution: then who looks at it need not know the machine."""
    steps: str = "orchestrator.steps"
    """The package with a module for each of its steps."""
    name_of: Callable[[Mapping[str, str], int], str] = named_after_key
    """Returns the name of an attempt's execution by the item's key, of at most 80 characters."""
    input_of: "Callable[[Record], dict[str, Any]] | None" = None
    """Returns what its executions are told beside the attempt; None for the work's reference."""

    announces: "Callable[[], tuple[type[Announcement], ...]]" = lambda: ()
    """Returns what the outbox of its item may hold."""
    started: "Callable[[Record, str], Announcement] | None" = None
    """Returns the event that says that an item's attempt, as often redriven as it counts, runs as this execution."""
    stopped: "Callable[[Record, Ending, dict[str, str], int], Announcement] | None" = None
    """Returns the event that says how a work ended badly, with its explanation and redrive count."""
    explain: "Callable[[Record, Ending, int], dict[str, str]] | None" = None
    """Returns where, what, why and what to do next, by an ending and a redrive count; None for `explain_plainly`."""

    can_go_on: bool = True
    """Whether a redrive or a next attempt lets one that failed go on; otherwise a command of its own begins it anew."""
    can_redo: bool = False
    """Whether a step may be done again although it is done, because what it made is gone."""
    goes_on_if: str = ""
    """What else must hold of the item for it to go on, as a condition of `Change.require`."""
    when_redriven: "Callable[[Change], object]" = lambda change: change
    """Adds to the write by which an item learns that its execution was redriven from the console."""
    when_stopped: "Callable[[Change, Record, Ending], object]" = lambda *_: None
    """Adds to the write by which an item learns how its execution ended badly."""
    count: Callable[..., list[dict[str, Any]]] = _nothing
    """Returns the writes that count a move, as `counters.count_move` does."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """The metric that counts each status which a work enters."""
    fence: "Callable[[Settings, Mapping[str, Any]], Fence] | None" = None
    """What `fence.around` returns for the tenant's statuses in which its steps may begin and finish; None for kinds of
    the tenant's own record. Its items have the tenant's id and the `placement` that the work began in."""
    is_listed: bool = False
    """Whether the indexes of tenants list its items by status and by unpublished events; reconcile finds them there."""

    @property
    def running(self) -> str:
        """The status in which an execution runs."""
        return self.active[-1]

    @property
    def stopped_in(self) -> tuple[str, ...]:
        """The statuses in which nothing runs, and from which a redrive lets it go on."""
        return (self.failed, self.held) if self.fence else (self.failed,)

    @property
    def changed_at(self) -> str:
        """The attribute that says since when it has its status."""
        return f"{self.status}ChangedAt"

    def enter(self, change: "Change", status: str, at: str) -> "Change":
        """Let a change move an item of this kind to a status at a time, in ISO 8601."""
        return change.set(self.status, status).set(self.changed_at, at).set("updatedAt", at)

    def is_under_way(self, record: "Record") -> bool:
        """Tell whether an execution runs for an item, or is to be started."""
        return record[self.status] in self.active


@dataclass(frozen=True)
class Work:
    """One work: the item that says how far it is, and of which kind it is.

    A step is carried out for a work before its item is read; so what the item says, as its path, is asked of the kind.
    """

    table: str
    key: Mapping[str, str]
    kind: Kind
    fence: "Fence | None" = None
    """What must hold of the tenant whenever a step begins and finishes; None for kinds that need no fence."""

    @property
    def active(self) -> Sequence[str]:
        """The statuses in which its steps may begin."""
        return self.kind.active

    def execution_name(self, attempt: int) -> str:
        """Return the name of an attempt's execution."""
        return self.kind.name_of(self.key, attempt)

    def execution_arn(self, settings: "Settings", attempt: int) -> str:
        """Return the ARN that the execution of an attempt has or will have."""
        machine = self.kind.machine(settings).replace(":stateMachine:", ":execution:")
        return f"{machine}:{self.execution_name(attempt)}"

    def arn_of(self, settings: "Settings", record: "Record") -> str:
        """Return the ARN of the execution of an item's current attempt, be it started or not."""
        if self.kind.arn_is_kept:
            return str(record["executionArn"])
        return self.execution_arn(settings, int(record["attempt"]))

    @property
    def reference(self) -> dict[str, Any]:
        """By what an execution names the work to its steps: ids, and the placement that it began in."""
        fence = {"tenantId": self.fence.tenant_id, "placement": self.fence.placement} if self.fence else {}
        return {KIND: self.kind.name, **self.key, **fence}
