"""Step Functions' redrives, which nothing simulates: answered at the wire, held to the service model.

As documented: an execution that ended badly can be redriven, which counts; the same client token is the same redrive.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.validate import validate_parameters
from moto.stepfunctions.models import stepfunctions_backends

from tests.sdk import model_of
from tests.unit import faults
from tests.unit.conftest import ACCOUNT, REGION
from tests.unit.simulated_aws import STOPPED

UNSUCCESSFUL = ("FAILED", "ABORTED", "TIMED_OUT")


@dataclass
class Redrives:
    """What Step Functions knows of redrives."""

    counts: dict[str, int] = field(default_factory=dict)
    """How often each execution was redriven, by its ARN."""
    tokens: set[str] = field(default_factory=set)
    redrivable: bool = True
    """Whether DescribeExecution says so of what ended badly, and RedriveExecution does it."""
    refuses: bool = False
    """Whether RedriveExecution refuses whatever DescribeExecution says."""

    def redrive(self, arn: str) -> None:
        """Redrive an execution, as somebody does in the console."""
        self._execution(arn).status = "RUNNING"
        self.counts[arn] = self.counts.get(arn, 0) + 1

    def answer(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer one HTTP attempt."""
        target = request.headers.get("X-Amz-Target", "")
        name = (target if isinstance(target, str) else target.decode()).removeprefix("AWSStepFunctions.")
        if name == "RedriveExecution":
            return self._answer(request)
        response = without(request)
        if name == "DescribeExecution" and response.status_code == 200:
            told = json.loads(response.content)
            told["redriveCount"] = self.counts.get(told["executionArn"], 0)
            ended = told["status"] in UNSUCCESSFUL
            told["redriveStatus"] = "REDRIVABLE" if ended and self.redrivable else "NOT_REDRIVABLE"
            times = {key: STOPPED for key in ("startDate", "stopDate") if key in told}
            validate_parameters(told | times, _model("DescribeExecution").output_shape)
            response._content = json.dumps(told).encode()  # type: ignore[attr-defined]  # the stubs lack it
        return response

    def _answer(self, request: AWSPreparedRequest) -> AWSResponse:
        asked: Any = json.loads(request.body or b"{}")  # type: ignore[arg-type]  # no file
        validate_parameters(asked, _model("RedriveExecution").input_shape)
        arn = asked["executionArn"]
        if asked["clientToken"] not in self.tokens:
            status = self._execution(arn).status
            if self.refuses or not self.redrivable or status not in UNSUCCESSFUL:
                return faults.refused("ExecutionNotRedrivable")(request)
            self.redrive(arn)
            self.tokens.add(asked["clientToken"])
        return faults.answered(redriveDate=STOPPED.timestamp())(request)

    @staticmethod
    def _execution(arn: str) -> Any:
        return stepfunctions_backends[ACCOUNT][REGION].describe_execution(arn)


without = faults.answer
"""What is answered where no redrives are known, as by every local engine."""


def _model(operation: str) -> Any:
    return model_of("stepfunctions").operation_model(operation)


@contextmanager
def simulated() -> Iterator[Redrives]:
    """Let Step Functions know redrives."""
    redrives = Redrives()
    with mock.patch.object(faults, "answer", redrives.answer):
        yield redrives
