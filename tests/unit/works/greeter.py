"""A stack in which acme is greeted: the greeting's definition is carried out state by state, as by Step Functions."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import metrics
from handlers import step as step_function
from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import OnboardingError
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import executions
from orchestrator.tenants import fence, kinds, transitions
from orchestrator.tenants.kinds import ABANDONMENT, ONBOARDING
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_item
from orchestrator.tenants.work import Kind, Work
from tests.unit import redrives
from tests.unit.conftest import ACCOUNT
from tests.unit.faults import Wire
from tests.unit.redrives import Redrives
from tests.unit.simulated_aws import Stack, ended
from tests.unit.works.greeting import DEFINITION, GREETING, MACHINE, STEPS, new_item


@dataclass
class Greeter:
    """The greeting of acme, and who carries it out."""

    stack: Stack
    redrives: Redrives
    work: Work
    _owners: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def item(self) -> Record:
        """The greeting's item as it is now."""
        found = read_item(self.stack.clients.dynamodb, self.work.table, self.work.key)
        assert found
        return found

    @property
    def arn(self) -> str:
        """The ARN of the current attempt's execution."""
        return executions.arn_of(self.stack.settings, self.item)

    @property
    def status(self) -> str:
        """The greeting's status."""
        return str(self.item["changeStatus"])

    def start(self) -> None:
        """Start what is to be started."""
        executions.start(self.stack.clients, self.stack.settings, self.item)

    def told(self) -> dict[str, Any]:
        """Return what the current execution was told."""
        execution = executions.describe(self.stack.clients, self.arn)
        assert execution
        told: dict[str, Any] = json.loads(execution["input"])
        return told

    def invoke(self, step: str, **changes: Any) -> Any:
        """Invoke a step's function as the state of that name does, and return its answer."""
        told = self.told()
        execution = {"Id": self.arn, "RedriveCount": self.redrives.counts.get(self.arn, 0)}
        payload = {"step": step, "work": told["work"], "attempt": told["attempt"], "execution": execution} | changes
        assert payload.keys() == {
            name.removesuffix(".$") for name in DEFINITION["States"][step]["Parameters"]["Payload"]
        }
        context = SimpleNamespace(
            aws_request_id=f"invocation-{next(self._owners)}",
            function_name="greeting",
            function_version="1",
            memory_limit_in_mb=512,
            invoked_function_arn="arn",
            get_remaining_time_in_millis=lambda: 20_000,
        )
        return step_function.run_step(payload, cast("LambdaContext", context), STEPS)

    def carry_out(self, until: str = "") -> list[str]:
        """Carry out the current execution from its first state, and return the steps; `until` is not begun any more."""
        state, passed, data = DEFINITION["StartAt"], [], self.told()
        while state != until:
            defined = DEFINITION["States"][state]
            if defined["Type"] == "Choice":
                state = _chosen(defined, data)
                continue
            passed.append(state)
            try:
                answer = self.invoke(state)
            except OnboardingError as error:
                cause = {"errorMessage": str(error), "errorType": type(error).__name__}
                ended(self.arn, "FAILED", type(error).__name__, json.dumps(cause))
                return passed
            if "ResultSelector" in defined:
                data |= {"portion": answer}
            if defined.get("End"):
                ended(self.arn, "SUCCEEDED")
                return passed
            state = defined["Next"]
        return passed


def _chosen(state: dict[str, Any], data: dict[str, Any]) -> str:
    (choice,) = state["Choices"]
    return str(choice["Next"] if data["portion"]["done"] is choice["BooleanEquals"] else state["Default"])


@pytest.fixture
def greeting() -> Kind:
    """The kind of work that a greeting is; modules of tests may have another."""
    return GREETING


@pytest.fixture
def greeter(
    greeting: Kind,
    clients: Clients,
    settings: Settings,
    wire: Wire,
    published: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Greeter]:
    """A stack that knows greetings, with one of acme's that is to be started."""
    monkeypatch.setattr(kinds, "KINDS", (ONBOARDING, ABANDONMENT, greeting))
    for module in (step_function, metrics):
        monkeypatch.setattr(module, "settings", lambda: settings)
    monkeypatch.setattr(step_function, "clients", lambda: clients)
    clients.stepfunctions.create_state_machine(
        name=MACHINE, definition=json.dumps(DEFINITION), roleArn=f"arn:aws:iam::{ACCOUNT}:role/workflow"
    )
    item = new_item() | ({fence.PLACEMENT: fence.FIRST} if greeting.fence else {})
    writes.transact(clients.dynamodb, transitions.beginning(settings.tenants_table, item))
    work = kinds.work_of(settings, item)
    with redrives.simulated() as known:
        yield Greeter(Stack(clients, settings, wire, published), known, work)
