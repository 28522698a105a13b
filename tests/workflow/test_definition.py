"""The workflow file obeys its rules, and each rule can tell when it does not."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.workflow import definition_rules as rules
from tests.workflow.definition import (
    ABANDONMENT,
    ONBOARDING,
    ROOT,
    WORKFLOWS,
    Definition,
    Workflow,
    fill_in,
    load,
    retriers,
)
from tests.workflow.definition_rules import RULES, Rule

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)


@each_workflow
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_workflow_obeys(rule: Rule, workflow: Workflow) -> None:
    """No rule has a complaint about a file in the repository."""
    assert rule(load(workflow)) == []


def test_no_workflow_is_left_out() -> None:
    """Whatever is among the state machines is held to the rules."""
    files = (ROOT / "state_machines").iterdir()
    assert {file.name for file in files} == {workflow.file.name for workflow in WORKFLOWS}


def test_both_workflows_retry_alike() -> None:
    """What is worth another try, and how often, does not depend on what is done."""
    assert retriers(load(ONBOARDING)) == retriers(load(ABANDONMENT))


@each_workflow
def test_the_workflow_is_valid_once_its_placeholders_are_filled_in(workflow: Workflow) -> None:
    """What is deployed is as valid as what is written."""
    filled = fill_in(load(workflow))
    assert rules.statelint_finds_no_fault(filled) == []
    assert "${" not in str(filled)


def task(definition: Definition, name: str = "RegisterRouting") -> dict[str, Any]:
    """Return one state of the definition, to be spoilt."""
    state: dict[str, Any] = definition["States"][name]
    return state


def add_an_island(definition: Definition) -> None:
    """Add two states that lead to each other and that nothing leads to: statelint does not mind."""
    for name, other in (("Here", "There"), ("There", "Here")):
        definition["States"][name] = {"Type": "Pass", "Next": other}


def move_an_error_to_be_retried_twice(definition: Definition) -> None:
    """Name one error in both Retry blocks: the second never takes effect."""
    task(definition)["Retry"][1]["ErrorEquals"].append("ThrottledError")


def retry_every_task(change: Callable[[dict[str, Any]], object], block: int = 0) -> Callable[[Definition], None]:
    """Return a change of one Retry block of all Tasks alike."""

    def spoil(definition: Definition) -> None:
        for state in definition["States"].values():
            if state["Type"] == "Task":
                change(state["Retry"][block])

    return spoil


SPOILT: dict[str, tuple[Callable[[Definition], object], Rule]] = {
    "an unknown field": (lambda d: task(d).update(Typo=1), rules.statelint_finds_no_fault),
    "a Task without a way on": (lambda d: task(d).pop("Next"), rules.statelint_finds_no_fault),
    "a Next that leads nowhere": (lambda d: task(d).update(Next="Nowhere"), rules.every_target_exists),
    "a Default that leads nowhere": (
        lambda d: task(d, "IsFederated").update(Default="Nowhere"),
        rules.every_target_exists,
    ),
    "a Choice that leads nowhere": (
        lambda d: task(d, "IsFederated")["Choices"][0].update(Next="Nowhere"),
        rules.every_target_exists,
    ),
    "a StartAt that leads nowhere": (lambda d: d.update(StartAt="Nowhere"), rules.every_target_exists),
    "a renamed state": (
        lambda d: d["States"].update(RouteTenant=d["States"].pop("RegisterRouting")),
        rules.every_target_exists,
    ),
    "an island of two states": (add_an_island, rules.every_state_is_reachable),
    "a step that is jumped over": (
        lambda d: task(d).update(Next="CompleteOnboarding"),
        rules.every_state_is_reachable,
    ),
    "a Choice without Default": (lambda d: task(d, "ChooseTier").pop("Default"), rules.every_choice_has_a_default),
    "a fixed partition": (
        lambda d: task(d).update(Resource="arn:aws:states:::lambda:invoke"),
        rules.every_task_invokes_a_function,
    ),
    "a function called directly": (
        lambda d: task(d).update(Resource="${RoutingFunction}"),
        rules.every_task_invokes_a_function,
    ),
    "a result selected": (
        lambda d: task(d).update(ResultSelector={"made.$": "$.Payload"}),
        rules.every_task_invokes_a_function,
    ),
    "a result kept": (lambda d: task(d).update(ResultPath="$.routing"), rules.every_result_is_dropped),
    "a result that replaces the input": (lambda d: task(d).pop("ResultPath"), rules.every_result_is_dropped),
    "a Task that may take for ever": (lambda d: task(d).pop("TimeoutSeconds"), rules.every_task_has_a_timeout),
    "one Task more patient than the others": (
        lambda d: task(d)["Retry"][0].update(MaxAttempts=13),
        rules.all_tasks_retry_alike,
    ),
    "one Task without Retry": (lambda d: task(d).pop("Retry"), rules.all_tasks_retry_alike),
    "a retryable error forgotten": (
        retry_every_task(lambda retrier: retrier["ErrorEquals"].remove("ThrottledError")),
        rules.exactly_the_retryable_errors_are_retried,
    ),
    "a permanent error retried": (
        retry_every_task(lambda retrier: retrier["ErrorEquals"].append("TenantConflictError")),
        rules.exactly_the_retryable_errors_are_retried,
    ),
    "everything retried": (
        retry_every_task(lambda retrier: retrier.update(ErrorEquals=["States.ALL"])),
        rules.exactly_the_retryable_errors_are_retried,
    ),
    "an error in both Retry blocks": (
        move_an_error_to_be_retried_twice,
        rules.exactly_the_retryable_errors_are_retried,
    ),
    "no more patience with throttling than with the rest": (
        retry_every_task(lambda retrier: retrier.update(MaxAttempts=8)),
        rules.retries_outlast_a_burst,
    ),
    "places for functions left empty": (
        retry_every_task(lambda retrier: retrier.update(MaxDelaySeconds=60), block=1),
        rules.retries_outlast_a_burst,
    ),
    "no patience with a lack of places": (
        retry_every_task(lambda retrier: retrier.update(MaxAttempts=30), block=1),
        rules.retries_outlast_a_burst,
    ),
    "retries in step with each other": (
        retry_every_task(lambda retrier: retrier.pop("JitterStrategy")),
        rules.retries_outlast_a_burst,
    ),
    "a Catch": (
        lambda d: task(d).update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "UnknownTier"}]),
        rules.nothing_is_caught,
    ),
    "JSONata for all": (lambda d: d.update(QueryLanguage="JSONata"), rules.only_jsonpath_is_used),
    "JSONata in one place": (
        lambda d: task(d)["Parameters"].update(FunctionName="{% $states.input.f %}"),
        rules.only_jsonpath_is_used,
    ),
    "a variable": (lambda d: task(d).update(Assign={"x": 1}), rules.only_jsonpath_is_used),
    "another step's name": (
        lambda d: task(d)["Parameters"]["Payload"].update(step="CreateTenantGroup"),
        rules.every_step_gets_the_ids_and_no_more,
    ),
    "the whole input sent": (
        lambda d: task(d)["Parameters"].update({"Payload.$": "$"}) or task(d)["Parameters"].pop("Payload"),
        rules.every_step_gets_the_ids_and_no_more,
    ),
    "an unknown placeholder": (
        lambda d: task(d)["Parameters"].update(FunctionName="${OtherFunction}"),
        rules.the_placeholders_are_those_filled_in,
    ),
    "a placeholder gone": (
        lambda d: task(d, "SendWelcomeEmail")["Parameters"].update(FunctionName="welcome"),
        rules.the_placeholders_are_those_filled_in,
    ),
    "a step across a trust boundary": (
        lambda d: task(d)["Parameters"].update(FunctionName="${PlacementFunction}"),
        rules.functions_follow_trust_boundaries,
    ),
}


def invoke_elsewhere(definition: Definition) -> None:
    """Let a step that deletes run where tenants are made."""
    task(definition, "RemoveUserPool")["Parameters"]["FunctionName"] = "${PlacementFunction}"


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (invoke_elsewhere, rules.functions_follow_trust_boundaries),
        (invoke_elsewhere, rules.the_placeholders_are_those_filled_in),
        (lambda d: task(d, "RemoveAppClient").update(Next="ReleaseRouting"), rules.every_state_is_reachable),
    ],
    ids=["a removal across a trust boundary", "a placeholder of the other workflow", "a removal that is jumped over"],
)
def test_a_spoilt_abandonment_is_noticed(spoil: Callable[[Definition], object], rule: Rule) -> None:
    """The rules know one workflow from the other."""
    definition = load(ABANDONMENT)
    spoil(definition)
    assert rule(definition) != []


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_workflow_is_noticed(spoil: Callable[[Definition], object], rule: Rule) -> None:
    """The rule complains about a definition that breaks it, so a silent rule means an obedient workflow."""
    definition = load()
    spoil(definition)
    assert rule(definition) != []


def test_each_rule_is_shown_to_complain() -> None:
    """No rule is left without a definition that breaks it."""
    assert {rule for _, rule in SPOILT.values()} == set(RULES)
