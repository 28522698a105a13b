"""A workflow: the state machine from its plain ASL file, and the functions that its tasks call."""

import json
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import ArnFormat, Aws, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra import ROOT
from infra.function import OnboardingFunction

DEFINITIONS = ROOT / "state_machines"
ONBOARDING = DEFINITIONS / "tenant_onboarding.asl.json"
ABANDONMENT = DEFINITIONS / "tenant_abandonment.asl.json"


class Workflow(Construct):
    """The state machine of a definition; it may call the functions that fill in its placeholders, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definition: Path,
        functions: Mapping[str, OnboardingFunction],
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self.functions = functions
        self.kind = definition.name.removeprefix("tenant_").removesuffix(".asl.json")
        """Of the work that its executions carry out, by the name of its definition."""
        log_group = logs.LogGroup(
            self, "Logs", retention=retention, removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        )
        text = json.dumps(json.loads(definition.read_text()), separators=(",", ":"))
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_string(text),
            definition_substitutions={
                "Partition": Aws.PARTITION,
                **{name: function.invoked.function_arn for name, function in functions.items()},
            },
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        for function in functions.values():
            function.invoked.grant_invoke(self.state_machine)

    @property
    def executions(self) -> str:
        """The ARN of all its executions."""
        return Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.state_machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
