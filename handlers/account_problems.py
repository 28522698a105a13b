"""What goes wrong with a request to the account API: kinds of problems, and the models of their documents.

A document has no request id, so that all that must look the same is the same, byte for byte; a header has it.
"""

from http import HTTPStatus

from handlers import wrong_requests
from handlers.problems import RETRY_AFTER_SECONDS, Kind, ProblemError
from handlers.wrong_requests import FieldError, SaidOfAProblem
from orchestrator.users.hosts import FederatedError, SuspendedError
from orchestrator.users.passwords import PasswordRefusedError
from orchestrator.users.proofs import ProofEndedError
from orchestrator.users.refusals import (
    LastAdminError,
    NotAllowedError,
    NotAMemberError,
    NotPossibleError,
    UnderWayError,
)

TOO_LARGE = Kind("too-large", "The body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
NOT_JSON = Kind("unsupported-media-type", "The body is no JSON", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
PASSWORD_REFUSED = Kind("password-refused", "The tenant's rules do not allow this password", HTTPStatus.BAD_REQUEST)
NOT_SIGNED_IN = Kind("not-signed-in", "Nobody is signed in by this", HTTPStatus.UNAUTHORIZED)
SUSPENDED = Kind("suspended", "The tenant is suspended", HTTPStatus.FORBIDDEN)
FEDERATED = Kind("federated", "The tenant's people sign in at its identity provider", HTTPStatus.CONFLICT)
UNDER_WAY = Kind("under-way", "Another request for the same person is under way", HTTPStatus.CONFLICT)
ENDED = Kind("used-or-ended", "The link was used, has ended, or never was one", HTTPStatus.GONE)
NOT_A_MEMBER = Kind("not-a-member", "Whoever has this token is none of the tenant's people", HTTPStatus.FORBIDDEN)
NOT_ALLOWED = Kind("not-allowed", "Only the tenant's admins may do this", HTTPStatus.FORBIDDEN)
NO_SUCH_USER = Kind("no-such-user", "The tenant has no such user", HTTPStatus.NOT_FOUND)
LAST_ADMIN = Kind("last-admin", "The tenant would have no admin any more", HTTPStatus.CONFLICT)
NOT_POSSIBLE = Kind("not-possible", "This cannot be done to somebody in that status", HTTPStatus.CONFLICT)
USER_EXISTS = Kind("user-exists", "Somebody of the tenant has the address already", HTTPStatus.CONFLICT)
NOT_INVITED = Kind("not-invited", "Nobody waits for a link of an invitation", HTTPStatus.CONFLICT)
MFA_OFF = Kind("mfa-off", "The tenant has no second factor", HTTPStatus.CONFLICT)
AUTHENTICATOR_EXISTS = Kind("authenticator-exists", "A second factor is set up already", HTTPStatus.CONFLICT)
SET_UP_AT_SIGN_IN = Kind("set-up-at-sign-in", "The next sign-in sets up an authenticator", HTTPStatus.CONFLICT)
KINDS = (TOO_LARGE, NOT_JSON, PASSWORD_REFUSED, NOT_SIGNED_IN, SUSPENDED, FEDERATED, UNDER_WAY, ENDED)
OF_MEMBERS = (NOT_A_MEMBER, NOT_ALLOWED, NO_SUCH_USER, LAST_ADMIN, NOT_POSSIBLE, USER_EXISTS, NOT_INVITED)
ASK_AN_ADMIN = "Ask an admin of the tenant."
PLAIN: dict[type[Exception], tuple[Kind, str]] = {
    SuspendedError: (SUSPENDED, "Nobody signs in here for now. Ask whoever looks after your account."),
    ProofEndedError: (ENDED, "Ask for another link."),
    NotAMemberError: (NOT_A_MEMBER, ASK_AN_ADMIN),
    NotAllowedError: (NOT_ALLOWED, ASK_AN_ADMIN),
    LastAdminError: (LAST_ADMIN, "Make somebody else an admin first."),
}
"""What each error is, with what to do, where the error says no more."""


class AccountProblem(SaidOfAProblem):
    """A problem document of the account API."""

    sign_in_address: str | None = None
    """Where the people of a federated tenant sign in; of that problem alone."""


class InvalidAccountRequest(SaidOfAProblem):
    """The problem document of a request with wrong fields, or of a password, with each thing that is wrong."""

    errors: list[FieldError]


def of(error: Exception) -> ProblemError:
    """Return the problem that an error is; what is no fault of the request is logged by class, code and place."""
    if type(error) in PLAIN:
        return ProblemError(*PLAIN[type(error)])
    match error:
        case FederatedError():
            more = {"signInAddress": error.address}
            return ProblemError(FEDERATED, "There are no passwords here; sign in at signInAddress.", more=more)
        case UnderWayError():
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return ProblemError(UNDER_WAY, "Try again in a moment.", headers=headers)
        case PasswordRefusedError():
            return password_refused(error.rules, "/body/password")
        case NotPossibleError():
            return ProblemError(NOT_POSSIBLE, f"The user is {error.status}.")
    return wrong_requests.of(error)


def password_refused(rules: list[str], pointer: str) -> ProblemError:
    """Return the problem of a password that breaks these rules, which stands there in the request."""
    errors = [FieldError(pointer=pointer, detail=rule).model_dump() for rule in rules]
    return ProblemError(PASSWORD_REFUSED, " ".join(rules), errors=errors)
