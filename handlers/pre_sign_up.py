"""Pre sign-up: before Amazon Cognito makes somebody a user, the tenant's say is looked up, or nobody is made one.

Cognito calls this in the user pool's Region, for users that an administrator makes too, and shows an error's text to
whoever signs in. So nothing is imported that is slow, and no more leaves than one sentence.
"""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.sign_in import find, logger
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import places
from orchestrator.sign_in import sign_up
from orchestrator.sign_in.token_claims import Event, RefusedError

REFUSAL = "You cannot join here by yourself: please ask the administrator of your company to invite you."

clients = Clients()


class SignUpRefusedError(Exception):
    """The one error that leaves, with the one text."""


@logger.inject_lambda_context(clear_state=True, log_event=False)
def handler(event: Event, context: LambdaContext) -> Event:
    """Return the event, whose response confirms and links nobody; raises SignUpRefusedError, whatever the cause."""
    try:
        return event | {"response": _response(event)}
    except RefusedError as refusal:
        logger.warning("nobody is made a user", extra={"reason": refusal.reason})
    except Exception as error:  # fails closed
        account = {"reason": type(error).__name__, "where": places(error)}
        logger.error("nobody is made a user", extra=account)  # an error's text may name people
    raise SignUpRefusedError(REFUSAL)


def _response(event: Event) -> dict[str, Any]:
    logger.append_keys(triggerSource=event["triggerSource"], userPoolId=event["userPoolId"])
    tenant_id = sign_up.check(partial(find, clients), event)
    logger.info("a user is made", extra={"tenantId": tenant_id} if tenant_id else {})
    return dict(sign_up.RESPONSE)
