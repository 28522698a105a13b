"""The events in and out, and every limit that AWS or DNS would otherwise impose later.

`TenantCreated` comes from billing or signup; the others are ours. All are camelCase JSON, strict and frozen;
`json_schema` makes their JSON Schemas from these models. Nothing that can be known at the door fails after it: where
a bound comes from AWS or DNS, the field says which.
"""

import hashlib
import json
from typing import Any, ClassVar

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.identity_providers import IdentityProvider, SamlProvider
from tenant_onboarding.contracts.outgoing import (
    OutgoingEvent,
    SharedPoolNearlyFull,
    TenantAbandoned,
    TenantOnboarded,
    TenantOnboardingFailed,
    TenantOnboardingRejected,
    TenantOnboardingStarted,
)
from tenant_onboarding.contracts.reasons import Reason, reasons
from tenant_onboarding.contracts.tenant_created import Routing, Security, TenantCreated

__all__ = [
    "SOURCE",
    "TENANT_CREATED",
    "Contracts",
    "IdentityProvider",
    "OutgoingEvent",
    "Reason",
    "Routing",
    "SamlProvider",
    "Security",
    "SharedPoolNearlyFull",
    "TenantAbandoned",
    "TenantCreated",
    "TenantOnboarded",
    "TenantOnboardingFailed",
    "TenantOnboardingRejected",
    "TenantOnboardingStarted",
    "canonical_sha256",
    "json_schema",
    "outgoing_event",
    "reasons",
]

SOURCE = "tenant.onboarding"
TENANT_CREATED = "TenantCreated"


class Contracts:
    """All events by detail type."""

    INCOMING: ClassVar = (TenantCreated,)
    OUTGOING: ClassVar = (TenantOnboardingStarted, TenantOnboarded, TenantOnboardingFailed, TenantAbandoned)
    ALL: ClassVar[dict[str, type[Contract]]] = {
        model.__name__: model for model in (*INCOMING, *OUTGOING, TenantOnboardingRejected, SharedPoolNearlyFull)
    }


def json_schema(detail_type: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an event's detail; raises KeyError for an unknown detail type."""
    model = Contracts.ALL[detail_type]
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def outgoing_event(outbox_key: str, detail: str) -> OutgoingEvent:
    """Return the event that an outbox entry holds; raises KeyError for a key that is no event's of ours."""
    name = outbox_key.split("-", 1)[0]
    models = {model.__name__: model for model in Contracts.OUTGOING}
    return models[name].model_validate_json(detail)


def canonical_sha256(detail: Any) -> str:
    """Return the fingerprint of a received detail: equal for equal JSON, whatever its order of keys and its spacing.

    It is taken of what was received, not of the parsed model: a new default field must not turn duplicates into
    conflicts.
    """
    canonical = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
