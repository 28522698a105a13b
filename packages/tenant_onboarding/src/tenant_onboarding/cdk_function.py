"""A Lambda function as every one of a deployment is defined: what it runs on, what it logs, and who is invoked."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

from aws_cdk import Aws, CfnParameter, CfnResource, Duration, Reference, RemovalPolicy, Stack, Tokenization
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct, IConstruct

FUNCTION_TIMEOUT_SECONDS = 30
"""Longer than an HTTP call (8 s), shorter than a task of the workflow (60 s)."""
MEMORY_MB = 512
LIVE = "live"
"""The alias of the version that whoever invokes a function gets: the one deployed last, unless it was rolled back."""


class PublishedFunction(Construct):
    """One Lambda function with a role and a log of its own, its published version, and the alias that is invoked."""

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        code: lambda_.Code,
        environment: dict[str, str],
        retention: logs.RetentionDays,
        physical_name: str | None = None,
        snap_start: bool = False,
        timeout_seconds: int = FUNCTION_TIMEOUT_SECONDS,
        reserved: int = 0,
    ) -> None:
        """Define the function, its published version and the alias; with `snap_start` it starts from a snapshot.

        `reserved` of the account's concurrent executions are kept for it, and are the most that it has; 0: neither.
        """
        super().__init__(scope, construct_id)
        self._environment = dict(environment)
        self.log_group = logs.LogGroup(
            self, "Logs", retention=retention, removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=physical_name,
            description=_names(environment, Stack.of(self)),
            code=code,
            handler=handler,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=Duration.seconds(timeout_seconds),
            memory_size=MEMORY_MB,
            environment=environment,
            log_group=self.log_group,
            role=self._role(),
            tracing=lambda_.Tracing.ACTIVE,
            reserved_concurrent_executions=reserved or None,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            # Without those before it an alias could not go back; one whose own deployment fails is not kept.
            current_version_options=lambda_.VersionOptions(
                description=_chosen_at_deployment(environment),
                removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            ),
        )
        self.invoked = lambda_.Alias(self, "Alias", alias_name=LIVE, version=self.function.current_version)
        """What names the function wherever it is invoked."""

    def tell(self, variable: str, value: str) -> None:
        """Add to the environment what is there only once the function is."""
        self._environment[variable] = value
        self.function.add_environment(variable, value)
        defined = cast(lambda_.CfnFunction, self.function.node.default_child)
        defined.description = _names(self._environment, Stack.of(self))

    def _role(self) -> iam.Role:
        """Return a role that may write to the function's own log; AWS's managed policy would open every log."""
        writes = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn]
        )
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Log": iam.PolicyDocument(statements=[writes])},
        )

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

    def allow(self, actions: list[str], resources: list[str], **conditions: Mapping[str, str | list[str]]) -> None:
        """Grant the function actions on resources, and nothing else."""
        self.function.add_to_role_policy(
            iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions or None)
        )


def _chosen_at_deployment(environment: dict[str, str]) -> str | None:
    """Return what describes a version: the values in which there is a parameter of the template.

    A version stays as it is while template and code do. With another description CloudFormation replaces it, so it is
    published anew when such a value changes. All of them may have 256 characters; CloudFormation refuses more.
    """
    chosen = [value for value in environment.values() if any(isinstance(t, CfnParameter) for t in _targets(value))]
    return " ".join(chosen) or None


def _names(environment: dict[str, str], stack: Stack) -> str | None:
    """Return what describes the function: a digest of how the resources that its environment names are defined.

    Only a change of its definition gives a resource another name under the same logical id. The function's template
    would not show that, and its version would go on with the old name. It is part of the function, not of the version
    alone: Lambda publishes nothing where nothing of the function has changed. Aliases keep their names.
    """
    named = {target for value in environment.values() for target in _targets(value)}
    resources = [each for each in named if isinstance(each, CfnResource) and not isinstance(each, lambda_.CfnAlias)]
    definitions = {each.node.path: stack.resolve(each._cfn_properties) for each in resources}
    digest = hashlib.sha256(json.dumps(definitions, sort_keys=True).encode())
    return f"Names resources defined as {digest.hexdigest()[:16]}" if definitions else None


def _targets(value: str) -> Iterator[IConstruct]:
    tokens = Tokenization.reverse_string(value).tokens
    return (token.target for token in tokens if isinstance(token, Reference))
