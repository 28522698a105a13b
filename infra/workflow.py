"""The workflow: the state machine from its plain ASL file, and the functions that its tasks call."""

import json
from pathlib import Path

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.function import OnboardingFunction

DEFINITION = Path(__file__).parent.parent / "state_machines" / "tenant_onboarding.asl.json"


class Workflow(Construct):
    """The onboarding state machine; it may call its three functions and nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        placement: OnboardingFunction,
        routing: OnboardingFunction,
        welcome: OnboardingFunction,
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(self, "Logs", retention=retention, removal_policy=RemovalPolicy.DESTROY)
        functions = {"PlacementFunction": placement, "RoutingFunction": routing, "WelcomeFunction": welcome}
        definition = json.dumps(json.loads(DEFINITION.read_text()), separators=(",", ":"))
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions={
                "Partition": Aws.PARTITION,
                **{name: function.function.function_arn for name, function in functions.items()},
            },
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ERROR, include_execution_data=False),
        )
        for function in functions.values():
            function.function.grant_invoke(self.state_machine)
