"""How long data stays: logs for as many days as a deployment says, all else beyond the stack unless it says no."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from infra.configuration.value_types import RETENTIONS

LOG_RETENTIONS = dict(zip(RETENTIONS, logs.RetentionDays, strict=False))
"""CDK's names in the order of their lengths, but for the last one: for ever."""
FEWEST_DAYS_OF_A_KEY = 7
"""KMS deletes none sooner, so that it can be called back."""


def let_go(stack: Stack) -> None:
    """Have whatever the stack holds by now go with it, so this comes last; of tables their construct is told."""
    for each in stack.node.find_all():
        match each:
            case cognito.CfnUserPool():
                each.deletion_protection = "INACTIVE"
            case kms.CfnKey():
                each.pending_window_in_days = FEWEST_DAYS_OF_A_KEY
            case logs.CfnLogGroup():
                pass
            case _:
                continue
        each.apply_removal_policy(RemovalPolicy.DESTROY)
