"""CreateIdentityProviders: a tenant's SAML, OIDC and social identity providers, in its user pool."""

from orchestrator.identity import identity_providers
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Create each provider, or find that this tenant's exists and give it its secret anew; safe to repeat."""
    made = []
    for provider in context.request.identity_providers:
        secret = identity_providers.secret_of(context.clients.secrets, provider)
        identity_providers.create(
            context.regional.cognito, context.resources["userPoolId"], context.tenant_id, provider, secret
        )
        name = identity_providers.name_of(context.tenant_id, provider)
        mapped = sorted(identity_providers.mapping_of(provider))
        made.append({"name": name, "label": provider.name, "type": provider.type, "mapped": mapped})
    return Made(resources={"identityProviders": made})
