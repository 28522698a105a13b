"""CreateAppClient: a bridge or silo tenant's own app client, with addresses of its own subdomain."""

from typing import TYPE_CHECKING

from orchestrator.identity import cognito
from orchestrator.identity.tenant_resources import app_client_name
from orchestrator.routing import routes
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made, Record

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.contracts.tenant_created import AppClient


def act(context: StepContext) -> Made:
    """Create the app client, or in doubt find the one that a lost answer left behind."""
    new = app_client(context.settings, context.record, context.request.app_client)
    app_client_id = cognito.ensure_app_client(
        context.regional, context.settings, new, in_doubt=context.in_doubt, notes=context.notes
    )
    return Made(resources={"appClientId": app_client_id})


def app_client(settings: "Settings", record: Record, asked: "AppClient | None") -> cognito.NewAppClient:
    """Return the tenant's app client as it is to be; the steps before have made what it refers to.

    `asked` is what the tenant's event says of it.
    """
    address = routes.address(settings, record)
    providers = record["resources"].get("identityProviders", [])
    return cognito.NewAppClient(
        user_pool_id=record["resources"]["userPoolId"],
        name=app_client_name(settings, str(record["tenantId"])),
        callback_urls=_once(f"{address}{settings.callback_path}", asked.callback_urls if asked else []),
        logout_urls=_once(f"{address}{settings.logout_path}", asked.logout_urls if asked else []),
        identity_providers=[provider["name"] for provider in providers],
        mapped_attributes=sorted({attribute for provider in providers for attribute in provider["mapped"]}),
    )


def _once(own: str, others: list[str]) -> list[str]:
    return list(dict.fromkeys((own, *others)))
