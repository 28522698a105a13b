"""What goes wrong with a request, as problem documents (RFC 9457): what somebody can act on, and no internals.

Nothing here is slow to import: those who sign somebody in answer so too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from orchestrator.aws.errors import RetryableError, places, translate

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


MEDIA_TYPE = "application/problem+json"
NAMESPACE = "urn:tenant-onboarding:problem:"
NOT_STORED = {"Cache-Control": "no-store"}
RETRY_AFTER_SECONDS = 5


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
NO_SUCH_EVENT = Kind("no-such-event", "There is no such rejected event", HTTPStatus.NOT_FOUND)
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
    NO_SUCH_EVENT,
    NO_SUCH_PATH,
    METHOD_NOT_ALLOWED,
    REFUSED,
    UNAVAILABLE,
    DEFECT,
)


class ProblemError(Exception):
    """The request ends as a problem of this kind; `more` is what its document has beside what all have."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.name)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def to_json(error: ProblemError, request_id: str | None) -> str:
    """Return the problem document; without a request's id it is the same for every such request."""
    document: dict[str, Any] = {
        "type": NAMESPACE + error.kind.name,
        "title": error.kind.title,
        "status": int(error.kind.status),
        "detail": error.detail,
        **error.more,
    }
    if request_id:
        document["requestId"] = request_id
    if error.errors:
        document["errors"] = error.errors
    return json.dumps(document, separators=(",", ":"))


def answer(error: ProblemError, request_id: str | None) -> dict[str, Any]:
    """Return the function's answer to API Gateway."""
    return {
        "statusCode": int(error.kind.status),
        "headers": {"Content-Type": MEDIA_TYPE, **NOT_STORED, **error.headers},
        "body": to_json(error, request_id),
        "isBase64Encoded": False,
    }


def of_failure(error: Exception, logger: "Logger") -> ProblemError:
    """Return the problem that is no fault of the request; it is logged by class, code and place."""
    failure = translate(error)
    account = {"error": type(failure).__name__, "code": failure.code, "where": places(error)}
    logger.error("request failed", extra=account)
    if isinstance(failure, RetryableError):
        return ProblemError(UNAVAILABLE, "Try again in a moment.", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return ProblemError(DEFECT, "The function's log says more, by the request id.")
