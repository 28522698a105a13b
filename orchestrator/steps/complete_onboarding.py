"""CompleteOnboarding: COMPLETED is recorded, then TenantOnboarded is published; never the other way round."""

import time
from typing import Any

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import TransientError
from orchestrator.steps import StepContext
from orchestrator.tenants import counters, lifecycle, metadata, transitions
from orchestrator.tenants.kinds import ONBOARDING
from orchestrator.tenants.ledger import Made, timestamp
from orchestrator.tenants.outbox import post, publish_in_turn
from orchestrator.users import at_provider, first_admin, store
from tenant_onboarding.contracts.identity_providers import SOCIAL_TYPES
from tenant_onboarding.contracts.outgoing import TenantOnboarded

ENTERS = lifecycle.COMPLETED


def act(context: StepContext) -> Made:
    """Record the tenant as completed, with the event that says so in its outbox, in one transaction.

    With it the first admin of a federated tenant is registered as INVITED: no step has made one in Amazon Cognito.
    """
    record, now = context.record, time.time()

    def complete(change: Change) -> None:
        ONBOARDING.enter(transitions.as_seen(change, record), ENTERS, timestamp(now))
        change.set("completedAt", timestamp(now)).remove("failure")
        post(change, _event(context), now, ONBOARDING)

    counted = counters.count_move(context.settings.tenants_table, record, ENTERS, now)
    admin = _first_admin(context)
    there = TransientError(f"Users of {context.tenant_id} are registered already", code="UsersThere")
    return Made(amend=complete, together_with=[*counted, *admin], refusal=there if admin else None)


def _first_admin(context: StepContext) -> list[dict[str, Any]]:
    """Return the actions that register a federated tenant's first admin; none for one whom somebody has erased."""
    if not context.record["federated"] or "admin" not in context.record:
        return []
    invited = first_admin.of_federated(context.clients, context.settings, context.record)
    actions = store.invited(context.settings.users_table, invited)
    providers = context.resources.get("identityProviders", [])
    if all(provider["type"] in SOCIAL_TYPES for provider in providers):  # nobody but who is invited could ever come in
        actions += at_provider.let_in(context.settings, context.record, invited.email)
    return actions


def afterwards(context: StepContext) -> None:
    """Publish the event unless an earlier try of this step did so."""
    event, record = _event(context), context.record
    published_before = record["status"] == lifecycle.COMPLETED and event.outbox_key not in record["outbox"]
    if not published_before:
        publish_in_turn(context.clients, context.settings, record, event)


def _event(context: StepContext) -> TenantOnboarded:
    record, resources = context.record, context.resources
    return TenantOnboarded(
        tenant_id=context.tenant_id,
        attempt=int(record["attempt"]),
        redrive=int(record["redriveCount"]),
        metadata=metadata.of(record),
        tier=record["tier"],
        region=resources["region"],
        user_pool_id=resources["userPoolId"],
        app_client_id=resources["appClientId"],
        issuer=resources["issuer"],
        domain=resources.get("domain"),
        identity_providers=[provider["name"] for provider in resources.get("identityProviders", [])],
        group_name=resources["groupName"],
        subdomain=record["routing"]["subdomain"],
        tenant_code=record["routing"].get("tenantCode"),
    )
