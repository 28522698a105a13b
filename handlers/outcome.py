"""Outcome: executions that ended badly are recorded, explained and published."""

from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, logger, reported, settings
from orchestrator.outcome import record_outcome


@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:
    """Record the outcome that a status-change event hints at."""
    arn = event.detail["executionArn"]
    with reported("outcome", executionArn=arn):
        answer = record_outcome(clients(), settings(), arn)
    logger.info("outcome %s", answer, extra={"executionArn": arn})
