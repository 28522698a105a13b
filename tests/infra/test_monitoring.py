"""Every alarm reaches somebody and says what to do; nothing that can go wrong unseen is left unwatched."""

import json
import re
from typing import Any

import pytest

from infra.monitoring import ANSWERING, REFUSING, RETRIED
from tests.infra.alarms import EVERY_TICK, OPERATIONS, alarms, dimensions, section_of, sections
from tests.infra.choices import FIELDS
from tests.infra.template import Template, aliases, chosen, functions, many, of_type, statements

WRITTEN = set(
    re.findall(r"^\| `(\w+)` \|", OPERATIONS.split("\n### Metrics\n", 1)[1].split("\n### ", 1)[0], re.MULTILINE)
)
"""The metrics that the document lists, and a test of the handlers holds it to."""


def test_every_alarm_goes_to_the_one_topic(template: Template) -> None:
    (topic,) = of_type(template, "AWS::SNS::Topic")
    assert len(alarms(template)) > 15
    assert {json.dumps(alarm.get("AlarmActions")) for alarm in alarms(template).values()} == {
        json.dumps([{"Ref": topic}])
    }
    assert template["Outputs"]["AlarmTopicArn"]["Value"] == {"Ref": topic}


def test_the_topic_takes_what_alarms_of_this_stack_publish_and_only_over_tls(template: Template) -> None:
    """A topic whose policy forgets CloudWatch would deliver nothing; so would its key, which has rules of its own."""
    (name,) = of_type(template, "AWS::SNS::Topic")
    (policy,) = of_type(template, "AWS::SNS::TopicPolicy").values()
    assert policy["Properties"]["Topics"] == [{"Ref": name}]
    by_effect = {each["Effect"]: each for each in policy["Properties"]["PolicyDocument"]["Statement"]}
    assert len(policy["Properties"]["PolicyDocument"]["Statement"]) == len(by_effect) == 2
    denied, allowed = by_effect["Deny"], by_effect["Allow"]
    assert (denied["Principal"], denied["Action"]) == ("*", "sns:Publish")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    arn = allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1]
    assert arn[-3:] == [":alarm:", {"Ref": "AWS::StackName"}, "-*"]
    for alarm in alarms(template).values():
        assert alarm["AlarmName"]["Fn::Join"][1][0] == {"Ref": "AWS::StackName"}


def test_every_alarm_leads_to_its_section_of_the_runbook_and_each_section_is_led_to(template: Template) -> None:
    led_to = {section_of(alarm) for alarm in alarms(template).values()}
    assert led_to == sections().keys() - {"Metrics", "Logs and traces"}
    for name, alarm in alarms(template).items():
        assert name.startswith(section_of(alarm))


@pytest.mark.parametrize("heading", sorted(sections().keys() - {"Metrics", "Logs and traces"}))
def test_a_section_says_what_it_means_where_to_look_and_what_to_do(heading: str) -> None:
    parts = dict(re.findall(r"^\*(\w+)\*: (.*?)(?=^\*\w+\*: |\Z)", sections()[heading], re.M | re.S))
    assert list(parts) == ["Means", "Look", "Do"]
    assert re.search(r"`onboard [a-z]|\blog\b", parts["Look"])
    assert re.search(r"`onboard [a-z]|\[errors\]\(#errors\)|\bcorrect\b", parts["Do"])


def test_the_runbook_may_be_kept_elsewhere() -> None:
    there = "https://wiki.app.example/operations"
    for alarm in alarms(chosen(runbook=there)).values():
        assert section_of(alarm, there)


def test_silence_rings_where_every_tick_should_be_heard_and_nowhere_else(template: Template) -> None:
    """What is measured only when it happens would ring for ever otherwise."""
    treated = {name: alarm["TreatMissingData"] for name, alarm in alarms(template).items()}
    assert {name for name, missing in treated.items() if missing == "breaching"} == EVERY_TICK
    assert set(treated.values()) == {"breaching", "notBreaching"}


def test_each_alarm_of_ours_watches_a_metric_that_is_written(template: Template) -> None:
    """In the namespace of the stack, and without dimensions, for an alarm takes one metric."""
    ours = [each for each in alarms(template).values() if each["Namespace"] == {"Ref": "AWS::StackName"}]
    assert len(ours) == 12 + len(ANSWERING)
    counted = {each["Properties"]["MetricTransformations"][0]["MetricName"] for each in error_counts(template)}
    assert {each["MetricName"] for each in ours} <= WRITTEN | counted
    assert [each for each in ours if dimensions(each)] == []


def test_what_the_document_says_of_thresholds_and_periods_is_so(template: Template) -> None:
    found = alarms(template)
    said = {
        name: (each["Threshold"], each["EvaluationPeriods"], each["DatapointsToAlarm"], each["Period"])
        for name, each in found.items()
    }
    assert said["OnboardingsFailed"] == (1, 1, 1, 300)
    assert said["OldestInProgress"] == (30 * 60, 3, 3, 300)
    assert said["ReconcileFinds"] == (1, 2, 2, 900)
    assert said["WelcomeEmailsFailed"] == said["RegistrationClosed"] == (1, 1, 1, 300)
    assert said["OthersTokensHeldBack"] == (1, 1, 1, 300)
    assert said["SignInsRefused"] == (1, 3, 3, 300)
    assert found["SignInsRefused"]["ExtendedStatistic"] == "p50"
    assert found["SignInsRefused"]["EvaluateLowSampleCountPercentile"] == "ignore"
    assert said["AccountApiThrottled"] == (0.1, 3, 3, 300)
    assert found["AccountApiThrottled"]["Statistic"] == "Average"
    assert said["PreflightFailures"] == (1, 1, 1, 3 * 3_600)
    for name in ("ReconcileFailures", "SharedPoolsLacking", "CapacityFailures"):
        assert said[name] == (1, 3, 3, 300)
    assert {said[name] for name in said if name.startswith("FunctionErrors")} == {(1, 3, 2, 300)}
    assert {said[name] for name in said if name.endswith("DeadLetters")} == {(1, 1, 1, 300)}
    assert {said[name] for name in said if name.startswith("OldestMessage")} == {(3_600, 1, 1, 300)}
    assert said["MailFeedbackDeadLetters"] == said["RuleFailuresTenantCreated"] == (1, 1, 1, 300)
    assert {each["ComparisonOperator"] for each in found.values()} == {"GreaterThanOrEqualToThreshold"}


def test_every_dead_letter_queue_is_watched(template: Template) -> None:
    """Of queues and of rules alike."""
    queues = of_type(template, "AWS::SQS::Queue").values()
    feeding = [each["Properties"]["RedrivePolicy"]["deadLetterTargetArn"] for each in queues if _redrives(each)]
    rules = of_type(template, "AWS::Events::Rule").values()
    targets = [target for rule in rules for target in rule["Properties"]["Targets"]]
    dead_letters = {
        each["Fn::GetAtt"][0] for each in (*feeding, *(each["DeadLetterConfig"]["Arn"] for each in targets))
    }
    watched = {
        dimensions(alarm)["QueueName"]["Fn::GetAtt"][0]
        for alarm in alarms(template).values()
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    }
    assert watched == dead_letters
    assert len(watched) >= 3


def _redrives(queue: dict[str, Any]) -> bool:
    return "RedrivePolicy" in queue["Properties"]


def test_every_rule_is_watched_by_the_names_that_its_metrics_bear(template: Template) -> None:
    """EventBridge: rules of a bus of one's own are measured by bus and name, others by name alone."""
    for name, rule in of_type(template, "AWS::Events::Rule").items():
        arn = {"Fn::Split": ["/", {"Fn::GetAtt": [name, "Arn"]}]}
        wanted: dict[str, Any] = {"RuleName": {"Fn::Select": [1, arn]}}
        if "EventBusName" in rule["Properties"]:
            wanted = {"EventBusName": {"Fn::Select": [1, arn]}, "RuleName": {"Fn::Select": [2, arn]}}
        watching = [each for each in alarms(template).values() if dimensions(each) == wanted]
        assert [(each["Namespace"], each["MetricName"]) for each in watching] == [("AWS/Events", "FailedInvocations")]


def error_counts(template: Template) -> list[dict[str, Any]]:
    """Return what counts in logs: errors of functions, and what the account API refuses itself."""
    return list(of_type(template, "AWS::Logs::MetricFilter").values())


def only_of_id(template: Template, name: str) -> str:
    """Return the logical id of the function whose construct bears this id."""
    (found,) = [logical_id for logical_id, _ in functions(template).values() if f"{name}Function" in logical_id]
    return found


def test_every_function_is_watched_but_those_that_a_workflow_retries(template: Template) -> None:
    by_id = {logical_id: name for name, (logical_id, _) in functions(template).items()}
    invoked = set()
    for machine in of_type(template, "AWS::StepFunctions::StateMachine").values():
        for statement in statements(template, machine["Properties"]["RoleArn"]):
            if statement["Action"] == "lambda:InvokeFunction":
                invoked |= {aliases(template)[each["Ref"]][0] for each in many(statement["Resource"])}
    assert invoked == {name.lower() for name in RETRIED}
    watched = {
        by_id[dimensions(each)["FunctionName"]["Ref"]]
        for each in alarms(template).values()
        if (each["Namespace"], each["MetricName"]) == ("AWS/Lambda", "Errors")
    }
    assert watched == set(by_id.values()) - invoked - {by_id[only_of_id(template, name)] for name in REFUSING}


def test_what_answers_whatever_happens_is_watched_by_its_log(template: Template) -> None:
    """A line of level ERROR in the log of the very function is counted, in the namespace of the stack."""
    logs = {only_of_id(template, name): name for name in ANSWERING}
    groups = {each["LoggingConfig"]["LogGroup"]["Ref"]: logs.get(on) for on, each in functions(template).values()}
    found = {}
    for each in error_counts(template):
        if "$.status" in each["Properties"]["FilterPattern"]:
            continue  # of the account API's access log
        (counted,) = each["Properties"]["MetricTransformations"]
        assert each["Properties"]["FilterPattern"] == '{ $.level = "ERROR" }'
        assert (counted["MetricNamespace"], counted["MetricValue"]) == ({"Ref": "AWS::StackName"}, "1")
        found[groups[each["Properties"]["LogGroupName"]["Ref"]]] = counted["MetricName"]
    assert found.keys() == set(ANSWERING)
    assert len(set(found.values())) == len(found)
    assert [name for on, name in found.items() if not name.endswith(f"{on}LoggedErrors")] == []


def test_each_request_to_the_account_api_counts_once_as_refused_or_not(template: Template) -> None:
    """So the metric's average is the share of those that API Gateway refuses before any function sees them."""
    of_status = [
        each["Properties"] for each in error_counts(template) if "status" in each["Properties"]["FilterPattern"]
    ]
    values = {each["FilterPattern"]: each["MetricTransformations"][0] for each in of_status}
    assert {pattern: each["MetricValue"] for pattern, each in values.items()} == {
        '{ $.status = "429" }': "1",
        '{ $.status != "429" }': "0",
    }
    assert {each["MetricName"] for each in values.values()} == {"AccountApiThrottled"}
    assert len({each["LogGroupName"]["Ref"] for each in of_status}) == 1


def test_functions_and_state_machines_are_traced(template: Template) -> None:
    assert {each["TracingConfig"]["Mode"] for _, each in functions(template).values()} == {"Active"}
    machines = of_type(template, "AWS::StepFunctions::StateMachine").values()
    assert [each["Properties"]["TracingConfiguration"] for each in machines] == [{"Enabled": True}] * len(machines)


def test_somebody_can_be_mailed_and_nobody_is_by_default(template: Template) -> None:
    assert of_type(template, "AWS::SNS::Subscription") == {}
    (subscription,) = of_type(chosen(alarmEmail="ops@app.example"), "AWS::SNS::Subscription").values()
    (topic,) = of_type(template, "AWS::SNS::Topic")
    assert subscription["Properties"] == {
        "Protocol": "email",
        "Endpoint": "ops@app.example",
        "TopicArn": {"Ref": topic},
    }


def test_the_thresholds_may_be_chosen() -> None:
    found = alarms(chosen(alarmFailures="7", alarmOldestMinutes="90"))
    assert found["OnboardingsFailed"]["Threshold"] == 7
    assert found["OldestInProgress"]["Threshold"] == 90 * 60
    assert {"alarmFailures", "alarmOldestMinutes", "alarmEmail", "alarms", "runbook"} <= FIELDS.keys()


def test_without_alarms_there_is_still_a_dashboard() -> None:
    template = chosen(alarms="false")
    for kind in ("AWS::CloudWatch::Alarm", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"):
        assert of_type(template, kind) == {}
    assert "AlarmTopicArn" not in template["Outputs"]
    assert "Started" in {widget["properties"].get("title") for widget in widgets(template)}


def widgets(template: Template) -> list[dict[str, Any]]:
    """Return the widgets of the dashboard, with its references as `{Name}`."""
    (dashboard,) = of_type(template, "AWS::CloudWatch::Dashboard").values()
    parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = "".join(part if isinstance(part, str) else "{" + str(next(iter(part.values()))) + "}" for part in parts)
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def test_the_dashboard_shows_every_alarm_and_every_metric_that_is_written(template: Template) -> None:
    status, *graphs = widgets(template)
    shown = json.dumps(graphs)
    assert (status["type"], len(status["properties"]["alarms"])) == ("alarm", len(alarms(template)))
    assert {name for name in WRITTEN if name not in shown} == {"SharedPoolsWithRoom"}  # the fill tells more
    assert set(re.findall(r'MetricName=\\\\\\"(\w+)', shown)) <= WRITTEN


def test_the_dashboard_fits_its_page(template: Template) -> None:
    """Three graphs a row, none over another."""
    places = [(each["x"], each["y"]) for each in widgets(template)]
    assert len(set(places)) == len(places)
    assert all(each["x"] + each["width"] <= 24 for each in widgets(template))


def test_preflight_alone_knows_the_topic_and_only_where_there_is_one(template: Template) -> None:
    """It looks who hears of alarms; without alarms it is told nothing, and may ask nobody."""
    (topic,) = of_type(template, "AWS::SNS::Topic")
    told = {
        name: each["Environment"]["Variables"].get("ONBOARDING_ALARM_TOPIC_ARN")
        for name, (_, each) in functions(template).items()
    }
    assert {name: arn for name, arn in told.items() if arn} == {"preflight": {"Ref": topic}}
    without = json.dumps(chosen(alarms="false"))
    assert "ALARM_TOPIC_ARN" not in without
    assert "sns:" not in without
