"""Who asks the function `members`: the token says whose request it is, the register what that person may do."""

from functools import cache
from typing import Any

from handlers import account, account_problems
from handlers.problems import ProblemError
from handlers.runtime import logger, settings
from orchestrator.aws.clients import WHILE_SOMEBODY_WAITS, Clients
from orchestrator.users import callers
from orchestrator.users.callers import Caller
from tenant_onboarding.authorizer.key_sets import KeySets
from tenant_onboarding.authorizer.token_verifier import Identity, RefusedError

OF_ALL = (account_problems.NOT_SIGNED_IN, account_problems.NOT_A_MEMBER)
"""The problems of whoever brings a token."""


@cache
def clients() -> Clients:
    """Return the AWS clients of this execution environment: whoever asked, waits."""
    return Clients(patience=WHILE_SOMEBODY_WAITS)


@cache
def keys() -> KeySets:
    """Return the keys of user pools, which an environment keeps."""
    return KeySets(settings().keys_address)


def caller(event: dict[str, Any]) -> Caller:
    """Return who asks by API Gateway's event; raises ProblemError, and as `callers.caller`."""
    return callers.caller(clients(), settings(), _identity(event))


def admin(event: dict[str, Any]) -> Caller:
    """Return the admin who asks; raises as above, and as `callers.admin`."""
    return callers.admin(clients(), settings(), _identity(event))


def _identity(event: dict[str, Any]) -> Identity:
    """Return whose token the request brings; raises ProblemError for one that says nobody."""
    try:
        token, host = account.bearer(event), account.own_host(event)
        found = callers.identity(clients(), settings(), keys(), token, host)
    except RefusedError as refused:
        logger.info("no caller", extra={"reason": str(refused)})
        raise ProblemError(account_problems.NOT_SIGNED_IN, "Sign in.", headers={"WWW-Authenticate": "Bearer"}) from None
    logger.append_keys(tenantId=found.tenant_id, callerId=found.user_id)
    return found
