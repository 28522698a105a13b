"""The steps of both workflows: the state `CreateTenantGroup` is the module `create_tenant_group` with its `act`.

`run` carries a step through the ledger. A step never sees whether it is the first try; only whether it is in doubt.
Knows the rooms that do the work: `identity`, `routing`, `welcome`, `onboarding` and those below. Begin with
`assign_shared_pool`, the first state of most tenants.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from botocore.exceptions import ClientError

from orchestrator.aws.errors import ConfigurationError, TransientError, UnexpectedError, translate
from orchestrator.identity import tenant_region
from orchestrator.onboarding import redo
from orchestrator.routing import routes
from orchestrator.tenants import kinds, lifecycle, portions, transitions
from orchestrator.tenants.ledger import Begun, Ledger, Made, Record, Turn
from orchestrator.tenants.notes import Notes
from orchestrator.tenants.portions import Portion
from orchestrator.tenants.records import read_request
from orchestrator.tenants.refusals import DoneError, RedrivenError
from orchestrator.tenants.work import Work

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.identity.tenant_inventory import TenantInventory
    from tenant_onboarding.contracts.tenant_created import TenantCreated


@dataclass(frozen=True)
class StepContext:
    """What a step may use: the tenant's record as begin returned it, and whether an earlier try may have acted."""

    clients: "Clients"
    settings: "Settings"
    turn: Turn
    record: Record
    in_doubt: bool = False
    notes: Notes = field(default_factory=Notes)
    """What earlier tries wrote down on their way, and this one may."""

    @property
    def tenant_id(self) -> str:
        """The tenant that the step is for."""
        return str(self.record["tenantId"])

    @property
    def region(self) -> str:
        """The Region of the tenant's user pool."""
        return tenant_region.region(self.settings, self.record)

    @property
    def regional(self) -> "Clients":
        """The clients of that Region; all but Cognito is in the home Region."""
        return tenant_region.clients_there(self.clients, self.settings, self.record)

    @property
    def address(self) -> str:
        """The address at which the tenant's people find the product."""
        return routes.address(self.settings, self.record)

    @cached_property
    def request(self) -> "TenantCreated":
        """What was asked for, by one read: it is too large for the record, which every step reads and writes."""
        return read_request(self.clients.dynamodb, self.settings.tenants_table, self.tenant_id)

    @property
    def portion(self) -> Portion:
        """How far the step is, if it finishes in portions: this one begins at the cursor."""
        return portions.so_far(self.record, self.turn.step)

    @property
    def resources(self) -> dict[str, Any]:
        """What the steps before have made."""
        return cast("dict[str, Any]", self.record["resources"])


def inventory_of(context: StepContext, *, everywhere: bool = False) -> "TenantInventory":
    """Return what there is of the tenant; see there."""
    from orchestrator.identity.tenant_inventory import TenantInventory  # only what removes looks

    return TenantInventory(
        context.clients, context.settings, context.record, everywhere=everywhere, notes=context.notes
    )


class Step(Protocol):
    """A step module.

    `afterwards`, where there is one, runs once the step is done, and again if that was in doubt. `ENTERS`, where there
    is one, is the status that the record is in from then on.
    """

    def act(self, context: StepContext) -> Made:
        """Make the step's resource, or find it where an earlier try made it."""


def module_of(step: str, package: str = __name__) -> str:
    """Return the name of a state's step module."""
    return f"{package}.{re.sub(r'(?<!^)(?=[A-Z])', '_', step).lower()}"


def run(
    clients: "Clients",
    settings: "Settings",
    work: Work,
    turn: Turn,
    observe: lifecycle.Observe = lifecycle.unobserved,
) -> bool:
    """Carry one step of a work through the ledger; returns at once if it is done already.

    Returns whether the step is done: False after a portion, then the workflow is to call it again. Raises the errors
    of `orchestrator.aws.errors`, which the workflow knows by name.
    """
    try:
        return _run(clients, settings, work, turn, observe)
    except Exception as error:
        failure = translate(error)
        raise failure from (error if isinstance(failure, UnexpectedError) else None)


def _check_path(step: str, record: Record) -> None:
    kind = kinds.of(record)
    if step not in kind.path(record):
        whose = f"tier {record['tier']}" if "tier" in record else f"this {kind.name}"
        raise ConfigurationError(
            f"{step} is no step of {whose}",
            code="StepNotOnPath",
            next_action="Deploy workflow and functions of one version, then retry.",
        )


def _run(clients: "Clients", settings: "Settings", work: Work, turn: Turn, observe: lifecycle.Observe) -> bool:
    step = import_module(module_of(turn.step, work.kind.steps))
    ledger = Ledger(clients.dynamodb, work)
    unfinished: list[Portion] = []

    def act(begun: Begun) -> Made:
        _check_path(turn.step, begun.record)
        try:
            made = cast("Step", step).act(
                StepContext(clients, settings, turn, begun.record, begun.in_doubt, begun.notes)
            )
        except ClientError as error:
            raise redo.explain(error, turn.step, begun.record) from None
        unfinished[:] = [made.portion] if made.portion else []
        return made

    try:
        try:
            record = ledger.perform(turn, act)
        except RedrivenError:
            transitions.note_redrive(clients.dynamodb, work, turn)
            record = ledger.perform(turn, act)
    except DoneError as done:
        record = done.record
    except RedrivenError:
        raise TransientError(f"{turn.step}: the record changed meanwhile", code="RecordChanged") from None
    else:
        if unfinished:
            return False
        if hasattr(step, "ENTERS"):
            observe(step.ENTERS, record)
    if hasattr(step, "afterwards"):
        step.afterwards(StepContext(clients, settings, turn, record))
    return True
