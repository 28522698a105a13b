"""CompleteGreeting: the change is done, and whoever listens is told."""

import time

from orchestrator.aws.dynamodb import Change
from orchestrator.steps import StepContext
from orchestrator.tenants import kinds, transitions
from orchestrator.tenants.ledger import Made, timestamp
from orchestrator.tenants.outbox import post, publish_outbox
from tests.unit.works.greeting import GREETING, completed

ENTERS = GREETING.done


def act(context: StepContext) -> Made:
    """Record the change as done, with the event that says so."""
    record, now = context.record, time.time()

    def complete(change: Change) -> None:
        GREETING.enter(transitions.as_seen(change, record), ENTERS, timestamp(now))
        post(change, completed(record), now, GREETING)

    return Made(amend=complete)


def afterwards(context: StepContext) -> None:
    """Publish what is in the outbox by now."""
    work = kinds.work_of(context.settings, context.record)
    found = context.clients.dynamodb.get_item(TableName=work.table, Key=dict(work.key), ConsistentRead=True)
    publish_outbox(context.clients, context.settings, dict(found["Item"]))
