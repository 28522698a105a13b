"""What strikes the calls of a run: faults of the sweep, several, at calls that a seed chooses."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.aws.clients import READ_TIMEOUT_SECONDS
from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.blows import Blow, blows, hidden_blows
from tests.e2e.faults import Fault, LetThrough
from tests.e2e.hidden_faults import HIDDEN, Lag, denied_as_gone, gone, lagging
from tests.unit.random_faults.clockwork import UnderWayError

FEWEST, MOST = 2, 7
LAST_CALLS = (30, 45, 90)
"""Where the last may strike: a clean onboarding takes some 30 calls, an abandonment as many again."""
EARLY = 20
"""By when the first have come, however short the run is."""
ABANDONMENT_CALLS = 35
OFTENER = 4
"""How much oftener what lasts, or AWS alone does, is chosen than what a retry gets over."""
LAG_SECONDS = 10.0
"""As long as a step in doubt waits for lists to show what was made."""
NEAR = 6
"""Every other fault comes within so many calls of one before."""


READS = ("List", "Describe", "Get", "AdminGet", "Query")


def under_way(call: Call, let_through: LetThrough) -> Answer:
    """The function's process ends with its call under way, which takes effect a while later."""
    raise UnderWayError(random.uniform(0.1, READ_TIMEOUT_SECONDS))


@dataclass
class Strikes:
    """The faults of a run: `planned` by the number of the call that each strikes, and `met` in words."""

    variant: str
    tenant_id: str
    dice: random.Random
    planned: list[int] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    active: list[Fault] = field(default_factory=list)
    calls: int = 0
    due: int = 0
    """Planned faults that have struck nothing yet."""
    on: bool = True
    may_be_gone: bool = True
    """Whether the tenant's user pool may be deleted: not once it is in use."""

    def __post_init__(self) -> None:
        """Choose how many, and where."""
        number, last = self.dice.randint(FEWEST, MOST), self.dice.choice(LAST_CALLS)
        while len(self.planned) < number:
            near = self.planned and self.dice.random() < 0.5
            at = (
                self.planned[-1] + self.dice.randint(1, NEAR)
                if near
                else self.dice.randint(1, last if len(self.planned) >= FEWEST else EARLY)
            )
            if at not in self.planned:
                self.planned.append(at)

    def choose(self, call: Call) -> Strike | None:
        """Return what happens to a call."""
        self.calls += 1
        call = Call(call.operation, self.tenant_id, 0, call.body, call.function)
        strikes = [strike for fault in self.active if (strike := fault.choose(call))]
        self.due += self.calls in self.planned
        if self.on and self.due and self._is_worth_it(call):
            self.due -= 1
            strikes += self._begin(call)
        default = denied_as_gone if call.operation.startswith("cognito-idp:") else None
        return strikes[0] if strikes else default

    def _is_worth_it(self, call: Call) -> bool:
        """Tell whether a fault that is due strikes this call: of those that make nothing not each."""
        return call.operation.startswith(("cognito-idp:", "ses:")) or self.dice.random() < 0.4

    def bring_forward(self) -> None:
        """Let what is yet to come strike soon: an abandonment is not long, and may be the last that happens."""
        self.planned = [
            at if at <= self.calls else self.calls + self.dice.randint(1, ABANDONMENT_CALLS) for at in self.planned
        ]

    def end_what_lasts(self) -> None:
        """Let nothing go on to fail."""
        for fault in self.active:
            fault.times = 0

    def _begin(self, call: Call) -> list[Strike]:
        possible = {(blow.strike, blow.times): blow for blow in self.possible(call)}
        weights = [OFTENER if blow.times > 1 or blow.strike in HIDDEN else 1 for blow in possible.values()]
        blow = self.dice.choices(list(possible.values()), weights)[0]
        fault = Fault(self.tenant_id, blow.operation, blow.strike, times=blow.times)
        if blow.strike is lagging:
            fault = Lag(self.tenant_id, blow.operation, lagging, seconds=LAG_SECONDS)
        self.active.append(fault)
        self.met.append(f"{blow.fault}, at {blow.operation} of {call.function}, call {self.calls}")
        strike = fault.choose(call)
        return [strike] if strike else []

    def possible(self, call: Call) -> Iterator[Blow]:
        """Yield what can happen to a call."""
        yield from blows(self.variant, [call.operation])
        yield from hidden_blows(self.variant, [call.operation])
        if not call.operation.partition(":")[2].startswith(READS):
            yield Blow(self.variant, call.operation, 1, under_way)
        if self.may_be_gone and "UserPoolId" in json.loads(call.body or b"{}"):
            yield from (
                blow for blow in hidden_blows(self.variant, [call.operation], abandons=True) if blow.strike is gone
            )
