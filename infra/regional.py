"""The part of the orchestrator that a Region needs before silo tenants may have their user pool there."""

from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from infra import review
from infra.bundling import code
from infra.configuration.choices import Configuration
from infra.encryption import Encryption
from infra.retention import LOG_RETENTIONS, let_go
from infra.user_pool_triggers import PreSignUp, TokenClaims
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from tenant_onboarding.names import STACK_NAME


class TenantOnboardingRegionalStack(Stack):
    """The triggers of one Region's user pools, which read the replica of the routing registry there, and their key."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        region: str,
        configuration: Configuration,
        account: str | None = None,
        **options: Any,  # Any: what Stack takes
    ) -> None:
        environment = Environment(account=account, region=region)
        super().__init__(scope, construct_id, stack_name=REGIONAL_STACK_NAME, env=environment, **options)
        encryption = Encryption(self, "Encryption", stack_name=STACK_NAME)
        shared: dict[str, Any] = {
            "stack_name": STACK_NAME,
            "code": code(local=configuration.local),
            "log_level": configuration.log_level,
            "retention": LOG_RETENTIONS[configuration.log_retention_days],
        }
        TokenClaims(self, "TokenClaims", **shared, reserved=configuration.reserved_for_tokens)
        PreSignUp(self, "PreSignUp", **shared)
        encryption.of_all()
        if not configuration.keep_data:
            let_go(self)
        review.acknowledge(self)
