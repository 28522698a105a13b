"""The account API on simulated AWS: API Gateway's events for anybody's requests, and what the function answers."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import account, account_problems, metrics, problems, proofs, sessions
from orchestrator.users.contract import CONFIRM, FORGOT_PASSWORD, REGISTER, RESET_PASSWORD
from tests.unit.handlers.api_gateway import Answer, Headers
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.users.people import JANE, OTHER, PASSWORD, People

GATEWAY = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
"""The host of the API itself, which is no tenant's."""
ASKING = (REGISTER, FORGOT_PASSWORD)
PROVING = (CONFIRM, RESET_PASSWORD)
HOST = "acme.app.product.example"
BODIES: dict[str, dict[str, str]] = {
    REGISTER: {"host": HOST, "email": JANE},
    FORGOT_PASSWORD: {"host": HOST, "email": JANE},
    CONFIRM: {"host": HOST, "token": "A" * 22, "password": PASSWORD},
    RESET_PASSWORD: {"host": HOST, "token": "A" * 22, "password": OTHER},
}
"""Of each path a body that is right in form."""


def event(
    method: str,
    path: str,
    body: object = None,
    *,
    at: str = GATEWAY,
    headers: dict[str, str] | None = None,
    key: str = "",
) -> dict[str, Any]:
    """Return API Gateway's event, payload format 2.0; a body that is no text is written as JSON.

    `key` is that of an API mapping, as part of the path that was asked for.
    """
    text = body if isinstance(body, str) else json.dumps(body)
    split = urlsplit(path)
    sent = {"content-type": "application/json", "host": at} | (headers or {})
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": unquote(key + split.path),
        "rawQueryString": split.query,
        "headers": {name: value for name, value in sent.items() if value},
        "requestContext": {
            "stage": "$default",
            "domainName": at,
            "http": {"method": method, "path": key + split.path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        },
        **({} if body is None else {"body": text}),
        "isBase64Encoded": False,
    }


def handed(made: dict[str, Any], context: LambdaContext = CONTEXT) -> Answer:
    """Let the function answer an event."""
    function = sessions if made["routeKey"].partition(" ")[2] in sessions.ALLOWED else proofs
    answered = function.handler(made, context)
    assert answered["statusCode"] in {int(status) for status in HTTPStatus}
    assert json.dumps(answered)  # what Lambda could not write would end as an error of API Gateway's
    return Answer(answered["statusCode"], answered["headers"], answered["body"])


def post(path: str, body: object = None, **how: Any) -> Answer:
    """Let the function answer a POST request, by default with a body that is right in form."""
    return handed(event("POST", path, BODIES[path] if body is None else body, **how))


def without(path: str, name: str) -> dict[str, str]:
    """Return the right body of a path without a field."""
    return {key: value for key, value in BODIES[path].items() if key != name}


def problem(answer: Answer) -> dict[str, Any]:
    """Return a problem document, which every problem's answer is; the request is named by a header alone."""
    assert answer.headers["Content-Type"] == problems.MEDIA_TYPE
    document: dict[str, Any] = answer.document
    model = account_problems.InvalidAccountRequest if "errors" in document else account_problems.AccountProblem
    model.model_validate(document)
    assert document["status"] == answer.status
    assert answer.headers["X-Request-Id"] == CONTEXT.aws_request_id
    assert CONTEXT.aws_request_id not in answer.text
    return document


def kind(answer: Answer) -> str:
    """Return the kind of a problem."""
    return str(problem(answer)["type"]).removeprefix(problems.NAMESPACE)


def errors(answer: Answer) -> dict[str, str]:
    """Return what is wrong with a request, by where."""
    assert (answer.status, kind(answer)) == (400, "invalid-request")
    return {each["pointer"]: each["detail"] for each in problem(answer)["errors"]}


def wsgi(environment: dict[str, Any], start_response: Callable[[str, Headers], object]) -> Iterable[bytes]:
    """Answer as a WSGI application, for tools that test those."""
    length = int(environment.get("CONTENT_LENGTH") or 0)
    sent = environment["wsgi.input"].read(length)
    path = str(environment["PATH_INFO"]).encode("latin-1").decode(errors="replace")
    names = {"content-type": "CONTENT_TYPE", "origin": "HTTP_ORIGIN"}
    headers = {name: str(environment.get(variable, "")) for name, variable in names.items()}
    method = environment["REQUEST_METHOD"]
    try:
        made = event(method, path, sent.decode() if length else None, headers=headers)
    except UnicodeDecodeError:
        made = event(method, path, base64.b64encode(sent).decode(), headers=headers) | {"isBase64Encoded": True}
    answered = handed(made)
    start_response(f"{answered.status} {HTTPStatus(answered.status).phrase}", list(answered.headers.items()))
    return [answered.text.encode()]


@dataclass(frozen=True)
class Door:
    """The function, and the people behind it."""

    people: People

    def choose(self, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
        """Let the deployment have chosen otherwise."""
        chosen = self.people.settings.model_copy(update=changes)
        for module in (proofs, sessions, account, metrics):
            monkeypatch.setattr(module, "settings", lambda: chosen)


def opened(people: People, monkeypatch: pytest.MonkeyPatch) -> Door:
    """Let the function speak through the tests' wire."""
    for module in (proofs, sessions):
        monkeypatch.setattr(module, "clients", lambda: people.clients)
    door = Door(people)
    door.choose(monkeypatch)
    people.wire.attempts.clear()
    return door
