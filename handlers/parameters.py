"""Parameters: each onboarded tenant gets its SSM parameter, off the critical path."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import messages
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.routing.parameters import write_parameter


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> messages.Answer:
    """Write a batch of parameters; failed messages alone come back from the queue."""
    return messages.each(event, _write)


def _write(message_id: str, body: str) -> None:
    logger.append_keys(messageId=message_id)
    with reported("parameter"):
        name = write_parameter(clients(), settings(), body)
    logger.info("parameter written", extra={"parameter": name})
