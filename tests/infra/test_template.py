"""The template obeys its rules, and each rule can tell when it does not."""

import ast
import inspect
import json
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator import status
from orchestrator.status import lists, rejected, rows
from orchestrator.tenants import lifecycle
from tests.infra import template_rules as rules
from tests.infra.template import Template, chosen, functions, of_type, only, statements
from tests.infra.template_rules import RULES, Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_obeys(rule: Rule, template: Template) -> None:
    """No rule has a complaint about what is synthesized."""
    assert rule(template) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_with_another_region_obeys_too(rule: Rule) -> None:
    """Offering silo tenants a Region fixes that one place, and changes nothing else that a rule is about."""
    complaints = rule(chosen(regions="eu-west-1"))
    assert set(complaints) == ({"eu-west-1 is fixed"} if rule is rules.no_place_is_fixed else set())


def first(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of some resource of a type, to be spoilt."""
    properties: dict[str, Any] = next(iter(of_type(template, f"AWS::{kind}").values()))["Properties"]
    return properties


def named(template: Template, kind: str, name: str) -> dict[str, Any]:
    """Return the properties of one resource, to be spoilt."""
    return only(template, f"AWS::{kind}", name)[1]


def function(template: Template, name: str = "intake") -> dict[str, Any]:
    """Return the properties of one function, to be spoilt."""
    return functions(template)[name][1]


def machine(template: Template) -> dict[str, Any]:
    """Return the properties of the state machine, to be spoilt."""
    return named(template, "StepFunctions::StateMachine", "WorkflowStateMachine")


def abandonment(template: Template) -> dict[str, Any]:
    """Return the properties of the other state machine, to be spoilt."""
    return named(template, "StepFunctions::StateMachine", "AbandonmentStateMachine")


def grant_of(template: Template, action: str) -> dict[str, Any]:
    """Return the state machine's statement with an action, to be spoilt."""
    return next(each for each in statements(template, machine(template)["RoleArn"]) if each["Action"] == action)


def admission(template: Template) -> dict[str, Any]:
    """Return the statement that lets a rule into the intake queue, to be spoilt."""
    policy = named(template, "SQS::QueuePolicy", "IntakeQueuePolicy")["PolicyDocument"]["Statement"]
    return next(each for each in policy if each["Effect"] == "Allow")


def permission(template: Template) -> dict[str, Any]:
    """Return the properties of what lets some rule invoke its function, to be spoilt."""
    permissions = [each["Properties"] for each in of_type(template, "AWS::Lambda::Permission").values()]
    return next(each for each in permissions if each["Principal"] == "events.amazonaws.com")


def index(template: Template) -> dict[str, Any]:
    """Return the index by status, to be spoilt."""
    found: dict[str, Any] = named(template, "DynamoDB::Table", "TablesTenants")["GlobalSecondaryIndexes"][0]
    return found


def admit_another_rule(template: Template) -> None:
    """Let the rule of another queue into the intake queue."""
    other, _ = only(template, "AWS::Events::Rule", "TenantOnboarded")
    admission(template)["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0] = other


def forget_to_keep(template: Template) -> None:
    """Let a table go with the stack."""
    next(iter(of_type(template, "AWS::DynamoDB::Table").values()))["DeletionPolicy"] = "Delete"


SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    "an output gone": (lambda t: t["Outputs"].pop("EventBusName"), rules.the_outputs_are_the_contract),
    "an output too many": (lambda t: t["Outputs"].update(More={"Value": "x"}), rules.the_outputs_are_the_contract),
    "two outputs swapped": (
        lambda t: t["Outputs"].update(IntakeQueueUrl=t["Outputs"]["IntakeDeadLetterQueueUrl"]),
        rules.the_outputs_are_the_contract,
    ),
    "a target without a dead-letter queue": (
        lambda t: first(t, "Events::Rule")["Targets"][0].pop("DeadLetterConfig"),
        rules.every_rule_target_has_a_dead_letter_queue,
    ),
    "too few receives": (
        lambda t: named(t, "SQS::Queue", "IntakeQueue")["RedrivePolicy"].update(maxReceiveCount=4),
        rules.queues_outlast_their_functions,
    ),
    "a queue that keeps as long as its dead letters": (
        lambda t: named(t, "SQS::Queue", "ParametersQueue").update(MessageRetentionPeriod=rules.DEAD_LETTER_SECONDS),
        rules.queues_outlast_their_functions,
    ),
    "no redrive policy": (
        lambda t: named(t, "SQS::Queue", "IntakeQueue").pop("RedrivePolicy"),
        rules.queues_outlast_their_functions,
    ),
    "the default visibility": (
        lambda t: named(t, "SQS::Queue", "ParametersQueue").pop("VisibilityTimeout"),
        rules.queues_outlast_their_functions,
    ),
    "whole batches back": (
        lambda t: first(t, "Lambda::EventSourceMapping").pop("FunctionResponseTypes"),
        rules.queues_outlast_their_functions,
    ),
    "unbounded concurrency": (
        lambda t: first(t, "Lambda::EventSourceMapping").pop("ScalingConfig"),
        rules.queues_outlast_their_functions,
    ),
    "every rule may send": (lambda t: admission(t).pop("Condition"), rules.only_its_rules_may_send_to_a_queue),
    "everybody may send": (
        lambda t: admission(t).update(Principal={"AWS": "*"}),
        rules.only_its_rules_may_send_to_a_queue,
    ),
    "another rule may send": (admit_another_rule, rules.only_its_rules_may_send_to_a_queue),
    "nobody may send": (
        lambda t: admission(t).update(Action="sqs:GetQueueUrl"),
        rules.only_its_rules_may_send_to_a_queue,
    ),
    "any rule may invoke": (
        lambda t: permission(t).pop("SourceArn"),
        rules.functions_are_invoked_by_their_rules_only,
    ),
    "an end forgotten": (
        lambda t: named(t, "Events::Rule", "ExecutionEnded")["EventPattern"]["detail"]["status"].pop(),
        rules.executions_that_end_badly_reach_outcome,
    ),
    "every machine's executions": (
        lambda t: named(t, "Events::Rule", "ExecutionEnded")["EventPattern"]["detail"].pop("stateMachineArn"),
        rules.executions_that_end_badly_reach_outcome,
    ),
    "AWS's events awaited on our bus": (
        lambda t: named(t, "Events::Rule", "ExecutionEnded").update(EventBusName="ours"),
        rules.executions_that_end_badly_reach_outcome,
    ),
    "a tick once a day": (
        lambda t: named(t, "Events::Rule", "CapacitySchedule").update(ScheduleExpression="rate(1 day)"),
        rules.schedules_lead_to_their_functions,
    ),
    "a tick for another function": (
        lambda t: named(t, "Events::Rule", "CapacitySchedule").update(
            Targets=named(t, "Events::Rule", "ReconcileSchedule")["Targets"]
        ),
        rules.schedules_lead_to_their_functions,
    ),
    "tenants awaited on the default bus": (
        lambda t: named(t, "Events::Rule", "TenantCreated").pop("EventBusName"),
        rules.rules_listen_where_events_are_published,
    ),
    "one emitter only": (
        lambda t: named(t, "Events::Rule", "TenantCreated")["EventPattern"].update(source=["billing"]),
        rules.rules_listen_where_events_are_published,
    ),
    "a sort key gone": (
        lambda t: named(t, "DynamoDB::Table", "TablesTenants")["KeySchema"].pop(),
        rules.tables_have_the_agreed_keys_and_are_kept,
    ),
    "no recovery": (
        lambda t: first(t, "DynamoDB::Table").pop("PointInTimeRecoverySpecification"),
        rules.tables_have_the_agreed_keys_and_are_kept,
    ),
    "no recovery of routes": (
        lambda t: named(t, "DynamoDB::GlobalTable", "TablesRoutes")["Replicas"][0].clear(),
        rules.tables_have_the_agreed_keys_and_are_kept,
    ),
    "rejections kept for ever": (
        lambda t: named(t, "DynamoDB::Table", "TablesTenants").pop("TimeToLiveSpecification"),
        rules.tables_have_the_agreed_keys_and_are_kept,
    ),
    "routes that expire": (
        lambda t: named(t, "DynamoDB::GlobalTable", "TablesRoutes").update(
            TimeToLiveSpecification={"AttributeName": "expiresAt", "Enabled": True}
        ),
        rules.tables_have_the_agreed_keys_and_are_kept,
    ),
    "a table that goes with the stack": (forget_to_keep, rules.tables_have_the_agreed_keys_and_are_kept),
    "an index renamed": (
        lambda t: index(t).update(IndexName="by-status"),
        rules.indexes_are_those_that_the_code_queries,
    ),
    "an index without order": (
        lambda t: index(t)["KeySchema"].pop(),
        rules.indexes_are_those_that_the_code_queries,
    ),
    "a function as patient as its task": (
        lambda t: function(t).update(Timeout=60),
        rules.each_timeout_is_shorter_than_the_next,
    ),
    "a function that outlasts what a remover waits": (
        lambda t: function(t).update(Timeout=35),
        rules.each_timeout_is_shorter_than_the_next,
    ),
    "a function less patient than its calls": (
        lambda t: function(t).update(Timeout=8),
        rules.each_timeout_is_shorter_than_the_next,
    ),
    "an older Python": (
        lambda t: function(t).update(Runtime="python3.12"),
        rules.functions_run_the_agreed_python,
    ),
    "another architecture": (lambda t: function(t).pop("Architectures"), rules.functions_run_the_agreed_python),
    "a handler that is not there": (
        lambda t: function(t).update(Handler="handlers.nothing.handler"),
        rules.functions_run_the_agreed_python,
    ),
    "logs for ever": (lambda t: first(t, "Logs::LogGroup").pop("RetentionInDays"), rules.logs_do_not_pile_up),
    "a function that logs anywhere": (lambda t: function(t).pop("LoggingConfig"), rules.logs_do_not_pile_up),
    "every action of a service": (
        lambda t: grant_of(t, "lambda:InvokeFunction").update(Action="lambda:*"),
        rules.no_policy_is_open,
    ),
    "all actions but some": (
        lambda t: grant_of(t, "lambda:InvokeFunction").update(NotAction="iam:*"),
        rules.no_policy_is_open,
    ),
    "a resource open to everybody": (lambda t: admission(t).update(Principal="*"), rules.no_policy_is_open),
    "a password in an environment": (
        lambda t: function(t)["Environment"]["Variables"].update(SMTP_PASSWORD="x"),
        rules.nothing_is_secret,
    ),
    "a secret under a name like a setting's": (
        lambda t: function(t)["Environment"]["Variables"].update(ONBOARDING_SECRET="x"),
        rules.nothing_is_secret,
    ),
    "a secret in place of where secrets are": (
        lambda t: function(t)["Environment"]["Variables"].update(ONBOARDING_SECRET_PREFIX="hunter2"),
        rules.nothing_is_secret,
    ),
    "a token in place of how long it lasts": (
        lambda t: function(t)["Environment"]["Variables"].update(ONBOARDING_ACCESS_TOKEN_MINUTES="eyJhbGciOi"),
        rules.nothing_is_secret,
    ),
    "an access key in a description": (
        lambda t: t.update(Description="AKIA" + "A" * 16),
        rules.nothing_is_secret,
    ),
    "a fixed Region": (
        lambda t: function(t)["Environment"]["Variables"].update(X="eu-central-1"),
        rules.no_place_is_fixed,
    ),
    "a fixed partition": (
        lambda t: function(t)["Environment"]["Variables"].update(X="arn:aws:s3:::x"),
        rules.no_place_is_fixed,
    ),
    "another definition": (
        lambda t: machine(t).update(DefinitionString=machine(t)["DefinitionString"].replace("MaxAttempts", "Max")),
        rules.the_definition_is_the_file,
    ),
    "two functions swapped": (
        lambda t: machine(t)["DefinitionSubstitutions"].update(
            RoutingFunction=machine(t)["DefinitionSubstitutions"]["WelcomeFunction"]
        ),
        rules.the_definition_is_the_file,
    ),
    "another definition of the other workflow": (
        lambda t: abandonment(t).update(DefinitionString=machine(t)["DefinitionString"]),
        rules.the_definition_is_the_file,
    ),
    "an abandonment that invokes what makes tenants": (
        lambda t: abandonment(t).update(RoleArn=machine(t)["RoleArn"]),
        rules.a_workflow_invokes_its_functions_only,
    ),
    "abandonments whose end is not heard of": (
        lambda t: named(t, "Events::Rule", "ExecutionEnded")["EventPattern"]["detail"]["stateMachineArn"].pop(),
        rules.executions_that_end_badly_reach_outcome,
    ),
    "an express workflow": (
        lambda t: machine(t).update(StateMachineType="EXPRESS"),
        rules.the_definition_is_the_file,
    ),
    "a workflow that invokes anything": (
        lambda t: grant_of(t, "lambda:InvokeFunction").update(Resource="*"),
        rules.a_workflow_invokes_its_functions_only,
    ),
    "a workflow that does more": (
        lambda t: grant_of(t, "lambda:InvokeFunction").update(Action=["lambda:InvokeFunction", "dynamodb:PutItem"]),
        rules.a_workflow_invokes_its_functions_only,
    ),
    "a starter that knows no machine": (
        lambda t: function(t)["Environment"]["Variables"].pop("ONBOARDING_STATE_MACHINE_ARN"),
        rules.those_who_start_executions_know_the_machine,
    ),
}


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_template_is_noticed(spoil: Callable[[Template], object], rule: Rule, template: Template) -> None:
    """The rule complains about a template that breaks it, so a silent rule means an obedient template."""
    spoil(template)
    assert rule(template) != []


def test_each_rule_is_shown_to_complain() -> None:
    """No rule is left without a template that breaks it."""
    assert {rule for _, rule in SPOILT.values()} == set(RULES)


def test_what_only_sounds_secret_is_there_and_sounds_so(template: Template) -> None:
    """The exceptions are no more than are needed: each is a setting that the rule would otherwise complain about."""
    written = set().union(*(properties["Environment"]["Variables"] for _, properties in functions(template).values()))
    assert rules.NAMED_LIKE_A_SECRET.keys() == {name for name in written if rules.SECRET_NAME.search(name)}


def projected(template: Template) -> set[str]:
    """Return the attributes that a query of the index by status gets."""
    return {"tenantId", "item", "status", "statusChangedAt", *index(template)["Projection"]["NonKeyAttributes"]}


def lists_made_of(attributes: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Return what lists show of an item with only these attributes; by default with all that `status` can name."""
    nodes = (node for module in (lists, rejected, rows) for node in ast.walk(ast.parse(inspect.getsource(module))))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    item = {name: f"<{name}>" for name in texts} | {
        "attempt": 1,
        "failure": {"step": "CreateTenantGroup"},
        "statusChangedAt": "2026-01-01T00:00:00.000Z",
        "rejection": json.dumps({"eventId": "1", "tenantId": "acme", "reasons": []}),
    }
    row = {name: value for name, value in item.items() if attributes is None or name in attributes}
    record = {"tenantId": "<tenantId>", "metadata": {"stripeCustomer": "cus_1"}}
    table = SimpleNamespace(
        query=lambda **_: {"Items": [row], "Count": 1},
        batch_get_item=lambda **_: {"Responses": {"tenants": [record]}},
    )
    answering: Any = SimpleNamespace(dynamodb=table)
    settings: Any = SimpleNamespace(tenants_table="tenants")
    return status.list_tenants(answering, settings, lifecycle.FAILED) + status.list_rejected(answering, settings)


def test_the_index_has_all_that_lists_show(template: Template) -> None:
    """Lists read the index, and of the records metadata alone: what its projection lacks would be shown as missing."""
    assert lists_made_of(projected(template)) == lists_made_of()


def test_an_attribute_missing_from_the_index_is_noticed(template: Template) -> None:
    """Without the tenant's name in the projection the lists differ."""
    assert lists_made_of(projected(template) - {"tenantName"}) != lists_made_of()
