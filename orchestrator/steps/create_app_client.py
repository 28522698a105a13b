"""CreateAppClient: a bridge or silo tenant's own app client, with addresses of its own subdomain."""

from orchestrator.identity import cognito
from orchestrator.identity.tenant_resources import app_client_name
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Create the app client, or in doubt find the one that a lost answer left behind."""
    new = _app_client(context)
    app_client_id = cognito.ensure_app_client(
        context.regional, context.settings, new, in_doubt=context.in_doubt, notes=context.notes
    )
    return Made(resources={"appClientId": app_client_id})


def _app_client(context: StepContext) -> cognito.NewAppClient:
    """Return the tenant's app client as it is to be."""
    settings, asked = context.settings, context.request.app_client
    providers = context.resources.get("identityProviders", [])
    return cognito.NewAppClient(
        user_pool_id=context.resources["userPoolId"],
        name=app_client_name(settings, context.tenant_id),
        callback_urls=_once(f"{context.address}{settings.callback_path}", asked.callback_urls if asked else []),
        logout_urls=_once(f"{context.address}{settings.logout_path}", asked.logout_urls if asked else []),
        identity_providers=[provider["name"] for provider in providers],
        mapped_attributes=sorted({attribute for provider in providers for attribute in provider["mapped"]}),
    )


def _once(own: str, others: list[str]) -> list[str]:
    return list(dict.fromkeys((own, *others)))
