"""One's own account: what somebody who is signed in changes of how they sign in.

A token is not enough for it: the password is asked for again, so a page that is left open changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.metrics import MetricUnit

from handlers import account, account_problems, member_callers, metrics
from handlers.account_description import DESCRIPTION
from handlers.member_callers import OF_ALL
from handlers.problems import ProblemError
from handlers.runtime import logger, settings
from orchestrator.users import own_password
from orchestrator.users.app_client import RefusedError
from orchestrator.users.member_contract import ME_PASSWORD, PasswordChange
from orchestrator.users.oneself import Oneself
from orchestrator.users.passwords import PasswordRefusedError

ALLOWED = {ME_PASSWORD: ("PUT",)}
OF_LOCAL_USERS = (*OF_ALL, account_problems.FEDERATED)
router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools leaves it so


@router.put(
    ME_PASSWORD,
    operation_id="changePassword",
    summary="Change one's own password; all sessions end",
    status_code=204,
    responses=DESCRIPTION.answers(
        "The new password is set.", *OF_LOCAL_USERS, account_problems.PASSWORD_REFUSED, success=204
    ),
)
def change_password(asked: Annotated[PasswordChange, Body()]) -> Response[str]:
    """Change the caller's password."""
    asks = _oneself()
    with _refusals():
        own_password.change(asks, asked.current_password, asked.new_password)
    logger.info("password changed")
    return Response(204, body="")


def _oneself() -> Oneself:
    """Return who asks; raises as `member_callers.caller`, and FederatedError for somebody without a password."""
    event = router.current_event.raw_event
    asks = Oneself(member_callers.clients(), settings(), member_callers.caller(event), account.origin(event))
    asks.check_local()
    return asks


@contextmanager
def _refusals() -> Iterator[None]:
    """Let whoever does not prove to be the caller be answered alike inside the block, whatever the reason is."""
    try:
        yield
    except RefusedError as refused:
        logger.info("not proved", extra={"reason": refused.reason})
        metrics.write("SignInsRefused", MetricUnit.Count, 1)
        raise ProblemError(account_problems.NOT_SIGNED_IN, "Look at the password, or sign in again.") from None
    except PasswordRefusedError as refused:
        raise account_problems.password_refused(refused.rules, "/body/newPassword") from None
