"""CreateUserPool: a silo tenant's own user pool, in the Region that it asked for."""

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.aws.errors import ConfigurationError
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.identity import cognito
from orchestrator.identity.tenant_resources import user_pool
from orchestrator.identity.user_pool_addresses import in_region, issuer
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Create the user pool, or in doubt find the one that a lost answer left behind.

    Raises ConfigurationError, and creates nothing, where the Region lacks the trigger that issues tokens.
    """
    new = user_pool(context.settings, context.record)
    if new.region != context.settings.region:
        _check_trigger(context, new.region)
    user_pool_id = cognito.ensure_user_pool(
        context.regional, context.settings, new, in_doubt=context.in_doubt, notes=context.notes
    )
    return Made(
        resources={
            "region": new.region,
            "userPoolId": user_pool_id,
            "issuer": issuer(new.region, user_pool_id),
        }
    )


def _check_trigger(context: StepContext, region: str) -> None:
    """Raise ConfigurationError unless the trigger is deployed there: without it no token would be issued."""
    trigger = in_region(context.settings.token_claims_arn, region)
    try:
        context.regional.triggers.get_function_configuration(FunctionName=trigger)
    except ClientError as error:
        if not is_code(error, "ResourceNotFoundException"):
            raise
        raise ConfigurationError(
            f"{region} has no {trigger}, without which nobody could sign in at a user pool there",
            code="RegionNotDeployed",
            next_action=f"Deploy {REGIONAL_STACK_NAME} in {region}, then retry.",
        ) from None
