"""CreateIdentityProviders: a tenant's SAML, OIDC and social identity providers, in its user pool."""

from orchestrator.identity import identity_providers
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made

MADE_SO_FAR = "providers"


def act(context: StepContext) -> Made:
    """Create each provider, or find that this tenant's exists and give it its secret anew; safe to repeat.

    Each that is made is noted while there are more to come, as Cognito fetches what each refers to and may take long.
    """
    made: list[str] = list(context.notes.get(MADE_SO_FAR) or ())
    asked = [(identity_providers.name_of(context.tenant_id, each), each) for each in context.request.identity_providers]
    to_do = [each for each in asked if each[0] not in made]
    for number, (name, provider) in enumerate(to_do):
        if number and not context.notes.has_time:
            raise context.notes.stopped(f"{len(made)} of {len(asked)} identity providers are made")
        secret = identity_providers.secret_of(context.clients.secrets, provider)
        identity_providers.create(
            context.regional.cognito, context.resources["userPoolId"], context.tenant_id, provider, secret
        )
        made.append(name)
        if len(made) < len(asked):
            context.notes.keep(MADE_SO_FAR, made)
    return Made(
        resources={"identityProviders": [identity_providers.made(context.tenant_id, provider) for _, provider in asked]}
    )
