"""The kinds of work there are, which one an item is of, and the work that an execution or an item names.

A new kind is one more entry of KINDS, and no branch anywhere else. Its items name it (`kind`), its executions bring the
work's reference. The two kinds of a tenant's record came before that: the record is told apart by its `abandonment`.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.tenants import counters, endings, fence, lifecycle, metadata, tiers
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import record_key
from orchestrator.tenants.work import KIND, Kind, Work, named_after_tenant

if TYPE_CHECKING:
    from orchestrator.aws.dynamodb import Change
    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.endings import Ending
    from tenant_onboarding.contracts.outgoing import Announcement


def _of_a_tenant() -> "tuple[type[Announcement], ...]":
    from tenant_onboarding.contracts.outgoing import OF_A_TENANT  # most functions publish nothing

    return OF_A_TENANT


def onboarding_started(record: Record, execution_arn: str) -> "Announcement":
    """Return the event that says that a record's attempt runs, as often redriven as it counts."""
    from tenant_onboarding.contracts.outgoing import TenantOnboardingStarted  # the same

    return TenantOnboardingStarted(
        tenant_id=record["tenantId"],
        attempt=int(record["attempt"]),
        redrive=int(record["redriveCount"]),
        metadata=metadata.of(record),
        tier=record["tier"],
        execution_arn=execution_arn,
    )


def _stopped(record: Record, ending: "Ending", failure: dict[str, str], redrive: int) -> "Announcement":
    from tenant_onboarding.contracts.outgoing import TenantOnboardingFailed  # the same

    return TenantOnboardingFailed(
        tenant_id=record["tenantId"],
        attempt=int(record["attempt"]),
        redrive=redrive,
        metadata=metadata.of(record),
        tier=record["tier"],
        step=ending.step,
        error=ending.error,
        message=str(ending),
        next_action=failure["nextAction"],
    )


def _input(record: Record) -> dict[str, Any]:
    return {"tenantId": record["tenantId"], "tier": record["tier"], "federated": record["federated"]}


def _abandoned_again(change: "Change") -> "Change":
    return change.set_once("abandonment", {"since": timestamp(time.time())})


ONBOARDING = Kind(
    name="onboarding",
    path=lambda record: tiers.path(record["tier"], federated=record["federated"]),
    active=lifecycle.ACTIVE,
    pending=lifecycle.PENDING,
    done=lifecycle.COMPLETED,
    machine=lambda settings: settings.state_machine_arn,
    name_of=named_after_tenant,
    input_of=_input,
    announces=_of_a_tenant,
    started=onboarding_started,
    stopped=_stopped,
    explain=endings.explain_onboarding,
    can_redo=True,
    goes_on_if="attribute_not_exists([abandonment])",
    count=counters.count_move,
    metrics={
        lifecycle.PENDING: "OnboardingsStarted",
        lifecycle.COMPLETED: "OnboardingsCompleted",
        lifecycle.FAILED: "OnboardingsFailed",
    },
    is_listed=True,
)
ABANDONMENT = Kind(
    name="abandonment",
    path=lambda record: tiers.removal_path(record["tier"]),
    active=(lifecycle.ABANDONING,),
    done=lifecycle.ABANDONED,
    machine=lambda settings: settings.abandonment_state_machine_arn,
    arn_is_kept=True,
    name_of=named_after_tenant,
    input_of=_input,
    announces=_of_a_tenant,
    stopped=_stopped,
    explain=endings.explain_abandonment,
    can_go_on=False,
    when_redriven=_abandoned_again,
    when_stopped=endings.give_back,
    count=counters.count_move,
    metrics={lifecycle.FAILED: "OnboardingsFailed", lifecycle.ABANDONED: "OnboardingsAbandoned"},
    is_listed=True,
)
KINDS: tuple[Kind, ...] = (ONBOARDING, ABANDONMENT)


def of(record: Record) -> Kind:
    """Return the kind of work that an item is of: of a tenant's record the one that runs for it, or ran last.

    Raises KeyError for one that this version does not know.
    """
    if KIND in record:
        return _by_name()[record[KIND]]
    return ABANDONMENT if "abandonment" in record else ONBOARDING


def is_known(record: Record) -> bool:
    """Tell whether this version knows the kind of work that an item is of."""
    return record.get(KIND, ONBOARDING.name) in _by_name()


def work_of(settings: "Settings", record: Record) -> Work:
    """Return the work that an item is."""
    kind = of(record)
    return _work(settings, kind, record)


def of_tenant(settings: "Settings", tenant_id: str, kind: Kind = ONBOARDING) -> Work:
    """Return the work that a tenant's record is, before that is read."""
    return Work(kind.table(settings), record_key(tenant_id), kind)


def of_step(settings: "Settings", tenant_id: str, step: str) -> Work:
    """Return the work of a tenant's record that a step belongs to; executions of these two kinds name no work."""
    return of_tenant(settings, tenant_id, ABANDONMENT if step in tiers.REMOVALS else ONBOARDING)


def told_of(settings: "Settings", told: Mapping[str, Any]) -> Work | None:
    """Return the work that an execution was told of; None if it was told of none, as by somebody's hand.

    Of a tenant's record only the item says which of its two kinds it is.
    """
    if isinstance(told.get("tenantId"), str):
        return of_tenant(settings, told["tenantId"])
    return named(settings, told.get("work"))


def named(settings: "Settings", reference: object) -> Work | None:
    """Return the work of a reference; None for what is none, or is of a kind that this version does not know."""
    if not isinstance(reference, Mapping) or not isinstance(reference.get(KIND), str):
        return None
    kind = _by_name().get(reference[KIND])
    if kind is None or not all(isinstance(reference.get(name), str) for name in kind.key):
        return None
    if kind.fence and type(reference.get(fence.PLACEMENT)) is not int:
        return None
    return _work(settings, kind, reference)


def _work(settings: "Settings", kind: Kind, named_by: Mapping[str, Any]) -> Work:
    key = {name: str(named_by[name]) for name in kind.key}
    return Work(kind.table(settings), key, kind, kind.fence(settings, named_by) if kind.fence else None)


def _by_name() -> dict[str, Kind]:
    return {kind.name: kind for kind in KINDS}
