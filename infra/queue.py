"""A queue between the bus and a function, with a dead-letter queue for what the function cannot take.

The stack's key encrypts them, as whatever it stores (`infra/encryption.py`).
"""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from orchestrator.aws.settings import STARTERS
from tenant_onboarding.cdk_function import FUNCTION_TIMEOUT_SECONDS

TRIED_SECONDS = 700
"""AWS makes a message fail, no content does but SES's own that cannot be read; throttled functions use up receives too.

So a message is received for some twelve minutes before it is given up.
"""
VISIBILITY_SECONDS = FUNCTION_TIMEOUT_SECONDS + 5
"""A throttled message waits so long: no longer than a function may still be at it."""
MOST_RECEIVES = TRIED_SECONDS // VISIBILITY_SECONDS
INTAKE_TIMEOUT_SECONDS = 9
"""Longer than an HTTP call (8 s), and no more: tenants wait for it where all of Lambda's concurrency is in use.

With 30 s, a burst of 60 tenants of which one batch was throttled took 35 s longer than one of which none was.
"""
STARTED_IN_TIME = 3
"""Tenants that intake starts well within its time-out where it holds back most, given all of Cognito's quotas."""
INTAKE_VISIBILITY_SECONDS = INTAKE_TIMEOUT_SECONDS + 1
INTAKE_RECEIVES = TRIED_SECONDS // INTAKE_VISIBILITY_SECONDS
DEAD_LETTERS_KEPT = Duration.days(14)
"""The longest that SQS offers, counted from when a message was first sent, not from when it was given up."""
KEPT = Duration.days(7)
"""What nobody receives for so long SQS deletes; it becomes no dead letter.

Half of the above: enough for any row of holidays, and what is given up at the very end has as long again.
"""
BATCH_SIZE = 5
"""Messages are taken one after the other, so a batch must fit the function's time-out."""
MOST_CONCURRENT = STARTERS
"""Two take about 20 events a second, more than Cognito opens; more would only crowd out the workflow's own steps."""


def dead_letter_queue(scope: Construct, construct_id: str) -> sqs.Queue:
    """Return a queue that keeps what went wrong for as long as SQS can."""
    return sqs.Queue(scope, construct_id, retention_period=DEAD_LETTERS_KEPT, enforce_ssl=True)


class FunctionQueue(Construct):
    """A queue that feeds a function, message by message, partial failures included."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        batch_size: int = BATCH_SIZE,
        visibility_seconds: int = VISIBILITY_SECONDS,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letter_queue = dead_letter_queue(self, "DeadLetters")
        self.queue = sqs.Queue(
            self,
            "Queue",
            visibility_timeout=Duration.seconds(visibility_seconds),
            retention_period=KEPT,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letter_queue, max_receive_count=TRIED_SECONDS // visibility_seconds
            ),
        )
        source = sources.SqsEventSource(
            self.queue,
            batch_size=batch_size,
            max_concurrency=MOST_CONCURRENT,
            report_batch_item_failures=True,
        )
        function.add_event_source(source)


def intake_queue(
    scope: Construct, construct_id: str, *, function: lambda_.IFunction, quota_share: float
) -> FunctionQueue:
    """Return the queue of intake, whose batches end within its time-out at that share of the quotas."""
    return FunctionQueue(
        scope,
        construct_id,
        function=function,
        batch_size=min(BATCH_SIZE, max(1, int(quota_share * STARTED_IN_TIME))),
        visibility_seconds=INTAKE_VISIBILITY_SECONDS,
    )
