"""API Gateway before the status API: requests become its events, and its claims are those of a verified token."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from handlers import api
from orchestrator.status.contract import OPENAPI_PATH
from tests.unit.handlers.invocations import CONTEXT

Headers = list[tuple[str, str]]
Claims = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What the function answered, as API Gateway passes it on."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def document(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.text)


def claims(*groups: str, **changes: str | None) -> Claims:
    """Return the claims of an access token as the authorizer hands them over, lists as text; None takes one away."""
    found = {
        "sub": "0f1e2d3c-user",
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Operators",
        "client_id": "operators-client",
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "exp": "1795236783",
        **({"cognito:groups": f"[{' '.join(groups)}]"} if groups else {}),
    }
    return {name: value for name, value in (found | changes).items() if value is not None}


OPERATOR = claims("operators")
VIEWER = claims("viewers")


def event(method: str, target: str, verified: Claims | None) -> dict[str, Any]:
    """Return API Gateway's event, payload format 2.0, of a request whose token was verified, or that needs none."""
    split = urlsplit(target)
    query: dict[str, str] = {}
    for name, value in parse_qsl(split.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(split.path),
        "rawQueryString": split.query,
        "headers": {"accept": "*/*"},
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "stage": "$default",
            "http": {"method": method, "path": split.path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            **({"authorizer": {"jwt": {"claims": verified, "scopes": None}}} if verified is not None else {}),
        },
        "isBase64Encoded": False,
    }


def ask(method: str, target: str, verified: Claims | None = OPERATOR) -> Answer:
    """Let the function answer a request, by default an operator's."""
    answered = api.handler(event(method, target, verified), CONTEXT)
    assert answered["statusCode"] in {int(status) for status in HTTPStatus}
    assert json.dumps(answered)  # what Lambda could not write would end as an error of API Gateway's
    return Answer(answered["statusCode"], answered["headers"], answered["body"])


def get(target: str, verified: Claims | None = OPERATOR) -> Answer:
    """Let the function answer a GET request, by default an operator's."""
    return ask("GET", target, verified)


def post(target: str, verified: Claims | None = OPERATOR) -> Answer:
    """Let the function answer a POST request, by default an operator's."""
    return ask("POST", target, verified)


TOKEN = "Bearer operators-token"


def wsgi(environment: dict[str, Any], start_response: Callable[[str, Headers], object]) -> Iterable[bytes]:
    """Answer as a WSGI application, for tools that test those: API Gateway, which knows one token, and the function."""
    path = cast("str", environment["PATH_INFO"]).encode("latin-1").decode(errors="replace")
    target = f"{quote(path)}?{environment.get('QUERY_STRING', '')}"
    if path == OPENAPI_PATH:
        answered = ask(environment["REQUEST_METHOD"], target, None)
    elif environment.get("HTTP_AUTHORIZATION") == TOKEN:
        answered = ask(environment["REQUEST_METHOD"], target)
    else:
        answered = Answer(401, {"Content-Type": "application/json"}, '{"message":"Unauthorized"}')
    start_response(f"{answered.status} {HTTPStatus(answered.status).phrase}", list(answered.headers.items()))
    return [answered.text.encode()]
