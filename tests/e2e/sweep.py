"""The fault sweep: every AWS call of an onboarding or an abandonment struck by every fault; then the truth is counted.

The calls are not listed by hand: a clean onboarding and a clean abandonment of each variant are recorded at the proxy.
Many tenants are under way at once, each with its own fault. Where a tenant ends FAILED an operator retries or abandons
it once more. What came of each is counted from outside: user pools, app clients, groups, users, providers, domains,
routes, counters, events and mails.
"""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from orchestrator import operations
from orchestrator.onboarding.reconcile import GRACE_SECONDS, reconcile
from tests.e2e import invariants
from tests.e2e.aws_proxy import Call, Strike
from tests.e2e.blows import FAILS_AT, FOR_EVER, ONCE_A_PROCESS, Blow, blows, hidden_blows
from tests.e2e.faults import Fault, denied, killed_before, lost_response
from tests.e2e.hidden_faults import Lag, clock_ahead, denied_as_gone, lagging, leave_one
from tests.e2e.inventory import Complaint, Inventory, take_inventory, unrecorded
from tests.e2e.versions import deployed
from tests.e2e.world import World, federated, tenant, wait_until, world

AT_ONCE = 24
TICK_SECONDS = 60
"""The sweep reconciles in the schedule's stead and more often: the local AWS drops status changes when it throttles."""
SETTLE_SECONDS = GRACE_SECONDS + 2 * TICK_SECONDS
VARIANTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "pool": tenant,
    "bridge": lambda tenant_id: tenant(tenant_id, tier="bridge", metadata={"customer": tenant_id, "seller": "north"}),
    "federated": federated,
    "silo": lambda tenant_id: tenant(tenant_id, tier="silo", metadata={"seller": "north"}),
}
ABANDONED = ("bridge", "federated", "silo")
"""Who is abandoned too; what a pool tenant's abandonment does, a bridge tenant's does as well."""
REMOVAL_FAULTS = (lost_response, denied, killed_before)
"""What abandonments are struck by: one effect that nobody learns of, one refusal, one death."""
NEW_PROCESS_FOR, NEW_PROCESS_OF = "pool", "Placement"
"""For whose tenants, and of which function, a process begins anew to be struck at what it asks once."""
TENANT_PATTERN = r"[af]\d{4}-[a-z]+"
ENDS_WELL = ("TenantOnboarded", "TenantAbandoned")
"""Where a tenant fails that is to be abandoned: everything is made by then, and its routes are active."""


@dataclass
class Outcome:
    """What came of a tenant under a blow."""

    blow: Blow
    tenant_id: str
    status: str = ""
    retried: bool = False
    failure: dict[str, Any] | None = None
    struck: int = 0
    since: float = 0.0
    complaints: list[Complaint] = field(default_factory=list)


@contextmanager
def sweep_world() -> Iterator[World]:
    """Run a stack whose proxy tells tenants apart, with a shared user pool open.

    Its waits are a fifth of the real ones: long enough to outlast the lease of a function that died.
    """
    with world(wait_scale=0.2) as running:
        running.proxy.tenant_pattern = re.compile(TENANT_PATTERN)
        running.onboard(tenant("opener"))
        yield running


def recorded_blows(world: World, variant: str) -> list[Blow]:
    """Return every fault at every call of a variant, as a clean onboarding shows them."""
    tenant_id = f"f{9000 + list(VARIANTS).index(variant)}-{variant}"
    world.calls_of_one_onboarding(VARIANTS[variant](tenant_id))
    every = [call.operation for call in world.proxy.seen if call.tenant_id == tenant_id]
    calls = [operation for operation in every if operation not in ONCE_A_PROCESS]
    of_new_processes = blows(variant, [*ONCE_A_PROCESS]) if variant == NEW_PROCESS_FOR else ()
    return [*blows(variant, calls), *hidden_blows(variant, calls), *of_new_processes]


def recorded_removals(world: World, variant: str) -> list[Blow]:
    """Return the faults at every call of a variant's abandonment, as a clean one shows them."""
    tenant_id = f"a{9000 + list(VARIANTS).index(variant)}-{variant}"
    calls = calls_of_one_abandonment(world, VARIANTS[variant](tenant_id))
    every = [*blows(variant, calls, REMOVAL_FAULTS), *hidden_blows(variant, calls, abandons=True)]
    return [replace(blow, abandons=True) for blow in every]


def calls_of_one_abandonment(world: World, detail: dict[str, Any]) -> list[str]:
    """Let a tenant fail, abandon it while nothing else happens, and return the AWS calls that this took, in order."""
    tenant_id = detail["tenantId"]
    with world.proxy.struck_by(Fault(tenant_id, FAILS_AT, denied, times=FOR_EVER).choose):
        world.emit(detail)
        assert world.wait_for(tenant_id, "FAILED", "COMPLETED")["status"] == "FAILED"
    world.wait_until_quiet()
    start = len(world.proxy.seen)
    operations.abandon(world.stack.clients, world.stack.settings, tenant_id)
    page = world.wait_for(tenant_id, "ABANDONED", "FAILED")
    assert page["status"] == "ABANDONED", page["failure"]
    world.wait_until_quiet()
    return [call.operation for call in world.proxy.seen[start:] if call.tenant_id == tenant_id]


class Sweep:
    """Blows under way: so many tenants at a time, each with its own fault, until every one has come to its end."""

    def __init__(self, world: World, all_blows: list[Blow], report: Callable[[str], object]) -> None:
        self.outcomes = [
            Outcome(blow, f"{'a' if blow.abandons else 'f'}{number:04d}-{blow.variant}")
            for number, blow in enumerate(all_blows)
        ]
        self._world = world
        self._report = report
        self._alone = [each for each in self.outcomes if each.blow.operation in ONCE_A_PROCESS]
        self._waiting = [each for each in reversed(self.outcomes) if each not in self._alone]
        self._active: dict[str, Outcome] = {}
        self._faults: dict[str, Fault] = {}
        self._ticked = time.monotonic()

    def run(self) -> list[Outcome]:
        """Strike, wait, retry what failed, and judge what came of each."""
        with self._world.proxy.struck_by(self._choose):
            self._strike()
            for outcome in self._alone:
                with deployed(NEW_PROCESS_OF, BEGUN_ANEW=outcome.tenant_id):
                    self._waiting = [outcome]
                    self._strike()
            self._world.wait_until_quiet()
        wait_until(self._world.has_every_parameter, "every parameter")
        found = take_inventory(self._world)
        mails = Counter(address for mail in self._world.mails() for address in mail["To"])
        calls: dict[str | None, list[Call]] = defaultdict(list)
        for call in self._world.proxy.seen:
            calls[call.tenant_id].append(call)
        for outcome in self.outcomes:
            tenant_id = outcome.tenant_id
            outcome.struck = self._faults[tenant_id].struck
            outcome.complaints += _judge(self._world, found, outcome)
            outcome.complaints += _of_mails(outcome, mails[f"first.user@{tenant_id}.example"])
            claims = invariants.removal_claimed if outcome.blow.abandons else invariants.claimed
            outcome.complaints += claims(tenant_id, calls[tenant_id])
        self.outcomes[-1].complaints += found.drift()
        return self.outcomes

    def _strike(self) -> None:
        """Let who waits begin, and see all to their end."""
        while self._waiting or self._active:
            self._begin_more()
            self._hear()
            self._tick()
            self._give_up()
            time.sleep(0.2)

    def _choose(self, call: Call) -> Strike | None:
        fault = self._faults.get(call.tenant_id or "")
        struck = fault.choose(call) if fault else None
        return struck or (denied_as_gone if call.operation.startswith("cognito-idp:") else None)

    def _begin_more(self) -> None:
        while self._waiting and len(self._active) < AT_ONCE:
            outcome = self._waiting.pop()
            blow, tenant_id = outcome.blow, outcome.tenant_id
            failing = Fault(tenant_id, FAILS_AT, denied, times=FOR_EVER)
            self._faults[tenant_id] = failing if blow.abandons else _fault_of(outcome)
            self._active[tenant_id] = outcome
            outcome.since = time.monotonic()
            self._world.emit(VARIANTS[blow.variant](tenant_id))
            if len(self._waiting) % 50 == 0:
                self._report(f"{len(self._waiting)} of {len(self.outcomes)} still to come")

    def _hear(self) -> None:
        for event in self._world.listen():
            outcome = self._active.get(event["detail"].get("tenantId") or "")
            if outcome and event["detail-type"] in ENDS_WELL:
                self._end(outcome)
            elif outcome and event["detail-type"] == "TenantOnboardingFailed":
                fails_first = 1 + outcome.blow.abandons
                if event["detail"]["attempt"] < fails_first:
                    self._abandon(outcome)
                elif event["detail"]["attempt"] == fails_first and not outcome.retried:
                    self._operator(outcome)
                elif event["detail"]["attempt"] > fails_first:
                    self._end(outcome)

    def _abandon(self, outcome: Outcome) -> None:
        """Abandon a tenant once all was said about its failure, and strike that."""
        stack = self._world.stack
        wait_until(lambda: not self._world.record(outcome.tenant_id)["outbox"], "the failure to be published")
        self._faults[outcome.tenant_id] = _fault_of(outcome)
        operations.abandon(stack.clients, stack.settings, outcome.tenant_id)
        outcome.since = time.monotonic()

    def _operator(self, outcome: Outcome) -> None:
        """Look at what failed, end what lasts, and retry or abandon again, once, by a clock that is a minute ahead."""
        outcome.failure = self._world.show(outcome.tenant_id)["failure"]
        outcome.complaints += unrecorded(self._world.stack.clients, self._world.stack.settings, outcome.tenant_id)
        self._faults[outcome.tenant_id].times = 0
        if outcome.failure["error"] == "AmbiguousResourceError":
            leave_one(outcome.failure["message"])
        again = operations.abandon if outcome.blow.abandons else operations.retry
        with clock_ahead(60):
            retried = again(self._world.stack.clients, self._world.stack.settings, outcome.tenant_id)
        outcome.retried = bool(retried.attempt)
        outcome.since = time.monotonic()

    def _end(self, outcome: Outcome) -> None:
        outcome.status = self._world.show(outcome.tenant_id).get("status", "")
        del self._active[outcome.tenant_id]

    def _tick(self) -> None:
        if time.monotonic() - self._ticked > TICK_SECONDS:
            self._ticked = time.monotonic()
            reconcile(self._world.stack.clients, self._world.stack.settings)

    def _give_up(self) -> None:
        for outcome in list(self._active.values()):
            if time.monotonic() - outcome.since > SETTLE_SECONDS:
                self._end(outcome)


def _fault_of(outcome: Outcome) -> Fault:
    blow = outcome.blow
    kind = Lag if blow.strike is lagging else Fault
    return kind(outcome.tenant_id, blow.operation, blow.strike, blow.number, blow.times)


def _judge(world: World, found: Inventory, outcome: Outcome) -> Iterator[Complaint]:
    if outcome.status != ("ABANDONED" if outcome.blow.abandons else "COMPLETED"):
        text = f"{outcome.tenant_id} ended {outcome.status or 'nowhere'}: {world.last_words(outcome.tenant_id)}"
        yield Complaint("stuck", text)
    if not outcome.struck:
        yield Complaint("untested", f"{outcome.tenant_id} was never struck")
    if outcome.failure:
        command = "abandon" if outcome.blow.abandons else "retry"
        yield from invariants.explained(outcome.tenant_id, outcome.failure, (command,))
    yield from found.complaints(outcome.tenant_id)
    yield from _of_events(world, outcome)


def _of_events(world: World, outcome: Outcome) -> Iterator[Complaint]:
    tenant_id, abandons = outcome.tenant_id, outcome.blow.abandons
    expected = {
        "TenantOnboardingStarted": 1 if abandons else 1 + outcome.retried,
        "TenantOnboarded": int(not abandons),
        "TenantAbandoned": int(abandons),
        "TenantOnboardingFailed": abandons + outcome.retried,
    }
    events = {each: world.events(each, tenant_id) for each in expected}
    keys = {each: [event["eventKey"] for event in found] for each, found in events.items()}
    yield from invariants.told(tenant_id, keys, expected)
    asked = VARIANTS[outcome.blow.variant](tenant_id)
    yield from invariants.labelled(tenant_id, chain.from_iterable(events.values()), asked.get("metadata", {}))


def _of_mails(outcome: Outcome, mails: int) -> Iterator[Complaint]:
    """Two mails are possible only where the fault fell between SendEmail's effect and its record."""
    if outcome.blow.abandons:
        if mails:
            yield Complaint("false success", f"{outcome.tenant_id}: {mails} welcome emails")
        return
    may_repeat = "ses:SendEmail" in (outcome.blow.operation, outcome.blow.after)
    yield from invariants.mailed(outcome.tenant_id, mails, most=1 + min(outcome.blow.times, 2) if may_repeat else 1)
