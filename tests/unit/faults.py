"""The wire between the SDK and the simulated AWS: it counts what passes, and fails calls by name.

A `Wire` stands where botocore would open a connection. Everything above it is the real SDK, with its serialization,
validation, retries and time-outs; everything below is moto. Faults are deterministic: which operation, what happens
to it, and to how many of its HTTP attempts.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.core.models import botocore_stubber

ALWAYS = 1_000_000
_one_at_a_time = threading.Lock()
"""AWS takes concurrent writes to one item in turn; the simulated one would let them mingle."""


class DeathError(BaseException):
    """The function ends in the middle of a call: nothing after it runs, no handler of Exception sees it."""


@dataclass(frozen=True)
class Attempt:
    """One HTTP request as it went over the wire."""

    operation: str
    body: dict[str, Any]


@dataclass
class Fault:
    """What happens to the next `left` HTTP attempts of an operation, once `spared` of them have passed unharmed."""

    operation: str
    strike: Callable[[AWSPreparedRequest], AWSResponse]
    left: int
    spared: int
    struck: int = 0


class Raw(BytesIO):
    """The body of an answer, as the SDK reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        while contents := self.read():
            yield contents


@dataclass
class Wire:
    """What every client of a test speaks through."""

    attempts: list[Attempt] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)

    def __call__(self, event_name: str, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Answer one HTTP attempt, as botocore's `before-send` hook does."""
        operation = event_name.rsplit(".", 1)[-1]
        self.attempts.append(Attempt(operation, _json(request)))
        for fault in self._faults:
            if fault.operation != operation or not fault.left:
                continue
            if fault.spared:
                fault.spared -= 1
                continue
            fault.left -= 1
            fault.struck += 1
            return fault.strike(request)
        return answer(request)

    def reset(self) -> None:
        """Forget what passed, and every fault."""
        self.attempts.clear()
        self._faults.clear()

    def count(self, operation: str) -> int:
        """Return how many HTTP attempts of an operation were made, those that failed included."""
        return len(self.bodies(operation))

    def bodies(self, operation: str) -> list[dict[str, Any]]:
        """Return what each HTTP attempt of an operation sent."""
        return [attempt.body for attempt in self.attempts if attempt.operation == operation]

    def operations(self) -> list[str]:
        """Return the operations in the order of their HTTP attempts."""
        return [attempt.operation for attempt in self.attempts]

    @contextmanager
    def strikes(
        self, operation: str, strike: Callable[[AWSPreparedRequest], AWSResponse], *, times: int = 1, spare: int = 0
    ) -> Iterator[Fault]:
        """Let `strike` answer `times` HTTP attempts of an operation after the first `spare` ones."""
        fault = Fault(operation, strike, left=times, spared=spare)
        self._faults.append(fault)
        try:
            yield fault
        finally:
            self._faults.remove(fault)


def answer(request: AWSPreparedRequest) -> AWSResponse:
    """Return what the simulated AWS answers."""
    with _one_at_a_time:
        response = botocore_stubber("before-send", request)
    if response is None:
        raise AssertionError(f"nothing simulates {request.url}")
    return response


def lost_response(request: AWSPreparedRequest) -> AWSResponse:
    """The call takes effect; its answer never arrives."""
    answer(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def unreachable(request: AWSPreparedRequest) -> AWSResponse:
    """The call never arrives."""
    raise ConnectTimeoutError(endpoint_url=request.url)


def death_before(request: AWSPreparedRequest) -> AWSResponse:
    """The function dies before the call takes effect."""
    raise DeathError


def death_after(request: AWSPreparedRequest) -> AWSResponse:
    """The call takes effect; the function dies before it learns so."""
    answer(request)
    raise DeathError


def answered(**fields: object) -> Callable[..., AWSResponse]:
    """Return a strike that answers with success and these fields, and does nothing."""
    return _answer(200, {}, fields)


def refused(code: str, message: str = "", status: int = 400, **fields: object) -> Callable[..., AWSResponse]:
    """Return a strike that answers with an error and does nothing."""
    body = {"__type": code, "message": message or code, **fields}
    return _answer(status, {"x-amzn-errortype": code}, body)


def _answer(status: int, headers: dict[str, str], fields: dict[str, object]) -> Callable[..., AWSResponse]:
    body = json.dumps(fields).encode()

    def strike(request: AWSPreparedRequest) -> AWSResponse:
        return AWSResponse(request.url, status, headers | {"content-type": "application/x-amz-json-1.1"}, Raw(body))  # type: ignore[arg-type]  # a file is enough

    return strike


throttled = refused("TooManyRequestsException", "Rate exceeded")
server_error = refused("InternalErrorException", "Something went wrong", status=500)


def cancelled(*codes: str) -> Callable[..., AWSResponse]:
    """Return a strike that cancels a DynamoDB transaction; one code an action, `None` for an innocent one."""
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(codes)}]"
    return refused("TransactionCanceledException", message, CancellationReasons=[{"Code": code} for code in codes])


def server_error_after_effect(request: AWSPreparedRequest) -> AWSResponse:
    """The call takes effect; its answer is an error inside AWS."""
    answer(request)
    return server_error(request)


def access_denied(action: str) -> Callable[..., AWSResponse]:
    """Return a strike that answers that the role lacks an action."""
    return refused("AccessDeniedException", f"User: role is not authorized to perform: {action}")


def preceded_by(rival: Callable[[], object]) -> Callable[..., AWSResponse]:
    """Return a strike in which somebody else acts just before the call arrives, which then takes its course."""

    def strike(request: AWSPreparedRequest) -> AWSResponse:
        rival()
        return answer(request)

    return strike


def _json(request: AWSPreparedRequest) -> dict[str, Any]:
    try:
        return dict(json.loads(request.body or b"{}"))  # type: ignore[arg-type]  # our calls send no files
    except ValueError:
        return {}
