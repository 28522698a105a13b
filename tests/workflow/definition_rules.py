"""What the workflow files must obey, each rule a function that returns its complaints.

They go beyond `statelint`, the linter of the language, because the subset that runs alike on AWS and on every local
engine is smaller than the language, and because some rules are ours.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from statelint.linter import Linter  # type: ignore[import-untyped]  # it has no stubs

from tests.workflow.definition import PLACEHOLDER, Definition, tasks, workflow_of
from tests.workflow.error_names import PLATFORM, RETRYABLE

Rule = Callable[[Definition], list[str]]

TASK_FIELDS = {"Comment", "Type", "Resource", "Parameters", "ResultPath", "TimeoutSeconds", "Retry", "Next", "End"}
# JSONata and variables: the fields that only the newer query language or workflow variables have.
NEWER_FIELDS = {"QueryLanguage", "Assign", "Arguments", "Output", "Items", "Condition"}
BACKOFF = {"IntervalSeconds": 2, "BackoffRate": 2.0, "MaxDelaySeconds": 60, "JitterStrategy": "FULL"}
LEAST_ATTEMPTS = 8
NOT_RUN = {"Lambda.TooManyRequestsException", "Lambda.Unknown"}
# Where few functions may run, one ends within a second or two: who then still sleeps leaves its place empty. Jitter
# makes five of the ten seconds, and 160 such pauses take as long as the 30 that throttling is given: 13 minutes.
SHORT_BACKOFF = {"IntervalSeconds": 1, "BackoffRate": 1.5, "MaxDelaySeconds": 10, "JitterStrategy": "FULL"}
SHORT_ATTEMPTS = 160

# Functions follow trust boundaries: who may change Cognito, who the routes, who sets a password and mails it.
TRUST_BOUNDARIES = {
    "AssignSharedPool": "${PlacementFunction}",
    "CreateUserPool": "${PlacementFunction}",
    "ConfigureUserPool": "${PlacementFunction}",
    "CreateTenantGroup": "${PlacementFunction}",
    "CreateIdentityProviders": "${PlacementFunction}",
    "CreateAppClient": "${PlacementFunction}",
    "CreateTenantAdmin": "${PlacementFunction}",
    "RegisterRouting": "${RoutingFunction}",
    "SendWelcomeEmail": "${WelcomeFunction}",
    "CompleteOnboarding": "${RoutingFunction}",
}
# Whoever may delete does nothing else.
REMOVAL = dict.fromkeys(
    (
        "CheckNobodySignedIn",
        "RemoveUserPool",
        "RemoveTenantUsers",
        "RemoveAppClient",
        "RemoveIdentityProviders",
        "RemoveTenantGroup",
        "ReleaseSharedPool",
        "ReleaseRouting",
        "VerifyAbandonment",
        "CompleteAbandonment",
    ),
    "${RemovalFunction}",
)
BOUNDARIES = {"onboarding": TRUST_BOUNDARIES, "abandonment": REMOVAL}


def statelint_finds_no_fault(definition: Definition) -> list[str]:
    """The definition is valid Amazon States Language."""
    return list(Linter.validate(definition))


def every_target_exists(definition: Definition) -> list[str]:
    """StartAt and every Next and Default name a state: one of the engines would only notice while a tenant waits."""
    states = definition["States"]
    targets = [("StartAt", definition["StartAt"])]
    targets += [(name, target) for name, state in states.items() for target in _targets(state)]
    return [f"{origin} leads to {target}, which does not exist" for origin, target in targets if target not in states]


def every_state_is_reachable(definition: Definition) -> list[str]:
    """Each state lies on a way from StartAt, so that nothing in the file is dead."""
    states = definition["States"]
    reached: set[str] = set()
    waiting = [definition["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name in states and name not in reached:
            reached.add(name)
            waiting += _targets(states[name])
    return [f"{name} is not reachable" for name in states if name not in reached]


def every_choice_has_a_default(definition: Definition) -> list[str]:
    """A Choice that matches nothing goes somewhere on purpose instead of ending in States.NoChoiceMatched."""
    choices = (name for name, state in definition["States"].items() if state["Type"] == "Choice")
    return [f"{name} has no Default" for name in choices if "Default" not in definition["States"][name]]


def every_task_invokes_a_function(definition: Definition) -> list[str]:
    """Tasks use the optimized Lambda integration, in whatever partition, and no field beyond the common subset."""
    resource = "arn:${Partition}:states:::lambda:invoke"
    complaints = [f"{name} is not a {resource}" for name, task in _tasks(definition) if task["Resource"] != resource]
    for name, task in _tasks(definition):
        complaints += [f"{name} has the field {extra}" for extra in sorted(set(task) - TASK_FIELDS)]
    return complaints


def every_result_is_dropped(definition: Definition) -> list[str]:
    """Only ids flow through the workflow: ResultPath is null in every Task."""
    return [f"{name} keeps its result" for name, task in _tasks(definition) if task.get("ResultPath", "$") is not None]


def every_task_has_a_timeout(definition: Definition) -> list[str]:
    """A Task whose answer is lost fails after its own TimeoutSeconds; the default is a year and more."""
    return [f"{name} has no timeout" for name, task in _tasks(definition) if task.get("TimeoutSeconds", 0) < 1]


def all_tasks_retry_alike(definition: Definition) -> list[str]:
    """The Retry blocks, which the language makes us repeat, have not drifted apart."""
    (first, model), *others = _tasks(definition)
    return [
        f"{name} retries otherwise than {first}" for name, task in others if task.get("Retry") != model.get("Retry")
    ]


def exactly_the_retryable_errors_are_retried(definition: Definition) -> list[str]:
    """Our retryable classes and the platform's names are retried, each once; nothing else is, and no wildcard."""
    complaints = []
    for name, task in _tasks(definition):
        retried = [error for retrier in task.get("Retry", []) for error in retrier["ErrorEquals"]]
        complaints += [f"{name} does not retry {error}" for error in sorted((RETRYABLE | PLATFORM) - set(retried))]
        complaints += [f"{name} retries {error}" for error in sorted(set(retried) - RETRYABLE - PLATFORM)]
        complaints += [f"{name} retries {error} twice" for error in sorted(set(retried)) if retried.count(error) > 1]
    return complaints


def retries_outlast_a_burst(definition: Definition) -> list[str]:
    """Each retry backs off exponentially, jittered, up to a minute; up to ten seconds where Lambda ran no function.

    Throttling is given more attempts than the rest, and those that wait for a function more still.
    """
    complaints = []
    for name, task in _tasks(definition):
        for retrier in task.get("Retry", []):
            errors = retrier["ErrorEquals"]
            waits_for_a_function = bool(NOT_RUN & set(errors))
            least = SHORT_ATTEMPTS if waits_for_a_function else LEAST_ATTEMPTS + ("ThrottledError" in errors)
            backoff = SHORT_BACKOFF if waits_for_a_function else BACKOFF
            if retrier.get("MaxAttempts", 0) < least:
                complaints.append(f"{name} tries fewer than {least} times again after {errors[0]}")
            if {key: retrier.get(key) for key in backoff} != backoff:
                complaints.append(f"{name} does not back off as agreed after {errors[0]}")
    return complaints


def nothing_is_caught(definition: Definition) -> list[str]:
    """A failed Task stays failed: a Catch that leads to a Fail state would make RedriveExecution useless."""
    return [f"{name} has a Catch" for name, state in definition["States"].items() if "Catch" in state]


def only_jsonpath_is_used(definition: Definition) -> list[str]:
    """Neither JSONata nor variables, which not every engine knows."""
    found = sorted({key for key in _keys(definition) if key in NEWER_FIELDS})
    complaints = [f"{key} is used" for key in found]
    return [*complaints, "A JSONata expression is used"] if "{%" in json.dumps(definition) else complaints


def every_step_gets_the_ids_and_no_more(definition: Definition) -> list[str]:
    """The payload names its own state as the step and carries tenant, attempt and execution."""
    complaints = []
    for name, task in _tasks(definition):
        payload = {
            "step": name,
            "tenantId.$": "$.tenantId",
            "attempt.$": "$.attempt",
            "execution.$": "$$.Execution",
        }
        if task["Parameters"].get("Payload") != payload:
            complaints.append(f"{name} does not send the payload of {name}")
    return complaints


def the_placeholders_are_those_filled_in(definition: Definition) -> list[str]:
    """The deployment replaces exactly these placeholders; one more would stay in the definition as text."""
    used, known = set(PLACEHOLDER.findall(json.dumps(definition))), workflow_of(definition).functions
    return [f"The placeholder {name} is used or known, not both" for name in sorted(used ^ {"Partition", *known})]


def functions_follow_trust_boundaries(definition: Definition) -> list[str]:
    """Each step runs in the function whose permissions it needs, and no new step slips into one unseen."""
    used = {name: task["Parameters"].get("FunctionName") for name, task in _tasks(definition)}
    boundaries = BOUNDARIES[workflow_of(definition).name]
    steps = sorted(used.keys() | boundaries.keys())
    return [f"{step} is in the wrong function" for step in steps if used.get(step) != boundaries.get(step)]


RULES: tuple[Rule, ...] = (
    statelint_finds_no_fault,
    every_target_exists,
    every_state_is_reachable,
    every_choice_has_a_default,
    every_task_invokes_a_function,
    every_result_is_dropped,
    every_task_has_a_timeout,
    all_tasks_retry_alike,
    exactly_the_retryable_errors_are_retried,
    retries_outlast_a_burst,
    nothing_is_caught,
    only_jsonpath_is_used,
    every_step_gets_the_ids_and_no_more,
    the_placeholders_are_those_filled_in,
    functions_follow_trust_boundaries,
)


def _tasks(definition: Definition) -> list[tuple[str, dict[str, Any]]]:
    return list(tasks(definition).items())


def _targets(state: dict[str, Any]) -> list[str]:
    choices = [rule["Next"] for rule in state.get("Choices", [])]
    return choices + [state[key] for key in ("Next", "Default") if key in state]


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
