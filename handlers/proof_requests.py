"""Proof requests: messages of the queue become mails with links, or nothing; only AWS's errors send one back.

A message names a person, so no line of the log, and no error that leaves, holds any of it but ids and reasons.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import messages, metrics
from handlers.runtime import clients, lease_until, logged, logger, reported, settings
from orchestrator.users import requests
from orchestrator.users.works import Claim


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> messages.Answer:
    """Receive a batch; failed messages alone come back from the queue."""

    def receive(message_id: str, body: str) -> None:
        with logger.append_context_keys(messageId=message_id):
            claim = Claim(f"{context.aws_request_id}/{message_id}", lease_until(context))
            with reported("link"):
                found = requests.receive(clients(), settings(), body, claim)
            logger.info("link %s", found.answer, extra={"tenantId": found.tenant_id, "why": found.why})
            if found.why:
                metrics.dropped(found.why)

    return messages.each(event, receive)
