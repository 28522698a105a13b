"""The part of the orchestrator that a Region needs before silo tenants may have their user pool there."""

from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from infra import review
from infra.bundling import code
from infra.configuration.choices import Configuration
from infra.encryption import Encryption
from infra.retention import LOG_RETENTIONS, let_go
from infra.token_claims import TokenClaims
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from tenant_onboarding.names import STACK_NAME


class TenantOnboardingRegionalStack(Stack):
    """The trigger of one Region's user pools, which reads the replica of the routing registry there, and its key."""

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
        TokenClaims(
            self,
            "TokenClaims",
            stack_name=STACK_NAME,
            code=code(local=configuration.local),
            log_level=configuration.log_level,
            retention=LOG_RETENTIONS[configuration.log_retention_days],
            reserved=configuration.reserved_for_tokens,
        )
        encryption.of_all()
        if not configuration.keep_data:
            let_go(self)
        review.acknowledge(self)
