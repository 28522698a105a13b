"""The SSM parameter of an onboarded tenant, for consumers that look things up there; off the critical path."""

import json
from typing import TYPE_CHECKING

from tenant_onboarding.contracts.outgoing import TenantOnboarded

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def write_parameter(clients: "Clients", settings: "Settings", body: str) -> str:
    """Write the parameter that an EventBridge envelope with TenantOnboarded asks for; return its name. Safe to repeat.

    Raises pydantic's ValidationError for anything else, and the SDK's errors.
    """
    event = TenantOnboarded.model_validate(json.loads(body)["detail"])
    name = f"{settings.parameter_prefix}/tenants/{event.tenant_id}"
    value = event.model_dump_json(by_alias=True, exclude_none=True, exclude={"attempt", "redrive", "event_key"})
    clients.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    return name
