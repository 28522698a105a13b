"""What can happen to one call of a function: each fault by name, deterministic, at the wire."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.aws_proxy import Answer, Call, ConnectionLostError, KilledError, LateError, Strike

JSON = ("Content-Type", "application/x-amz-json-1.1")
THROTTLING = {
    "cognito-idp": "TooManyRequestsException",
    "dynamodb": "ProvisionedThroughputExceededException",
    "ses": "TooManyRequestsException",
}
"""What each service says when it throttles; the others say ThrottlingException."""
LetThrough = Callable[[], Answer]


def refused(code: str, message: str, status: int = 400) -> Answer:
    """Return the answer of a service that refuses a call."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return status, [JSON, ("x-amzn-ErrorType", code)], body


def throttled(call: Call, let_through: LetThrough) -> Answer:
    """The service asks to slow down, by its own error code, and does nothing."""
    code = THROTTLING.get(call.operation.split(":", maxsplit=1)[0], "ThrottlingException")
    return refused(code, "Rate exceeded")


def server_error(call: Call, let_through: LetThrough) -> Answer:
    """The service fails inside, and does nothing."""
    return refused("InternalServerError", "Something went wrong", status=500)


def denied(call: Call, let_through: LetThrough) -> Answer:
    """The function's role lacks the action."""
    return refused("AccessDeniedException", f"User: the function is not authorized to perform: {call.operation}")


def reset(call: Call, let_through: LetThrough) -> Answer:
    """The connection breaks before the call arrives."""
    raise ConnectionLostError


def lost_response(call: Call, let_through: LetThrough) -> Answer:
    """The call takes effect; the connection breaks before the answer comes."""
    let_through()
    raise ConnectionLostError


def read_timeout(call: Call, let_through: LetThrough) -> Answer:
    """The call takes effect; the answer comes after the function has given up waiting."""
    let_through()
    raise LateError


def killed_before(call: Call, let_through: LetThrough) -> Answer:
    """The function's process ends before the call takes effect."""
    raise KilledError


def killed_after(call: Call, let_through: LetThrough) -> Answer:
    """The call takes effect; the function's process ends before it learns so."""
    let_through()
    raise KilledError


FAULTS: tuple[Strike, ...] = (
    throttled,
    server_error,
    reset,
    lost_response,
    denied,
    killed_before,
    killed_after,
    read_timeout,
)

EXPLAINED = {strike.__name__: (strike.__doc__ or "").rstrip(".") for strike in FAULTS}
LASTING: tuple[Strike, ...] = (server_error, denied)
"""What may go on until somebody steps in."""


@dataclass
class Fault:
    """Strikes a tenant's calls of an operation, from the `number`-th on (1 is the first), `times` of them."""

    tenant_id: str
    operation: str
    strike: Strike
    number: int = 1
    times: int = 1
    seen: int = 0
    struck: int = 0

    def choose(self, call: Call) -> Strike | None:
        """Return what happens to a call; None lets it pass."""
        if (call.tenant_id, call.operation) != (self.tenant_id, self.operation):
            return None
        self.seen += 1
        if not self.number <= self.seen < self.number + self.times:
            return None
        self.struck += 1
        return self.strike
