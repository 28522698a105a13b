"""All events by detail type, and the JSON Schema of each."""

from typing import Any, ClassVar

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.outgoing import (
    OF_A_TENANT,
    SharedPoolNearlyFull,
    TenantOnboardingRejected,
    TenantSeatsChanged,
)
from tenant_onboarding.contracts.tenant_created import TenantCreated


class Contracts:
    """All events by detail type."""

    OUTGOING: ClassVar = OF_A_TENANT
    ALL: ClassVar[dict[str, type[Contract]]] = {
        model.__name__: model
        for models in ((TenantCreated,), OUTGOING, (TenantOnboardingRejected, TenantSeatsChanged, SharedPoolNearlyFull))
        for model in models
    }


def json_schema(detail_type: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an event's detail; raises KeyError for an unknown detail type."""
    model = Contracts.ALL[detail_type]
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_without_discriminators(schema)}


def _without_discriminators(schema: Any) -> Any:  # Any: JSON
    """Return a schema without OpenAPI's keyword, of which JSON Schema does not know; each `oneOf` says the same."""
    if isinstance(schema, dict):
        return {name: _without_discriminators(each) for name, each in schema.items() if name != "discriminator"}
    return [_without_discriminators(each) for each in schema] if isinstance(schema, list) else schema
