"""A function of the orchestrator: runtime, time-outs and logging alike for all, grants of its own."""

from functools import cached_property

from aws_cdk import Aws, Duration, RemovalPolicy, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

FUNCTION_TIMEOUT_SECONDS = 30
"""Longer than an HTTP call (8 s), shorter than a task of the workflow (60 s)."""
MEMORY_MB = 512
LIVE = "live"
"""The alias of a function that starts from a snapshot: only published versions have one."""


class OnboardingFunction(Construct):
    """One Lambda function whose code is the module `handlers.<name>`."""

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        code: lambda_.Code,
        environment: dict[str, str],
        retention: logs.RetentionDays,
        physical_name: str | None = None,
        snap_start: bool = False,
    ) -> None:
        """Define the function; with `snap_start` it is invoked by its alias, whose version starts from a snapshot."""
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(self, "Logs", retention=retention, removal_policy=RemovalPolicy.DESTROY)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=physical_name,
            code=code,
            handler=f"handlers.{module}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=Duration.seconds(FUNCTION_TIMEOUT_SECONDS),
            memory_size=MEMORY_MB,
            environment=environment,
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            current_version_options=lambda_.VersionOptions(description=_known_at_deployment(environment)),
        )
        self.invoked: lambda_.IFunction = self._alias() if snap_start else self.function
        """What names the function wherever it is invoked."""

    def _alias(self) -> lambda_.Alias:
        return lambda_.Alias(self, "Alias", alias_name=LIVE, version=self.function.current_version)

    @cached_property
    def logged_errors(self) -> cloudwatch.Metric:
        """How many errors the function has in its log, in five minutes each; asking for it defines the metric."""
        name = "".join(self.node.path.split("/")[1:])
        errors = self.log_group.add_metric_filter(
            "Errors",
            filter_pattern=logs.FilterPattern.string_value("$.level", "=", "ERROR"),
            metric_namespace=Aws.STACK_NAME,
            metric_name=f"{name}LoggedErrors",
        )
        return errors.metric(statistic="Sum")

    def allow(self, actions: list[str], resources: list[str], **conditions: dict[str, str]) -> None:
        """Grant the function actions on resources, and nothing else."""
        self.function.add_to_role_policy(
            iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions or None)
        )


def _known_at_deployment(environment: dict[str, str]) -> str | None:
    """Return what describes a version: the values that synthesis does not know, as those of parameters.

    A version stays as it is while template and code do. With another description CloudFormation replaces it, so it is
    published anew when such a value changes. All of them may have 256 characters; CloudFormation refuses more.
    """
    return " ".join(value for value in environment.values() if Token.is_unresolved(value)) or None
