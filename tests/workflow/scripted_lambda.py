"""Lambda's Invoke API on loopback, answering from a script per tenant instead of running functions.

Every engine reaches its steps through this server: moto's interpreter and Step Functions Local call it as they would
call Lambda, and the functions in MiniStack ask it what to do (`ministack_function`).
"""

import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Errors that come from the Invoke API itself and not from the function that it ran: their HTTP status.
REFUSALS = {"Lambda.TooManyRequestsException": 429, "Lambda.ServiceException": 500}
NO_ANSWER = "States.Timeout"
# A call that gets no answer is let go when the engine calls again, at the latest after this.
HOLD_SECONDS = 30.0


@dataclass(frozen=True)
class Script:
    """What each step of one tenant does.

    Attributes:
        failures: step to the error names that its first calls end with; every later call succeeds.
        results: step to what its successful calls return; null where nothing is said.
        portions: step to how many successful calls it takes until it is done, which each answers.
    """

    failures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    results: Mapping[str, object] = field(default_factory=dict)
    portions: Mapping[str, int] = field(default_factory=dict)

    def result(self, step: str, succeeded: int) -> object:
        """Return what a step's call returns that is the n-th to succeed."""
        portions = self.portions.get(step)
        return {"done": succeeded >= portions} if portions else self.results.get(step)


@dataclass(frozen=True)
class Call:
    """One invocation that reached a step."""

    function: str
    step: str
    payload: dict[str, Any]


class ScriptedLambda:
    """A WSGI application that records each invocation and answers it from the tenant's script."""

    def __init__(self) -> None:
        self.url = ""
        self._scripts: dict[str, Script] = {}
        self._calls: defaultdict[str, list[Call]] = defaultdict(list)
        self._called = threading.Condition()

    def expect(self, tenant_id: str, script: Script) -> None:
        """Set what the tenant's steps will do."""
        self._scripts[tenant_id] = script

    def calls(self, tenant_id: str) -> tuple[Call, ...]:
        """Return the tenant's invocations so far, in the order in which they came."""
        with self._called:
            return tuple(self._calls[tenant_id])

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer `POST /2015-03-31/functions/NAME/invocations`."""
        request = Request(environ)
        *_, function, operation = request.path.split("/")
        if request.method != "POST" or operation != "invocations":
            return Response(status=404)(environ, start_response)
        return self._answer(function, request.get_json(force=True))(environ, start_response)

    def _answer(self, function: str, payload: dict[str, Any]) -> Response:
        tenant_id, step = payload.get("work", payload)["tenantId"], payload["step"]
        script = self._scripts[tenant_id]
        with self._called:
            self._calls[tenant_id].append(Call(function, step, payload))
            turn = self._count(tenant_id, step)
            self._called.notify_all()
        errors = script.failures.get(step, ())
        if turn > len(errors):
            return _json(200, script.result(step, turn - len(errors)))
        if errors[turn - 1] == NO_ANSWER:
            with self._called:
                self._called.wait_for(lambda: self._count(tenant_id, step) > turn, timeout=HOLD_SECONDS)
        return _failure(errors[turn - 1])

    def _count(self, tenant_id: str, step: str) -> int:
        return sum(call.step == step for call in self._calls[tenant_id])


def _failure(error: str) -> Response:
    if error in REFUSALS:
        code = error.removeprefix("Lambda.")
        return _json(REFUSALS[error], {"Type": "Service", "Message": "scripted"}, {"x-amzn-ErrorType": code})
    body = {"errorType": error, "errorMessage": "scripted", "stackTrace": []}
    return _json(200, body, {"X-Amz-Function-Error": "Unhandled"})


def _json(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    # AWS SDKs take an answer without a request id for a broken one.
    return Response(
        json.dumps(body),
        status=status,
        headers={"x-amzn-RequestId": str(uuid.uuid4()), **(headers or {})},
        content_type="application/json",
    )


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # the name is werkzeug's
        """Keep the access log out of the tests' output."""


@contextmanager
def serve_scripted_lambda(port: int) -> Iterator[ScriptedLambda]:
    """Serve on 127.0.0.1 only, at `port` or, for 0, at a free one."""
    scripted = ScriptedLambda()
    server = make_server("127.0.0.1", port, scripted, threaded=True, request_handler=_Quiet)
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="scripted-lambda", daemon=True)
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        thread.join(timeout=HOLD_SECONDS)
        server.server_close()
