"""Token claims: before Amazon Cognito issues a token it is bound to its tenant, or there is none.

Cognito calls this while somebody waits, in the user pool's Region, and shows an error's text to whoever signs in. So
nothing is imported that is slow, and no more leaves than one sentence.
"""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.sign_in import FOR_A_SNAPSHOT, find, logger
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import places
from orchestrator.sign_in import token_claims
from orchestrator.sign_in.token_claims import Event, RefusedError, SignIn

REFUSAL = "Signing in is not possible here."

clients = Clients()
if FOR_A_SNAPSHOT:
    clients.registry  # noqa: B018  # made now, it is in the snapshot that every environment starts from


class SignInRefusedError(Exception):
    """The one error that leaves, with the one text."""


@logger.inject_lambda_context(clear_state=True, log_event=False)
def handler(event: Event, context: LambdaContext) -> Event:
    """Return the event with claims and groups in its response; raises SignInRefusedError, whatever the cause."""
    try:
        return event | {"response": _response(event)}
    except RefusedError as refusal:
        logger.warning("no token is issued", extra={"reason": refusal.reason})
    except Exception as error:  # fails closed
        account = {"reason": type(error).__name__, "where": places(error)}
        logger.error("no token is issued", extra=account)  # an error's text may name people
    raise SignInRefusedError(REFUSAL)


def _response(event: Event) -> dict[str, Any]:
    logger.append_keys(triggerSource=event["triggerSource"], version=event["version"])
    logger.append_keys(userPoolId=event["userPoolId"], appClientId=event["callerContext"]["clientId"])
    sign_in = SignIn.from_event(event)
    claims = token_claims.claims(partial(find, clients), sign_in)
    response = token_claims.response(event, claims)
    logger.info("token issued", extra={"tenantId": claims.get("tenantId"), "tier": claims.get("tenantTier")})
    return response
