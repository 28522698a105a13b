"""Who may do what through the status API, by the claims that API Gateway has verified.

API Gateway lets in tokens of the operators' user pool and app client only, signed and not expired. Should it ever be
set up otherwise, nobody gets in here without the claims of an access token of one of the two groups.
"""

from typing import Any

from handlers.problems import FORBIDDEN, UNAUTHENTICATED, ProblemError
from orchestrator.status.contract import OPENAPI_PATH, OPERATORS, VIEWERS

READING = ("GET", "HEAD", "OPTIONS")
OF_OPERATORS = "/rejections/"
"""What is below it may name people, so to read it takes an operator too."""
BEARER = {"WWW-Authenticate": "Bearer"}


def check(event: dict[str, Any]) -> str:
    """Return the id of the user who may do what is asked, empty where nobody needs to be known; raises ProblemError."""
    request = event["requestContext"]["http"]
    if request["method"] in ("GET", "HEAD") and event["rawPath"] == OPENAPI_PATH:
        return ""
    claims = _claims(event)
    if claims.get("token_use") != "access" or not claims.get("sub"):
        raise ProblemError(
            UNAUTHENTICATED, "Send an access token of the operators' user pool as a bearer token.", headers=BEARER
        )
    groups = _groups(claims)
    is_for_viewers = request["method"] in READING and not event["rawPath"].startswith(OF_OPERATORS)
    if OPERATORS in groups or (VIEWERS in groups and is_for_viewers):
        return str(claims["sub"])
    needed = f"{VIEWERS} or {OPERATORS}" if is_for_viewers else OPERATORS
    raise ProblemError(FORBIDDEN, f"This needs a member of the group {needed}; yours are read when you sign in.")


def _claims(event: dict[str, Any]) -> dict[str, Any]:
    authorizer = event["requestContext"].get("authorizer") or {}
    return (authorizer.get("jwt") or {}).get("claims") or {}


def _groups(claims: dict[str, Any]) -> list[str]:
    """Return the groups; API Gateway writes a list as `[one two]`, and no group of Cognito has a space in its name."""
    listed = claims.get("cognito:groups", "")
    return listed.removeprefix("[").removesuffix("]").split() if isinstance(listed, str) else []
