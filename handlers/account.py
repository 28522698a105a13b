"""What the functions of the account API share: how a request is let in, whose host it is for, what every answer has.

Anybody may ask. So a body is read only if it is small and says that it is JSON, and no answer names the request in its
body: those that must look the same are the same, byte for byte.
"""

import base64
import json
from collections.abc import Callable, Container
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import account_problems, cross_origin, problems, wrong_requests
from handlers.account_problems import NOT_JSON, TOO_LARGE
from handlers.paths import Paths
from handlers.problems import ProblemError
from handlers.runtime import settings
from handlers.web_answers import finished
from orchestrator.users.app_client import Caller
from orchestrator.users.contract import BASE_PATH

MOST_BYTES = 8 * 1024
MOST_IN_BASE64 = (MOST_BYTES + 2) // 3 * 4
LONGEST_USER_AGENT = 256
"""Characters of what a browser calls itself that Cognito is told."""
JSON = "application/json"
BODY = "body"
NO_ROUTE = "$default"
"""What API Gateway calls the route of whatever has none."""
UTF_8 = ("", "charset=utf-8", 'charset="utf-8"')

Event = dict[str, Any]


def answered(event: Event, context: LambdaContext, answer: Callable[[Event, LambdaContext], Event]) -> Event:
    """Return the function's answer to API Gateway, a problem document if `answer` raises; never raises."""
    also = {"X-Request-Id": context.aws_request_id}
    try:
        also |= cross_origin.headers(_header(event, "origin"), settings())
        found = answer(event, context)
    except Exception as error:
        found = problems.answer(account_problems.of(error), request_id=None)
    return finished(event, found | {"headers": found["headers"] | problems.NOT_STORED | also})


def resolved(
    app: APIGatewayHttpResolver,
    paths: Paths,
    event: Event,
    context: LambdaContext,
    *,
    bodiless: Container[str] = (),
    proved: Container[str] = (),
) -> Event:
    """Return what a function's routes answer, and to browsers what they ask first; raises ProblemError.

    Of paths that are `bodiless` no body is read, whatever it is; where something is `proved`, of DELETE it is too.
    """
    request = event["requestContext"]
    asked, path = request["http"]["method"], _path(event)
    if asked == "OPTIONS":
        told = cross_origin.preflight(paths.allowed(path))
        return {"statusCode": 204, "headers": told, "body": "", "isBase64Encoded": False}
    method = paths.method(asked, path)
    known_as = {"rawPath": path, "requestContext": request | {"http": request["http"] | {"method": method}}}
    has_body = path not in bodiless if method in {"POST", "PUT", "PATCH"} else method == "DELETE" and path in proved
    return app.resolve(event | known_as | (_body(event) if has_body else {"body": None}), context)


def own_host(event: Event) -> str:
    """Return the tenant's host that a request was sent to; empty if it was sent to the API itself."""
    at = str(event["requestContext"].get("domainName") or "").lower().removesuffix(".")
    return at if at.endswith(f".{settings().app_domain}") else ""


def origin(event: Event) -> Caller:
    """Return where a request comes from, as API Gateway knows it."""
    request = event["requestContext"]["http"]
    return Caller(str(request["sourceIp"]), str(request.get("userAgent") or "")[:LONGEST_USER_AGENT])


def bearer(event: Event) -> str:
    """Return the token that a request brings; empty if it brings none."""
    scheme, _, token = _header(event, "authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def host_of(event: Event, named: str | None) -> str:
    """Return the host that a request is for: the one that it was sent to if that is a tenant's, or else the one named.

    What other headers say counts for nothing. Raises ProblemError if both differ, or there is none.
    """
    own = own_host(event)
    if own and named and named.lower().removesuffix(".") != own:
        raise wrong_requests.invalid("host", "must be left out, or the host that this was sent to", BODY)
    if not own and not named:
        raise wrong_requests.invalid("host", "is required", BODY)
    return own or str(named)


def _path(event: Event) -> str:
    """Return the path as the routes have it: without the key of an API mapping, which puts the API at another domain.

    API Gateway finds a route without the key. AWS documents `rawPath` without it too; others have seen it there.
    """
    path = str(event["rawPath"])
    key = 0 if event["routeKey"] == NO_ROUTE else path.find(f"{BASE_PATH}/")
    return path[max(key, 0) :]


def _body(event: Event) -> Event:
    """Return the body as text that is known to be a JSON object, and small; raises ProblemError."""
    text = _text(event)
    kind, _, parameter = _header(event, "content-type").lower().partition(";")
    if kind.strip() != JSON or parameter.strip() not in UTF_8 or _header(event, "content-encoding"):
        raise ProblemError(NOT_JSON, f"Send {JSON}, in UTF-8.")
    try:
        found = json.loads(text.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise wrong_requests.invalid_whole(BODY, "is no JSON") from None
    if not isinstance(found, dict):
        raise wrong_requests.invalid_whole(BODY, "must be an object")
    for name, value in found.items():
        if _is_deep(value):
            raise wrong_requests.invalid(name, "is nested too deeply", BODY)
    headers = event["headers"] | {"content-type": JSON}
    return {"headers": headers, "body": text.decode(), "isBase64Encoded": False}


def _text(event: Event) -> bytes:
    body = event.get("body") or ""
    in_base64 = bool(event.get("isBase64Encoded"))
    if len(body) > (MOST_IN_BASE64 if in_base64 else MOST_BYTES):
        raise _too_large()
    try:
        text = base64.b64decode(body, validate=True) if in_base64 else body.encode()
    except ValueError:
        raise wrong_requests.invalid_whole(BODY, "is no text") from None
    if len(text) > MOST_BYTES:
        raise _too_large()
    return text


def _too_large() -> ProblemError:
    return ProblemError(TOO_LARGE, f"Send at most {MOST_BYTES} bytes.")


def _no_number(text: str) -> None:
    """Python would read NaN and Infinity, which are no JSON."""
    raise ValueError(text)


def _is_deep(value: object) -> bool:
    """Tell whether a field is more than a value, or an object or list of such; no request has any that is."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(each, dict | list) for each in inner)


def _header(event: Event, name: str) -> str:
    """Return a header, whose names API Gateway writes in lower case; empty if there is none."""
    return str((event.get("headers") or {}).get(name, ""))
