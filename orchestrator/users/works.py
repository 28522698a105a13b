"""The works about people: a link is mailed, by its secret an address is proved, and something is done to a user.

None has an execution. A link is mailed by whoever takes the request from the queue; an address is proved by whoever
clicks; whoever asks for an operation carries it out. All go through the ledger, and by the fence nothing is made for a
tenant that is not live.

    LINK#{requestId}    one request's mail: a message that comes twice mails once
    PROOF#{address}     the proof of an address, hashed: whatever it is for, only one is under way
    OP#{ulid}           one operation: what is done to a user, by whom

All secrets of one attempt of a proof are alternatives: the first that is used ends it, and the others with it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.tenants import fence
from orchestrator.tenants.ledger import Ledger, Made, Record, Turn, new_step
from orchestrator.tenants.work import Kind, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.ledger import Begun

Purpose = Literal["REGISTRATION", "INVITATION", "RESET", "KNOWN"]
"""What a mail is for; KNOWN tells whoever registers that the address is a user's already, and proves nothing."""
REGISTRATION: Purpose = "REGISTRATION"
INVITATION: Purpose = "INVITATION"
RESET: Purpose = "RESET"
KNOWN: Purpose = "KNOWN"

CONFIRM_USER = "ConfirmUser"
RESET_PASSWORD = "ResetPassword"  # noqa: S105  # a step
SEND_LINK = "SendLink"
APPLY_CHANGE = "ApplyChange"
PROVED_BY: dict[Purpose, str] = {
    REGISTRATION: CONFIRM_USER,
    INVITATION: CONFIRM_USER,
    RESET: RESET_PASSWORD,
}
"""The step that a secret of each purpose is used in."""
IN_PROGRESS = "IN_PROGRESS"
DONE = "DONE"

PROOF = Kind(
    name="proof",
    path=lambda item: (PROVED_BY[item["purpose"]],),
    active=(IN_PROGRESS,),
    done=DONE,
    status="proofStatus",
    table=lambda settings: settings.users_table,
    fence=fence.around(fence.LIVE),
)
LINK = Kind(
    name="link",
    path=lambda _: (SEND_LINK,),
    active=(IN_PROGRESS,),
    done=DONE,
    status="linkStatus",
    table=lambda settings: settings.users_table,
    fence=fence.around(fence.LIVE),
)
OPERATION = Kind(
    name="operation",
    path=lambda _: (APPLY_CHANGE,),
    active=(IN_PROGRESS,),
    done=DONE,
    status="opStatus",
    table=lambda settings: settings.users_table,
    fence=fence.around(fence.LIVE),
)


@dataclass(frozen=True)
class Claim:
    """One invocation's claim to a step: who, and until when (epoch seconds)."""

    owner: str
    lease_until: float


def proof_key(tenant_id: str, address: str) -> dict[str, str]:
    """Return the key of the proof of a tenant's address, hashed."""
    return {"tenantId": tenant_id, "item": f"PROOF#{address}"}


def link_key(tenant_id: str, request_id: str) -> dict[str, str]:
    """Return the key of a request's link."""
    return {"tenantId": tenant_id, "item": f"LINK#{request_id}"}


def operation_key(tenant_id: str, operation_id: str) -> dict[str, str]:
    """Return the key of an operation."""
    return {"tenantId": tenant_id, "item": f"OP#{operation_id}"}


def begun(kind: Kind, step: str, attempt: int = 1) -> dict[str, Any]:
    """Return what the ledger needs of a work that nobody has begun."""
    return {"kind": kind.name, kind.status: IN_PROGRESS, "attempt": attempt, "redriveCount": 0} | {
        "steps": {step: new_step()},
        "resources": {},
    }


def work(settings: "Settings", kind: Kind, key: dict[str, str], tenant: Record) -> Work:
    """Return a work on an item, behind the fence of the tenant's record as it was read."""
    return Work(kind.table(settings), key, kind, kind.fence(settings, tenant) if kind.fence else None)


def perform(dynamodb: "DynamoDBClient", of: Work, turn: Turn, act: "Callable[[Begun], Made]") -> Record:
    """Carry a work's only step through the ledger; raises what `Ledger.perform` raises."""
    return Ledger(dynamodb, of).perform(turn, act)
