"""Invocations that go on by one HTTP call at a time: a test decides who goes on, and what becomes of each call.

Each invocation has a thread, of which one runs at a time, so what happens is a matter of the test alone.
"""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import randrange
from typing import Any, TypeVar

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from moto.cognitoidp.models import CognitoIdpUserPool, cognitoidp_backends
from moto.dynamodb.models import dynamodb_backends
from moto.stepfunctions.models import stepfunctions_backends

from orchestrator import steps
from orchestrator.aws.clients import READ_TIMEOUT_SECONDS, Clients
from orchestrator.aws.dynamodb import Change, refused_item
from orchestrator.aws.settings import Settings
from orchestrator.aws.writes import CONFLICT
from orchestrator.onboarding import executions
from orchestrator.tenants.ledger import LEASE_MARGIN_SECONDS, Ledger, Record
from tests.unit import faults
from tests.unit.conftest import ACCOUNT, REGION
from tests.unit.faults import ALWAYS, Attempt, DeathError
from tests.unit.simulated_aws import entry_refused

Strike = Callable[[AWSPreparedRequest], AWSResponse]
M = TypeVar("M", bound=RuleBasedStateMachine)

FUNCTION_SECONDS = 30.0
LEASE_SECONDS = FUNCTION_SECONDS + READ_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS
LONGEST_SDK_PAUSE = 2.5
"""Longer sleeps are our own; the SDK's backoff stays below that in its three tries."""
AT_ONCE = 4
STEPS_AN_EXAMPLE = 40
EXAMPLES_A_ROUND = 8
"""Each round has a seed of its own: within one, hypothesis varies what it had rather than to try something else."""
MOST_ROUNDS = 30


def _conflict(request: AWSPreparedRequest) -> AWSResponse:
    """A transaction holds the item, so that another or a plain write is refused; the bus refuses the entry.

    Anything else is throttled.
    """
    body = json.loads(request.body or b"{}")  # type: ignore[arg-type]  # no files here
    if "Entries" in body:
        return entry_refused(request)
    if "TransactItems" in body:
        codes = ["TransactionConflict", *["None"] * (len(body["TransactItems"]) - 1)]
        return faults.cancelled(*codes)(request)
    writes = {"UpdateExpression", "Item"} & body.keys()
    return (faults.refused(CONFLICT) if writes else faults.throttled)(request)


def passes(request: AWSPreparedRequest) -> AWSResponse:
    """Let the call take its course."""
    return faults.answer(request)


FAULTS: dict[str, Strike] = {
    "lost response": faults.lost_response,
    "unreachable": faults.unreachable,
    "throttled": faults.throttled,
    "conflict": _conflict,
    "server error": faults.server_error,
    "server error after effect": faults.server_error_after_effect,
    "access denied": faults.access_denied("it"),
    "death before": faults.death_before,
    "death after": faults.death_after,
}
SETTLED = ("throttled", "conflict", "access denied")
"""AWS answered, and did nothing."""

ACTS = ("Create", "StartExecution", "PutEvents", "TransactWriteItems")
DIES, STANDS = "dies with its call under way", "stands"


@dataclass(frozen=True)
class Fate:
    """How an invocation goes on: up to its n-th act from here, so many calls further, and what happens then."""

    acts: int
    calls: int
    then: str


FATES = st.builds(
    lambda stretch, then: Fate(stretch[0], stretch[1], then),
    st.sampled_from([(1, 0)] * 3 + [(1, 1)] * 2 + [(2, 0)] * 2 + [(3, 0), (0, 0), (0, 1), (0, 3), (0, 6)]),
    st.sampled_from([STANDS] * 4 + [DIES] * 2 + ["lost response", *FAULTS]),
)


@dataclass
class Clock:
    """The time of the model; an invocation's own clock may go wrong by a little."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now + getattr(threading.current_thread(), "skew", 0.0)


@dataclass(frozen=True)
class Call:
    """The call that an invocation is about to make; without a request it sleeps."""

    operation: str
    request: AWSPreparedRequest | None = None
    seconds: float = 0.0


class Invocation(threading.Thread):
    """One run of a function, up to its next call whenever it may go on."""

    def __init__(self, work: Callable[[], object], *, about: Any = None, ends: float = 0.0, skew: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.about, self.ends, self.skew = about, ends, skew
        self.call: Call | None = None
        self.answered: object = None
        self.error: BaseException | None = None
        self._work = work
        self._strike: Strike = passes
        self._may_go_on, self._stands = threading.Lock(), threading.Lock()
        self._may_go_on.acquire()
        self._stands.acquire()
        self.start()
        self._stands.acquire()

    def run(self) -> None:
        """Do the work; called by its own thread."""
        try:
            self.answered = self._work()
        except BaseException as error:  # for the test to judge
            self.error = error
        self.call = None
        self._stands.release()

    def meets(self, call: Call) -> Strike:
        """Stand still before a call, and return what becomes of it; called by its own thread."""
        self.call = call
        self._stands.release()
        self._may_go_on.acquire()
        return self._strike

    def go_on(self, strike: Strike = passes) -> None:
        """Let the call be answered so, and all run up to the next one."""
        self._strike = strike
        self._may_go_on.release()
        self._stands.acquire()

    @property
    def lives(self) -> bool:
        """Whether there is a next call."""
        return self.call is not None


@dataclass
class Stage:
    """What all machines play on: a simulated AWS with the product's clients, a clock, and a log of what took effect."""

    clients: Clients
    settings: Settings
    clock: Clock = field(default_factory=Clock)
    effects: list[Attempt] = field(default_factory=list)

    def empty(self) -> None:
        """Let nothing be there but the stack itself."""
        for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
            table.items.clear()
        cognitoidp_backends[ACCOUNT][REGION].reset()
        for machine in stepfunctions_backends[ACCOUNT][REGION].state_machines:
            machine.executions.clear()
        self.effects.clear()
        self.clock.now = Clock.now

    @staticmethod
    def items(table: str) -> list[Record]:
        """Return the items of a table as they are; without a call, as this is done after each one."""
        found = dynamodb_backends[ACCOUNT][REGION].get_table(table).all_items()
        return [refused_item({"Item": item.to_json()["Attributes"]}) for item in found]

    @staticmethod
    def user_pools() -> dict[str, CognitoIdpUserPool]:
        """Return the user pools there are by their ids."""
        return dict(cognitoidp_backends[ACCOUNT][REGION].user_pools)

    def sleep(self, seconds: float) -> None:
        """Stand in for time.sleep."""
        sleeper = threading.current_thread()
        if isinstance(sleeper, Invocation) and seconds > LONGEST_SDK_PAUSE:
            strike = sleeper.meets(Call("Sleep", seconds=seconds))
            if strike in (faults.death_before, faults.death_after):
                raise DeathError
            self.clock.now += seconds


@dataclass(frozen=True)
class UnderWay:
    """A call of an invocation that is dead; it may still take effect until then."""

    invocation: Invocation
    request: AWSPreparedRequest
    until: float


class StagedMachine(RuleBasedStateMachine):
    """What the machines have in common: invocations go on, meet faults, die, and time passes."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage, self.clients, self.settings, self.clock = stage, stage.clients, stage.settings, stage.clock
        self.invocations: list[Invocation] = []
        self.under_way: list[UnderWay] = []
        self.sound, self.something_happened = True, False
        stage.empty()

    def invoke(self, work: Callable[[], object], about: Any = None, skew: float = 0.0) -> Invocation:
        """Let an invocation begin; it stands before its first call."""
        started = Invocation(work, about=about, ends=self.clock.now + FUNCTION_SECONDS, skew=skew)
        self.invocations.append(started)
        return started

    @property
    def crowded(self) -> bool:
        """Whether as many invocations are at work as the machine can bear."""
        return len(self.invocations) >= AT_ONCE

    @precondition(lambda self: self.invocations)
    @rule(which=st.integers(0, AT_ONCE - 1), fate=FATES)
    def goes_on(self, which: int, fate: Fate) -> None:
        self.let_go(self.invocations[which % len(self.invocations)], fate)

    @precondition(lambda self: self.under_way)
    @rule()
    def a_call_of_a_dead_one_lands(self) -> None:
        landing = self.under_way.pop(0)
        self.observe(landing.invocation, lambda: faults.answer(landing.request))

    @precondition(lambda self: self.something_happened)
    @rule(seconds=st.sampled_from([1.0, 6.0, 14.0, 31.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.something_happened = False
        self.clock.now += seconds
        self.end_what_is_over()

    def let(self, invocation: Invocation, fault: str = "") -> None:
        """Let an invocation make its next call, and check what that did."""
        call = invocation.call
        assert call
        if fault:
            self.disturbed(invocation, call.operation, fault)
        self.observe(invocation, lambda: invocation.go_on(FAULTS.get(fault, passes)))
        self.end_what_is_over()

    def let_go(self, invocation: Invocation, fate: Fate) -> None:
        """Let an invocation meet its fate."""
        for number in range(fate.acts):
            while invocation.call and not invocation.call.operation.startswith(ACTS):
                self.let(invocation)
            if invocation.call and number < fate.acts - 1:
                self.let(invocation)
        for _ in range(fate.calls):
            if invocation.call:
                self.let(invocation)
        if invocation.call and fate.then in FAULTS:
            self.let(invocation, fate.then)
        elif invocation.call and fate.then == DIES:
            self.let_die(invocation, self.clock.now)

    def let_finish(self, invocation: Invocation) -> None:
        """Let an invocation come to its end undisturbed."""
        while invocation in self.invocations:
            self.let(invocation)

    def let_die(self, invocation: Invocation, died: float) -> None:
        """End an invocation; its call may still be under way for as long as an HTTP call can take."""
        call = invocation.call
        assert call
        self.disturbed(invocation, call.operation, "death")
        if call.request is not None:
            self.under_way.append(UnderWay(invocation, call.request, died + READ_TIMEOUT_SECONDS))
        invocation.go_on(faults.death_before)
        self.tidy()

    def end_what_is_over(self) -> None:
        """End the invocations whose time is up, and forget the calls that can no longer take effect."""
        for invocation in [one for one in self.invocations if one.ends <= self.clock.now]:
            self.let_die(invocation, invocation.ends)
        self.under_way = [one for one in self.under_way if one.until >= self.clock.now]

    def observe(self, invocation: Invocation, event: Callable[[], object]) -> None:
        """Let something happen in an invocation's name, and check the invariants."""
        self.sound, self.something_happened = False, True
        event()
        self.tidy()
        self.check()
        self.sound = True

    def tidy(self) -> None:
        """Take leave of the invocations that are over."""
        for invocation in [one for one in self.invocations if not one.lives]:
            self.invocations.remove(invocation)
            self.ended(invocation)

    def teardown(self) -> None:
        """Let all come to its good end, unless an invariant is broken already."""
        try:
            if self.sound:
                self.drain()
        finally:
            for invocation in [one for one in self.invocations if one.lives]:
                invocation.go_on(faults.death_before)

    def disturbed(self, invocation: Invocation, operation: str, fault: str) -> None:
        """Take note that a call met a fault."""

    def ended(self, invocation: Invocation) -> None:
        """Take note that an invocation is over."""

    def check(self) -> None:
        """Compare what is with what must be."""
        raise NotImplementedError

    def drain(self) -> None:
        """Let everything come to its end without faults, and check that it is the good one."""
        raise NotImplementedError


def with_the_ledger(stage: Stage, monkeypatch: pytest.MonkeyPatch, make: Callable[[], M]) -> Callable[[], M]:
    """Return what makes machines whose step is carried through the ledger by the product's own `steps.run`."""
    monkeypatch.setattr(stage, "settings", stage.settings.model_copy(update={"in_doubt_wait_seconds": 3.0}))
    monkeypatch.setattr(steps, "Ledger", partial(Ledger, clock=stage.clock))
    monkeypatch.setattr(executions, "start", lambda *_: None)

    def new() -> M:
        machine = make()
        monkeypatch.setattr(steps, "import_module", lambda _: machine)
        return machine

    return new


def play(machine: Callable[[], RuleBasedStateMachine], *, rounds: int) -> None:
    """Play a machine for some rounds of examples, by default always the same ones."""
    profile = settings(
        max_examples=EXAMPLES_A_ROUND,
        stateful_step_count=STEPS_AN_EXAMPLE,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    asked = int(os.environ.get("MODEL_EXAMPLES", "0")) // EXAMPLES_A_ROUND
    first = randrange(ALWAYS) if asked else 0
    for number in range(first, first + (asked or rounds)):
        run_state_machine_as_test(seed(number)(machine), settings=profile)  # type: ignore[arg-type]  # whatever returns a machine will do


def violates(machine: Callable[[], RuleBasedStateMachine], *, first_seed: int = 0) -> None:
    """Expect that a machine finds a violation; it need not be a short one, but few examples are enough.

    A seed that finds it soon saves time; should the machine have changed since it was chosen, others are tried.
    """
    profile = settings(
        max_examples=EXAMPLES_A_ROUND,
        stateful_step_count=STEPS_AN_EXAMPLE,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )

    def play_rounds() -> None:
        for number in range(first_seed, first_seed + MOST_ROUNDS):
            run_state_machine_as_test(seed(number)(machine), settings=profile)  # type: ignore[arg-type]  # the same

    with pytest.raises(AssertionError):
        play_rounds()


def drop_condition(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Let no change require a condition that contains `part`."""
    require = Change.require

    def lax(change: Change, condition: str, *operands: object) -> Change:
        return change if part in condition else require(change, condition, *operands)

    monkeypatch.setattr(Change, "require", lax)
