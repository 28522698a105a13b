"""Outcome: executions that ended badly are recorded, explained and published."""

from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, logger, settings
from orchestrator.errors import translate
from orchestrator.outcome import record_outcome


@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:
    """Record the outcome that a status-change event hints at."""
    arn = event.detail["executionArn"]
    try:
        answer = record_outcome(clients(), settings(), arn)
    except Exception as error:
        failure = translate(error)
        account = {"executionArn": arn, "error": type(failure).__name__, "code": failure.code}
        logger.warning("outcome failed", extra=account)
        raise type(failure)(failure.code) from None
    logger.info("outcome %s", answer, extra={"executionArn": arn})
