"""What goes wrong with a request, as problem documents (RFC 9457): what an operator can act on, and no internals."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from traceback import extract_tb
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from pydantic import Field

from handlers.runtime import logger
from orchestrator.contracts.base import Contract
from orchestrator.contracts.status import OPENAPI_PATH
from orchestrator.errors import RetryableError, translate

MEDIA_TYPE = "application/problem+json"
NAMESPACE = "urn:tenant-onboarding:problem:"
NOT_STORED = {"Cache-Control": "no-store"}
RETRY_AFTER_SECONDS = 5
THEIR_WORDS = {
    "Input should ": "must ",
    "String should ": "must ",
    "Field required": "is required",
    "Value error, ": "",
}
NAME_MAX = 64
"""Characters of a parameter's name that are repeated."""


class FieldError(Contract):
    """One wrong parameter: a JSON pointer to it, by the place where it stands, and what would be right."""

    pointer: str
    detail: str


class Problem(Contract):
    """A problem document."""

    type: Annotated[str, Field(pattern=f"^{NAMESPACE}[a-z-]+$")]
    title: str
    status: int
    detail: str
    request_id: str
    """By which the function's log lines are found."""


class InvalidRequest(Problem):
    """The problem document of a request with wrong parameters, each of them named."""

    errors: list[FieldError]


@dataclass(frozen=True)
class Kind:
    """A kind of problem: what its type ends with, its title and its status."""

    name: str
    title: str
    status: HTTPStatus


INVALID_REQUEST = Kind("invalid-request", "The request is not valid", HTTPStatus.BAD_REQUEST)
UNAUTHENTICATED = Kind("unauthenticated", "No access token of an operator", HTTPStatus.UNAUTHORIZED)
FORBIDDEN = Kind("forbidden", "Not allowed", HTTPStatus.FORBIDDEN)
NO_SUCH_TENANT = Kind("no-such-tenant", "There is no such tenant", HTTPStatus.NOT_FOUND)
NO_SUCH_PATH = Kind("no-such-path", "There is no such path", HTTPStatus.NOT_FOUND)
METHOD_NOT_ALLOWED = Kind("method-not-allowed", "The path has no such method", HTTPStatus.METHOD_NOT_ALLOWED)
REFUSED = Kind("refused", "The tenant's state does not allow it", HTTPStatus.CONFLICT)
UNAVAILABLE = Kind("unavailable", "AWS is busy or does not answer", HTTPStatus.SERVICE_UNAVAILABLE)
DEFECT = Kind("defect", "A defect, or a mistake in the deployment", HTTPStatus.INTERNAL_SERVER_ERROR)
KINDS = (
    INVALID_REQUEST,
    UNAUTHENTICATED,
    FORBIDDEN,
    NO_SUCH_TENANT,
    NO_SUCH_PATH,
    METHOD_NOT_ALLOWED,
    REFUSED,
    UNAVAILABLE,
    DEFECT,
)


class ProblemError(Exception):
    """The request ends as a problem of this kind."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.name)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def to_json(error: ProblemError, request_id: str) -> str:
    """Return the problem document."""
    document: dict[str, Any] = {
        "type": NAMESPACE + error.kind.name,
        "title": error.kind.title,
        "status": int(error.kind.status),
        "detail": error.detail,
        "requestId": request_id,
    }
    if error.kind is INVALID_REQUEST:
        document["errors"] = [each.model_dump() for each in error.errors]
    return json.dumps(document, separators=(",", ":"))


def answer(error: ProblemError, request_id: str) -> dict[str, Any]:
    """Return the function's answer to API Gateway."""
    return {
        "statusCode": int(error.kind.status),
        "headers": {"Content-Type": MEDIA_TYPE, **NOT_STORED, **error.headers},
        "body": to_json(error, request_id),
        "isBase64Encoded": False,
    }


def invalid(parameter: str, detail: str, place: str = "query") -> ProblemError:
    """Return the problem of one wrong parameter."""
    error = FieldError(pointer=f"/{place}/{_escaped(parameter)}", detail=detail)
    return ProblemError(INVALID_REQUEST, f"{parameter[:NAME_MAX]} {detail}.", errors=[error])


def of(error: Exception) -> ProblemError:
    """Return the problem that an error is; what is no fault of the request is logged by class, code and place."""
    match error:
        case ProblemError():
            return error
        case NotFoundError():
            return ProblemError(NO_SUCH_PATH, f"See {OPENAPI_PATH} for the paths that there are.")
        case RequestValidationError():
            return _wrong_parameters(error)
    failure = translate(error)
    frames = [f"{frame.name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
    account = {"error": type(failure).__name__, "code": failure.code, "where": frames}
    logger.warning("request failed", extra=account)
    if isinstance(failure, RetryableError):
        return ProblemError(UNAVAILABLE, "Try again in a moment.", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return ProblemError(DEFECT, "The function's log says more, by the request id.")


def _wrong_parameters(error: RequestValidationError) -> ProblemError:
    wrong = [invalid(str(each["loc"][1]), _words(each["msg"]), place=str(each["loc"][0])) for each in error.errors()]
    errors = [found for problem in wrong for found in problem.errors]
    return ProblemError(INVALID_REQUEST, " ".join(problem.detail for problem in wrong), errors=errors)


def _words(message: str) -> str:
    """Return pydantic's words, which repeat nothing of what was sent, as they follow a parameter's name."""
    for theirs, ours in THEIR_WORDS.items():
        message = message.replace(theirs, ours)
    return message


def _escaped(name: str) -> str:
    """Return a name as a part of a JSON pointer (RFC 6901)."""
    return name[:NAME_MAX].replace("~", "~0").replace("/", "~1")
