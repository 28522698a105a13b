"""One run, from a tenant's event to the end of all that it led to."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.tenants import lifecycle
from tests.e2e import invariants
from tests.e2e.aws_proxy import Answer, Call
from tests.e2e.inventory import Complaint, unrecorded
from tests.e2e.sweep import VARIANTS
from tests.unit import redrives
from tests.unit.model.stage import Stage
from tests.unit.random_faults.clockwork import Clockwork, EndlessError, Working
from tests.unit.random_faults.operators import Operators
from tests.unit.random_faults.strikes import Strikes
from tests.unit.random_faults.witness import ENDED, Witness
from tests.unit.random_faults.workflow import FUNCTION_SECONDS, Workflow

TENANT, NEIGHBOUR = "acme", "opener"
RECONCILES_EVERY_SECONDS = 300.0
QUIET_SECONDS = 1_000.0
"""Reconcile comes thrice."""
MOST_FOLLOWED = 15
"""How often operators do what they are told before they call a tenant stuck."""
TOLD_LATE_SECONDS = (0.05, 5.0)
LAST_ACT = 45
"""At which call somebody may do something to a tenant that has not failed, at the latest."""
COMMANDS = ("retry", "amend", "abandon")


@dataclass
class Outcome:
    """What came of a run."""

    seed: str
    variant: str
    status: str
    faults: list[str]
    """Those that were met, in words."""
    acts: int
    """Of billing and operators."""
    told: list[str]
    """What they did and what came of it, in words."""
    calls: list[str]
    """All AWS calls, in order."""
    complaints: list[Complaint] = field(default_factory=list)


def play(clients: Clients, settings: Settings, seed: str, variants: Sequence[str] = tuple(VARIANTS)) -> Outcome:
    """Play the run that a seed stands for, in an AWS that is emptied for it; return what came of it."""
    dice = random.Random(seed)
    random.seed(seed)  # the SDK's pauses, and the shards that count
    variant = dice.choice(list(variants))
    Stage(clients, settings).empty()
    settings = settings.model_copy(update={"in_doubt_wait_seconds": 3.0})
    clockwork = Clockwork(clients, random.Random(f"{seed}: next"))
    with redrives.simulated() as known, clockwork.playing():
        known.redrivable = dice.random() < 0.5
        run = _Run(clockwork, settings, seed, variant, dice, known)
        try:
            run.go()
        except EndlessError as error:
            run.witness.complaints.append(Complaint("stuck", str(error)))
        except Exception as error:
            error.add_note(f"in the run {seed}")
            raise
        return run.outcome()


class _Run:
    """The parts of a run, put together."""

    def __init__(
        self,
        clockwork: Clockwork,
        settings: Settings,
        seed: str,
        variant: str,
        dice: random.Random,
        known: redrives.Redrives,
    ) -> None:
        self.clockwork, self.settings, self.seed, self.variant, self.dice = clockwork, settings, seed, variant, dice
        self.workflow = Workflow(clockwork, settings, known, self._tell)
        self.strikes = Strikes(variant, TENANT, random.Random(f"{seed}: faults"))
        self.witness = Witness(clockwork.clients, settings, TENANT, clockwork.calls)
        people = random.Random(f"{seed}: people")
        self.operators = Operators(
            clockwork, self.witness, self.strikes, people, self.workflow, VARIANTS[variant](TENANT)
        )
        self.act_at = {dice.randint(1, LAST_ACT) for _ in range(dice.randint(1, 4))}
        self.reacted_to: set[tuple[str, int, int]] = set()

    def go(self) -> None:
        """Let it all happen."""
        if self.dice.random() < 0.5:
            self._open()
        clockwork = self.clockwork
        clockwork.choose, clockwork.watch = self.strikes.choose, self._watch
        self.operators.emit(self.operators.detail)
        if self.dice.random() < 0.2:
            self.operators.emit(self.operators.detail, "event-1")
        clockwork.later(self.dice.uniform(0, RECONCILES_EVERY_SECONDS), self._reconcile)
        for _ in range(MOST_FOLLOWED):
            clockwork.go(QUIET_SECONDS)
            if self.witness.status in ENDED:
                break
            self._calm_down()
            if self.witness.status == lifecycle.FAILED:
                self._read_failure()
                self.operators.follow()
        self._calm_down()
        self.strikes.end_what_lasts()
        clockwork.go(QUIET_SECONDS)

    def outcome(self) -> Outcome:
        """Judge it."""
        calls = [f"{call.function} {call.operation}" for call in self.clockwork.calls]
        operators = self.operators
        outcome = Outcome(
            self.seed, self.variant, self.witness.status, self.strikes.met, operators.acted, operators.told, calls
        )
        outcome.complaints = self.witness.judge()
        return outcome

    def _open(self) -> None:
        """Let a neighbour open the shared user pool before, undisturbed."""
        neighbour = Operators(
            self.clockwork,
            Witness(self.clockwork.clients, self.settings, NEIGHBOUR, []),
            self.strikes,
            random.Random(0),
            self.workflow,
            VARIANTS["pool"](NEIGHBOUR),
        )
        self.clockwork.watch = lambda *_: self.workflow.look()
        neighbour.emit(neighbour.detail, "event-of-the-neighbour")
        self.clockwork.go(QUIET_SECONDS)
        self.clockwork.calls.clear()

    def _watch(self, working: Working, call: Call, answer: Answer | None) -> None:
        self.witness.see(working, call, answer)
        if call.operation.startswith("states:"):
            self.workflow.look()
        if len(self.clockwork.calls) in self.act_at:
            self.operators.act()
        moment = self.witness.moments[-1] if self.witness.moments else None
        if moment and moment[0] == lifecycle.FAILED and moment not in self.reacted_to:
            self.reacted_to.add(moment)
            for _ in range(self.dice.randint(0, 3)):
                self.clockwork.later(self.dice.uniform(0, 20), self.operators.act)
        if moment and moment[0] == lifecycle.ABANDONING and moment not in self.reacted_to:
            self.reacted_to.add(moment)
            self.strikes.bring_forward()
        self.strikes.may_be_gone = self.witness.status != lifecycle.COMPLETED

    def _calm_down(self) -> None:
        """Let nothing happen any more that nobody is told to do."""
        self.strikes.on, self.operators.at_leisure = False, True

    def _read_failure(self) -> None:
        witness = self.witness
        witness.complaints += invariants.explained(TENANT, witness.record["failure"], COMMANDS)
        witness.complaints += unrecorded(witness.clients, witness.settings, TENANT)

    def _tell(self, execution_arn: str) -> None:
        """Tell `outcome` of an execution that ended badly: as a rule once, at times never or twice."""
        for _ in range(self.dice.choice((0, 1, 1, 1, 1, 2))):
            late = self.dice.uniform(*TOLD_LATE_SECONDS)
            self.clockwork.later(late, lambda: self._outcome(execution_arn, (60.0, 120.0)))

    def _outcome(self, execution_arn: str, pauses: tuple[float, ...]) -> None:
        def ended(working: Working) -> None:
            if working.error and pauses:
                self.clockwork.later(pauses[0], lambda: self._outcome(execution_arn, pauses[1:]))

        self.clockwork.invoke(
            "outcome",
            lambda: record_outcome(self.clockwork.clients, self.settings, execution_arn),
            seconds=FUNCTION_SECONDS,
            then=ended,
        )

    def _reconcile(self) -> None:
        self.clockwork.invoke(
            "reconcile", lambda: reconcile(self.clockwork.clients, self.settings), seconds=FUNCTION_SECONDS
        )
        self.clockwork.later(RECONCILES_EVERY_SECONDS, self._reconcile)
