"""What becomes of each event and each operator's command, for a tenant as it stands: one table, which all read.

Intake, operations and whoever offers a command ask `of`, `refusal` or `offered`, and judge no status themselves. What
is refused says why, and at most one command that is accepted for such a tenant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.lifecycle import (
    ABANDONED,
    ABANDONING,
    ACTIVE,
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    LIVE,
    OFFBOARDED,
    OFFBOARDING,
    PENDING,
    STATUSES,
    SUSPENDED,
    TO_COME,
)

UNKNOWN = "unknown"
"""There is no record of such a tenant."""
HALF_ABANDONED = "FAILED, abandonment begun"
"""It FAILED while it was abandoned, and something may be removed."""
STANDINGS = (UNKNOWN, *ACTIVE, COMPLETED, FAILED, HALF_ABANDONED, ABANDONING, ABANDONED, *TO_COME)


class Act(StrEnum):
    """What somebody wants with a tenant: an event of a detail type, or a command."""

    SAME_EVENT = "TenantCreated, same content"
    OTHER_EVENT = "TenantCreated, other content"
    UPDATE = "TenantUpdated"
    SUSPEND = "TenantSuspended"
    RESUME = "TenantResumed"
    CANCEL = "TenantCancelled"
    RETRY = "retry"
    REDO = "retry --redo"
    AMEND = "amend"
    ABANDON = "abandon"
    STOP = "stop"
    RESEND = "resend-welcome"
    VERIFY = "domains verify"


COMMANDS = (Act.RETRY, Act.REDO, Act.AMEND, Act.ABANDON, Act.STOP, Act.RESEND, Act.VERIFY)
EVENTS = tuple(act for act in Act if act not in COMMANDS)


class Does(StrEnum):
    """What becomes of an event or a command."""

    STARTS = "starts"
    STARTS_ANEW = "starts anew"
    """If the event was sent after the tenant was abandoned; else it is a repeat, or refused."""
    REPEATS = "repeat"
    CONFLICTS = "conflict"
    PARKS = "parked"
    """It waits until the tenant stands otherwise, and is refused after a day."""
    APPLIES = "applied"
    ACCEPTS = "accepted"
    IS_OVER = "nothing to do"
    REFUSES = "refused"


class Help(StrEnum):
    """What a refusal ends with: how it leads to a command, which comes after a colon."""

    LIST = "see"
    FOLLOW = "follow it"
    RETRY = "let it go on"
    ABANDON = "run"
    STOP = "stop its execution first"

    def command(self, tenant_id: str) -> str:
        """Return the command."""
        match self:
            case Help.LIST:
                return command("list")
            case Help.FOLLOW:
                return command("show", tenant_id, watch=True)
            case Help.STOP:
                return command("stop", tenant_id)
            case Help.RETRY:
                return command("retry", tenant_id)
            case Help.ABANDON:
                return command("abandon", tenant_id)


@dataclass(frozen=True)
class Verdict:
    """What becomes of one act in one standing, and in words why where that is not what was wanted.

    `words` may name the tenant's `{status}`, and `{since}` when it has had it.
    """

    does: Does
    words: str = ""
    help: Help | None = None

    @property
    def refuses(self) -> bool:
        """Whether nothing becomes of it, now or later."""
        return self.does in {Does.CONFLICTS, Does.IS_OVER, Does.REFUSES}

    def told(self, record: Record | None, tenant_id: str) -> str:
        """Return why, and the command that helps; empty if there is nothing to be told."""
        known = record or {}
        words = self.words.format(status=known.get("status"), since=known.get("statusChangedAt"))
        return f"{words}; {self.help}: {self.help.command(tenant_id)}" if self.help else words


Row = dict[str, Verdict]
"""What becomes of one act, by standing."""


def standing(record: Record | None) -> str:
    """Return where a tenant stands, one of STANDINGS: its status, but for an abandonment that failed."""
    if not record:
        return UNKNOWN
    half = record["status"] == FAILED and "abandonment" in record
    return HALF_ABANDONED if half else str(record["status"])


def of(record: Record | None, act: Act) -> Verdict:
    """Return what becomes of an act for a tenant as its record stands; None or an empty one is of nobody."""
    return TABLE[act][standing(record)]


def refusal(record: Record | None, tenant_id: str, act: Act) -> str:
    """Return why a command is refused for a tenant as its record stands; empty if it is accepted."""
    verdict = of(record, act)
    return verdict.told(record, tenant_id) if verdict.refuses else ""


def accepts(record: Record, act: Act) -> bool:
    """Tell whether a command is accepted for a tenant as its record stands."""
    return of(record, act).does == Does.ACCEPTS


def accepting(act: Act) -> tuple[str, ...]:
    """Return the statuses in which a command is accepted for some tenants at least, of those that there are."""
    return tuple(status for status in STATUSES if TABLE[act][status].does == Does.ACCEPTS)


def offered(record: Record) -> list[str]:
    """Return the commands that are accepted for a tenant as its record stands, in the table's order."""
    return [act.value for act in COMMANDS if accepts(record, act)]


def _row(*groups: tuple[Verdict, tuple[str, ...]]) -> Row:
    return {each: verdict for verdict, standings in groups for each in standings}


def _only(accepted: tuple[str, ...], words: str, *others: tuple[Verdict, tuple[str, ...]]) -> Row:
    """Return the row of a command that is refused in these words unless another group says otherwise."""
    refused = dict.fromkeys(STANDINGS, _refuses(words))
    return refused | _row((_refuses("is not known", Help.LIST), (UNKNOWN,)), (ACCEPTS, accepted), *others)


def _refuses(words: str, helped: Help | None = None) -> Verdict:
    return Verdict(Does.REFUSES, words, helped)


def _conflicts(words: str) -> Verdict:
    return Verdict(Does.CONFLICTS, words)


ACCEPTS = Verdict(Does.ACCEPTS)
APPLIES = Verdict(Does.APPLIES)
REPEATS = Verdict(Does.REPEATS)
STARTS = Verdict(Does.STARTS)
TOMBSTONE = _refuses("belonged to a tenant that was off-boarded, and is not used again; take another tenantId")
ANOTHER_CONTENT = "is known already, from an event with another content, which holds"
LATE = (
    "was abandoned at {since}, and this event was sent before that; to onboard the tenant anew, emit a new"
    " TenantCreated"
)
GONE = _refuses("was abandoned; to onboard it again, emit its event anew")
HALF_GONE = _refuses("its abandonment was begun", Help.ABANDON)
LEAVING = _refuses("is being off-boarded", Help.FOLLOW)
LEFT = _refuses("was off-boarded; nothing of it is left but its record")
BEING_ABANDONED = _refuses("is being abandoned", Help.FOLLOW)
NOT_THERE_YET = Verdict(Does.PARKS, "is not known")
NOT_READY_YET = Verdict(Does.PARKS, "is {status}")
NEVER_LIVE = _refuses("is FAILED and was never in use; retry or abandon it", Help.RETRY)
ABOUT_TO_START = _refuses("is PENDING, about to start", Help.FOLLOW)
WENT_LIVE = _refuses("was completed once; a tenant that went live is never abandoned")
ENDED = ((GONE, (ABANDONED,)), (LEAVING, (OFFBOARDING,)), (LEFT, (OFFBOARDED,)))
WAITS = ((NOT_THERE_YET, (UNKNOWN,)), (NOT_READY_YET, (*ACTIVE, ABANDONING)))
GIVEN_UP = ((BEING_ABANDONED, (ABANDONING,)), (GONE, (ABANDONED,)), (HALF_GONE, (HALF_ABANDONED,)))
KNOWN = (*ACTIVE, *LIVE, FAILED, HALF_ABANDONED, ABANDONING, OFFBOARDING)
OF_LIFE = (*WAITS, (APPLIES, LIVE), (NEVER_LIVE, (FAILED,)), (HALF_GONE, (HALF_ABANDONED,)), *ENDED)

TABLE: Mapping[Act, Row] = {
    Act.SAME_EVENT: _row(
        (STARTS, (UNKNOWN,)),
        (REPEATS, KNOWN),
        (Verdict(Does.STARTS_ANEW, LATE), (ABANDONED,)),
        (TOMBSTONE, (OFFBOARDED,)),
    ),
    Act.OTHER_EVENT: _row(
        (STARTS, (UNKNOWN,)),
        (_conflicts(ANOTHER_CONTENT), KNOWN),
        (Verdict(Does.STARTS_ANEW, LATE), (ABANDONED,)),
        (TOMBSTONE, (OFFBOARDED,)),
    ),
    Act.UPDATE: _row(*OF_LIFE) | {FAILED: APPLIES},
    Act.SUSPEND: _row(*OF_LIFE),
    Act.RESUME: _row(*OF_LIFE),
    Act.CANCEL: _row(
        *WAITS,
        (APPLIES, (*LIVE, FAILED, HALF_ABANDONED)),
        (REPEATS, (ABANDONED, OFFBOARDING, OFFBOARDED)),
    ),
    Act.RETRY: _only((FAILED,), "is {status}; only a FAILED tenant can be retried", *GIVEN_UP),
    Act.REDO: _only((FAILED,), "is {status}; only a FAILED tenant can be retried", *GIVEN_UP),
    Act.AMEND: _only((FAILED,), "is {status}; only a FAILED tenant can be amended", *GIVEN_UP),
    Act.ABANDON: _row(
        (_refuses("is not known", Help.LIST), (UNKNOWN,)),
        (ABOUT_TO_START, (PENDING,)),
        (_refuses("is IN_PROGRESS", Help.STOP), (IN_PROGRESS,)),
        (ACCEPTS, (FAILED, HALF_ABANDONED)),
        (_refuses("is being abandoned already", Help.FOLLOW), (ABANDONING,)),
        (Verdict(Does.IS_OVER, "is abandoned already; nothing of it is left but its record"), (ABANDONED,)),
        (WENT_LIVE, (*LIVE, OFFBOARDING, OFFBOARDED)),
    ),
    Act.STOP: _only(
        (IN_PROGRESS, ABANDONING),
        "is {status}; nothing runs for it",
        (ABOUT_TO_START, (PENDING,)),
    ),
    Act.RESEND: _only((COMPLETED,), "is {status}; only a COMPLETED tenant is mailed again"),
    Act.VERIFY: _only((COMPLETED, SUSPENDED), "is {status}; its domains can be verified once it is COMPLETED"),
}
"""For each act, what becomes of it in each standing."""
