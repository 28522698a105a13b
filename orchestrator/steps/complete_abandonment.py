"""CompleteAbandonment: ABANDONED is recorded, then TenantAbandoned is published; never the other way round."""

import time

from orchestrator.aws.dynamodb import Change
from orchestrator.steps import StepContext
from orchestrator.tenants import actions, counters, lifecycle, metadata, open_sign_up, transitions
from orchestrator.tenants.kinds import ABANDONMENT
from orchestrator.tenants.ledger import Made, timestamp
from orchestrator.tenants.outbox import post, publish_in_turn, publish_outbox
from orchestrator.tenants.records import request_key
from tenant_onboarding.contracts.outgoing import TenantAbandoned

ENTERS = lifecycle.ABANDONED


def act(context: StepContext) -> Made:
    """Record the tenant as abandoned, forget its people and metadata, and say so by an event, in one transaction."""
    record, now, table = context.record, time.time(), context.settings.tenants_table

    def complete(change: Change) -> None:
        ABANDONMENT.enter(transitions.as_seen(change, record), ENTERS, timestamp(now))
        change.remove("admin", "failure", "metadata", "abandonment.routeKeys").set("resources", {})
        actions.forget_who(change, record)
        for step, entry in record["steps"].items():
            if "error" in entry:  # its message may name people
                change.remove(f"steps.{step}.error")
        post(change, _event(context), now, ABANDONMENT)

    counted = counters.count_move(table, record, ENTERS, now)
    forgotten = {"Delete": {"TableName": table, "Key": request_key(context.tenant_id)}}
    found_by = metadata.forget(table, context.tenant_id, metadata.of(record))
    said = open_sign_up.forget(table, context.tenant_id, open_sign_up.policy(record))
    return Made(amend=complete, together_with=[*counted, forgotten, *found_by, *said])


def afterwards(context: StepContext) -> None:
    """Publish the event unless an earlier try of this step did so, and before it what was not published of before."""
    record = context.record
    if record["status"] == ENTERS:  # an earlier try recorded it; the outbox still has the metadata, the record has not
        publish_outbox(context.clients, context.settings, record)
    else:
        publish_in_turn(context.clients, context.settings, record, _event(context))


def _event(context: StepContext) -> TenantAbandoned:
    record = context.record
    return TenantAbandoned(
        tenant_id=context.tenant_id,
        attempt=int(record["attempt"]),
        redrive=int(record["redriveCount"]),
        metadata=metadata.of(record),
        tier=record["tier"],
    )
