"""Welcome: the only function that sets passwords and sends mail."""

from typing import Any
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, logged, logger, reported, settings
from handlers.step import run_step

STEPS = ("SendWelcomeEmail",)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Set the temporary password and mail it: as a step of the workflow, or again where an operator asks for it."""
    if "resend" in event:
        return _resend(event, context)
    run_step(event, context, STEPS)
    return None


@logged
def _resend(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    tenant_id, owner = event["resend"], f"{context.aws_request_id}/{uuid4()}"
    logger.append_keys(tenantId=tenant_id)
    with reported("resending"):
        from orchestrator.welcome.resending import resend  # as a step's module, once it is needed

        resent = resend(clients(), settings(), tenant_id, owner, event.get("by"))
    logger.info("resending %s", "done" if resent.sent else "refused")
    return resent.document()
