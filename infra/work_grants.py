"""What whoever looks after works may do with their executions: for each kind what is done with it, and no more."""

from collections.abc import Sequence

from infra.function import OnboardingFunction
from infra.workflow import Workflow

WORKS = {
    "onboarding": ("states:DescribeExecution", "states:StartExecution", "states:RedriveExecution"),
    "abandonment": ("states:DescribeExecution", "states:StartExecution"),
}
"""What whoever looks after works may do with the executions of each kind, and with no other's."""


def look_after(function: OnboardingFunction, workflows: Sequence[Workflow], *actions: str) -> None:
    """Allow each action where the kind of a workflow has it."""
    for action in actions:
        allowed = [each for each in workflows if action in WORKS[each.kind]]
        starts = action == "states:StartExecution"
        on = [each.state_machine.state_machine_arn if starts else each.executions for each in allowed]
        function.allow([action], on)
