"""One onboarding or abandonment on one engine, described and observed in the same words whatever the engine."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tests.workflow.definition import ABANDONMENT, ONBOARDING, Definition, fill_in, hurried, load
from tests.workflow.scripted_lambda import Call, Script, ScriptedLambda

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

ROLE = "arn:aws:iam::123456789012:role/workflow-test"
# Far longer than any scenario takes; a scenario that is still running then has hung.
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.1
# No proxy between the tests and loopback, whatever the environment says.
LOOPBACK = Config(proxies={}, retries={"mode": "standard"}, max_pool_connections=50)


def local_session() -> boto3.Session:
    """Return a session with the account that local engines take for their default one."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@dataclass(frozen=True)
class Scenario:
    """One execution's input, and what its steps will do."""

    tier: str
    federated: bool = False
    attempt: int = 1
    abandons: bool = False
    failures: Mapping[str, list[str]] = field(default_factory=dict)
    results: Mapping[str, object] = field(default_factory=dict)
    hurried: bool = False


@dataclass(frozen=True)
class Outcome:
    """What an execution came to, as Step Functions' API and the steps tell it.

    Attributes:
        path: the states entered, in order, from the execution's history.
        inputs: the input of each of them.
    """

    execution_arn: str
    given: dict[str, Any]
    status: str
    error: str | None
    output: object
    path: tuple[str, ...]
    inputs: tuple[object, ...]
    calls: tuple[Call, ...]

    @property
    def verdict(self) -> tuple[str, str | None, tuple[str, ...]]:
        """Status, error and path: what must be the same on every engine."""
        return self.status, self.error, self.path

    def calls_of(self, step: str) -> int:
        """Return how often the step was invoked."""
        return sum(call.step == step for call in self.calls)


Outcomes = dict[str, Future[Outcome]]


@dataclass(frozen=True)
class Engine:
    """A Step Functions API that holds the workflows.

    Attributes:
        at_once: executions that may run together without the engine's own throttling reaching a step's retries.
    """

    name: str
    client: "SFNClient"
    scripted: ScriptedLambda
    at_once: int
    machine_arn: str
    hurried_machine_arn: str
    abandonment_machine_arn: str

    def onboard_all(self, scenarios: Mapping[str, Scenario], *, at_once: int | None = None) -> Outcomes:
        """Run every scenario, several together, and return when all have ended; a future holds what went wrong."""
        with ThreadPoolExecutor(max_workers=at_once or self.at_once) as pool:
            return {name: pool.submit(self.onboard, scenario) for name, scenario in scenarios.items()}

    def onboard(self, scenario: Scenario) -> Outcome:
        """Run one scenario to its end as a tenant of its own.

        Raises:
            TimeoutError: it has not ended within `PATIENCE_SECONDS`.
        """
        tenant_id = f"t-{uuid.uuid4().hex[:16]}"
        given = {
            "attempt": scenario.attempt,
            "federated": scenario.federated,
            "tenantId": tenant_id,
            "tier": scenario.tier,
        }
        self.scripted.expect(tenant_id, Script(scenario.failures, scenario.results))
        return self.execute(self._machine_of(scenario), tenant_id, given)

    def execute(self, machine_arn: str, tenant_id: str, given: dict[str, Any]) -> Outcome:
        """Run a state machine to its end for a tenant, as it is told.

        Raises:
            TimeoutError: it has not ended within `PATIENCE_SECONDS`.
        """
        arn = self.client.start_execution(
            stateMachineArn=machine_arn, name=f"{tenant_id}-{given['attempt']}", input=json.dumps(given)
        )["executionArn"]
        return self._observe(arn, tenant_id, given)

    def _machine_of(self, scenario: Scenario) -> str:
        if scenario.abandons:
            return self.abandonment_machine_arn
        return self.hurried_machine_arn if scenario.hurried else self.machine_arn

    def _observe(self, arn: str, tenant_id: str, given: dict[str, Any]) -> Outcome:
        status, output = self._await_end(arn)
        events = self._history(arn)
        entered = [event["stateEnteredEventDetails"] for event in events if event["type"].endswith("StateEntered")]
        failed = [event["executionFailedEventDetails"] for event in events if event["type"] == "ExecutionFailed"]
        return Outcome(
            execution_arn=arn,
            given=given,
            status=status,
            error=failed[-1]["error"] if failed else None,
            output=json.loads(output) if status == "SUCCEEDED" else None,
            path=tuple(details["name"] for details in entered),
            inputs=tuple(json.loads(details["input"]) for details in entered),
            calls=self.scripted.calls(tenant_id),
        )

    def _await_end(self, arn: str) -> tuple[str, str]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            execution = self.client.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING":
                return execution["status"], execution.get("output", "null")
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"{arn} has not ended within {PATIENCE_SECONDS} s")

    def _history(self, arn: str) -> list[dict[str, Any]]:  # Any: an event has one of dozens of shapes
        pages = self.client.get_paginator("get_execution_history").paginate(
            executionArn=arn, includeExecutionData=True, PaginationConfig={"PageSize": 1000}
        )
        return [dict(event) for page in pages for event in page["events"]]


@contextmanager
def workflow_on(
    name: str,
    endpoint: str,
    scripted: ScriptedLambda,
    *,
    at_once: int,
    adapt: Callable[[Definition], Definition] = lambda definition: definition,
) -> Iterator[Engine]:
    """Create the workflows on the Step Functions API at `endpoint`; delete them in the end."""
    client = local_session().client("stepfunctions", endpoint_url=endpoint, config=LOOPBACK)
    filled, abandonment = (fill_in(adapt(load(workflow))) for workflow in (ONBOARDING, ABANDONMENT))
    suffix = uuid.uuid4().hex[:8]
    arns = [
        client.create_state_machine(name=f"{title}-{suffix}", definition=json.dumps(variant), roleArn=ROLE)[
            "stateMachineArn"
        ]
        for title, variant in (
            ("onboarding", filled),
            ("hurried-onboarding", hurried(filled)),
            ("abandonment", abandonment),
        )
    ]
    try:
        yield Engine(name, client, scripted, at_once, *arns)
    finally:
        for arn in arns:
            client.delete_state_machine(stateMachineArn=arn)
        client.close()
