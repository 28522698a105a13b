"""Both workflows as Step Functions runs them: the deployed definitions, their retries, redrives and status changes."""

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from moto.stepfunctions.models import Execution, stepfunctions_backends

from orchestrator.aws.clients import READ_TIMEOUT_SECONDS
from orchestrator.aws.errors import OnboardingError
from orchestrator.aws.settings import Settings
from orchestrator.tenants.ledger import LEASE_MARGIN_SECONDS, Turn
from tests.unit.conftest import carry_out
from tests.unit.faults import DeathError
from tests.unit.random_faults.clockwork import Clockwork, Working
from tests.unit.redrives import Redrives
from tests.unit.simulated_aws import ended
from tests.unit.simulation import ABANDONMENT, ACCOUNT, REGION
from tests.workflow import definition

FUNCTION_SECONDS = 30.0
DIED, OUT_OF_TIME = "Runtime.ExitError", "Sandbox.Timedout"
"""What Lambda says of a function that ended before it answered."""
UNSUCCESSFUL = ("FAILED", "ABORTED", "TIMED_OUT")


@dataclass
class Run:
    """One execution: where it stands, how often it tried that, and how often it was redriven."""

    execution: Execution
    state: str
    redrives: int = 0
    tries: Counter[int] = field(default_factory=Counter)
    over: bool = False

    @property
    def about(self) -> dict[str, Any]:
        """Its input."""
        found: dict[str, Any] = json.loads(self.execution.execution_input)
        return found

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return self.execution.status == "ABORTED"


@dataclass
class Workflow:
    """Step Functions: it goes on with what is started, redriven and stopped, and tells how it ended."""

    clockwork: Clockwork
    settings: Settings
    redrives: Redrives
    tell: Callable[[str], object]
    """Told the ARN of each execution that ended badly."""
    runs: dict[str, Run] = field(default_factory=dict)
    _owners: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def look(self) -> None:
        """Go on with executions that were started or redriven, and take leave of those that were stopped."""
        for machine in stepfunctions_backends[ACCOUNT][REGION].state_machines:
            states = _states(machine.name)
            for execution in machine.executions:
                arn = execution.execution_arn
                if arn not in self.runs:
                    self.runs[arn] = Run(execution, states["StartAt"])
                    self._enter(self.runs[arn])
                run = self.runs[arn]
                if self.redrives.counts.get(arn, 0) > run.redrives:
                    run.redrives, run.over = self.redrives.counts[arn], False
                    self._enter(run)
                elif run.stopped and not run.over:
                    self._end(run, "ABORTED")

    def _enter(self, run: Run) -> None:
        """Enter the state where an execution stands, and those that follow at once."""
        run.tries.clear()
        state = self._state(run)
        while state["Type"] == "Choice":
            run.state = _chosen(state, run.about)
            state = self._state(run)
        if state["Type"] == "Fail":
            self._end(run, "FAILED", state["Error"])
        elif state["Type"] == "Task":
            self.clockwork.later(0.0, lambda: self._invoke(run, run.redrives))
        else:
            raise AssertionError(f"no rule knows a state of type {state['Type']}")

    def _invoke(self, run: Run, redrive: int) -> None:
        if run.over or run.redrives != redrive:
            return
        clockwork, about = self.clockwork, run.about
        lease = clockwork.clock.now + FUNCTION_SECONDS + READ_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS
        owner = f"invocation-{next(self._owners)}"
        arn = run.execution.execution_arn
        turn = Turn(run.state, owner, about["attempt"], redrive, lease, arn)
        clockwork.invoke(
            run.state,
            lambda: carry_out(clockwork.clients, self.settings, about["tenantId"], turn),
            seconds=FUNCTION_SECONDS,
            about=turn,
            then=lambda working: self._answered(run, redrive, working),
        )

    def _answered(self, run: Run, redrive: int, working: Working) -> None:
        if run.over or run.redrives != redrive:
            return
        if working.error is None:
            after = self._state(run)
            if after.get("End"):
                self._end(run, "SUCCEEDED")
            else:
                run.state = after["Next"]
                self._enter(run)
            return
        error, cause = _told(run.state, working)
        for number, retrier in enumerate(self._state(run)["Retry"]):
            if error not in retrier["ErrorEquals"]:
                continue
            if run.tries[number] < retrier["MaxAttempts"]:
                pause = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** run.tries[number]
                run.tries[number] += 1
                pause = self.clockwork.dice.uniform(0, min(pause, retrier["MaxDelaySeconds"]))
                self.clockwork.later(pause, lambda: self._invoke(run, redrive))
                return
            break
        self._end(run, "FAILED", error, cause)

    def _end(self, run: Run, status: str, error: str | None = None, cause: str | None = None) -> None:
        run.over = True
        ended(run.execution.execution_arn, status, error, cause)
        if status in UNSUCCESSFUL:
            self.tell(run.execution.execution_arn)

    def _state(self, run: Run) -> dict[str, Any]:
        found: dict[str, Any] = _states(run.execution.state_machine_arn.rpartition(":")[2])["States"][run.state]
        return found


@cache
def _states(machine: str) -> dict[str, Any]:
    return definition.load(definition.ABANDONMENT if machine == ABANDONMENT else definition.ONBOARDING)


def _chosen(state: dict[str, Any], about: dict[str, Any]) -> str:
    for choice in state["Choices"]:
        ((kind, wanted),) = [(name, value) for name, value in choice.items() if name.endswith("Equals")]
        assert kind in ("StringEquals", "BooleanEquals"), f"no rule knows {kind}"
        if about[choice["Variable"].removeprefix("$.")] == wanted:
            return str(choice["Next"])
    return str(state["Default"])


def _told(step: str, working: Working) -> tuple[str, str | None]:
    """Return error and cause as Step Functions gets them: what our code raises names its step and code."""
    error = working.error
    if working.killed:
        return OUT_OF_TIME, None
    if isinstance(error, DeathError):
        return DIED, None
    if isinstance(error, OnboardingError):
        name = type(error).__name__
        return name, json.dumps({"errorMessage": f"{step}: {error.code}", "errorType": name})
    assert error
    raise error
