"""The resolver: tells anybody what signing in needs, by a host name, an email address or a tenant's code.

Whatever leads nowhere is answered alike, byte for byte, so nobody learns from it who else is a tenant. What was asked
for is in no answer but the tenant's own, and in no log line.
"""

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from handlers import problems
from handlers.problems import INVALID_REQUEST, NO_SUCH_TENANT, ProblemError
from handlers.sign_in import FOR_A_SNAPSHOT, logger
from handlers.web_answers import finished, method_of
from orchestrator.aws.clients import Clients
from tenant_onboarding.authorizer import resolver

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from types_boto3_dynamodb import DynamoDBClient

FOUND_SECONDS = 60
"""For so long an answer may be kept: a route that is changed or given up may lead there once more meanwhile."""
NOWHERE_SECONDS = 5
"""Shorter: whoever looks for a tenant a moment too early finds it right after it is onboarded."""
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Every page may read it: it is the same for everybody, and no cookie or token has a part in it."""
PREFLIGHT = {
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Max-Age": "7200",
    "Allow": "GET, HEAD, OPTIONS",
}
"""What browsers ask first where a page's own tools add a header, as tracing adds `traceparent`."""


@dataclass(frozen=True)
class Deployment:
    """What the environment says; `orchestrator.aws.settings` would take longer to import than all else here."""

    routes_table: str
    app_domain: str
    token_use: str


@cache
def deployment() -> Deployment:
    """Return the deployment of this execution environment."""
    names = ("ONBOARDING_ROUTES_TABLE", "ONBOARDING_APP_DOMAIN", "ONBOARDING_TOKEN_USE")
    return Deployment(*(os.environ[name] for name in names))


@cache
def dynamodb() -> "DynamoDBClient":
    """Return the client of this execution environment."""
    return Clients().registry


if FOR_A_SNAPSHOT:
    dynamodb()  # made once, for the snapshot that all environments start from


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a request; never raises."""
    try:
        answer = _handle(event, context)
    except ProblemError as problem:
        answer = problems.answer(problem, request_id=None)
    except Exception as error:
        answer = problems.answer(problems.of_failure(error, logger), context.aws_request_id)
    return finished(event, answer | {"headers": HEADERS | answer["headers"]})


@logger.inject_lambda_context(clear_state=True, log_event=False)
def _handle(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    if method_of(event) == "OPTIONS":
        return {"statusCode": 204, "headers": PREFLIGHT, "body": "", "isBase64Encoded": False}
    by, value = _asked(event)
    found = resolver.find(dynamodb(), deployment(), by, value)
    logger.info("resolved" if found else "leads nowhere", extra={"by": by})
    if found is None:
        raise ProblemError(NO_SUCH_TENANT, "This leads to no tenant.", headers=_kept(NOWHERE_SECONDS))
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"} | _kept(FOUND_SECONDS),
        "body": json.dumps(found, separators=(",", ":")),
        "isBase64Encoded": False,
    }


def _asked(event: dict[str, Any]) -> tuple[resolver.By, str]:
    """Return the one thing asked for; raises ProblemError.

    It is read from the query as it was sent: API Gateway joins what is given twice by a comma, which an email address
    may hold.
    """
    given = parse_qsl(event["rawQueryString"], keep_blank_values=True)
    if len(given) != 1 or given[0][0] not in resolver.WAYS:
        raise ProblemError(INVALID_REQUEST, f"Give exactly one of {', '.join(resolver.WAYS)}, once, and nothing else.")
    ((name, value),) = given
    return cast("resolver.By", name), value


def _kept(seconds: int) -> dict[str, str]:
    return {"Cache-Control": f"public, max-age={seconds}"}
