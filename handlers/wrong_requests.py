"""What is wrong with a request, parameter by parameter and field by field, and the models of problem documents."""

from typing import Annotated

from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from pydantic import Field

from handlers import problems
from handlers.problems import INVALID_REQUEST, NAMESPACE, NO_SUCH_PATH, ProblemError
from handlers.runtime import logger
from orchestrator.status.contract import OPENAPI_PATH
from tenant_onboarding.contracts.base import Contract

THEIR_WORDS = {
    "Input should ": "must ",
    "String should ": "must ",
    "Field required": "is required",
    "Value error, ": "",
    "Extra inputs are not permitted": "is no field here",
    "Keys should be strings": "must name its fields by text",
}
NAME_MAX = 64
"""Characters of a parameter's name that are repeated."""


class FieldError(Contract):
    """One wrong parameter: a JSON pointer to it, by the place where it stands, and what would be right."""

    pointer: str
    detail: str


class SaidOfAProblem(Contract):
    """What every problem document says."""

    type: Annotated[str, Field(pattern=f"^{NAMESPACE}[a-z-]+$")]
    title: str
    status: int
    detail: str


class Problem(SaidOfAProblem):
    """A problem document of the status API."""

    request_id: str
    """By which the function's log lines are found."""


class InvalidRequest(Problem):
    """The problem document of a request with wrong parameters, each of them named."""

    errors: list[FieldError]


def invalid(parameter: str, detail: str, place: str = "query") -> ProblemError:
    """Return the problem of one wrong parameter."""
    error = FieldError(pointer=f"/{place}/{_escaped(parameter)}", detail=detail)
    return ProblemError(INVALID_REQUEST, f"{parameter[:NAME_MAX]} {detail}.", errors=[error.model_dump()])


def invalid_whole(place: str, detail: str) -> ProblemError:
    """Return the problem of a place, such as the body, that is wrong as a whole."""
    error = FieldError(pointer=f"/{place}", detail=detail)
    return ProblemError(INVALID_REQUEST, f"The {place} {detail}.", errors=[error.model_dump()])


def of(error: Exception) -> ProblemError:
    """Return the problem that an error is; what is no fault of the request is logged by class, code and place."""
    match error:
        case ProblemError():
            return error
        case NotFoundError():
            return ProblemError(NO_SUCH_PATH, f"See {OPENAPI_PATH} for the paths that there are.")
        case RequestValidationError():
            return _wrong_parameters(error)
    return problems.of_failure(error, logger)


def _wrong_parameters(error: RequestValidationError) -> ProblemError:
    wrong = [_wrong(*map(str, each["loc"][:2]), detail=_words(each["msg"])) for each in error.errors()]
    errors = [found for problem in wrong for found in problem.errors]
    return ProblemError(INVALID_REQUEST, " ".join(problem.detail for problem in wrong), errors=errors)


def _wrong(place: str, parameter: str = "", *, detail: str) -> ProblemError:
    return invalid(parameter, detail, place) if parameter else invalid_whole(place, detail)


def _words(message: str) -> str:
    """Return pydantic's words, which repeat nothing of what was sent, as they follow a parameter's name."""
    for theirs, ours in THEIR_WORDS.items():
        message = message.replace(theirs, ours)
    return message


def _escaped(name: str) -> str:
    """Return a name as a part of a JSON pointer (RFC 6901)."""
    return name[:NAME_MAX].replace("~", "~0").replace("/", "~1")
