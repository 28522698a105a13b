"""A queue from which nobody receives rings days before SQS deletes what is in it; no burst is taken for one."""

import re
import subprocess

import jmespath  # type: ignore[import-untyped]  # it has no types

from benchmarks import scaling
from infra.configuration.choices import Configuration
from infra.queue import MOST_RECEIVES, VISIBILITY_SECONDS
from tenant_onboarding.contracts.fields import TIERS
from tenant_onboarding.names import STACK_NAME
from tests.infra.alarms import Alarm, alarms, dimensions, sections
from tests.infra.template import Template, of_type

UNTOUCHED_SECONDS = 6 * 3_600
"""Amazon SQS: how long CloudWatch is told of a queue that nobody touches."""
DAY = 86_400
RUNBOOK = sections()["OldestMessage"]


def waiting(template: Template) -> list[Alarm]:
    """Return the alarms on the age of messages."""
    measured = ("AWS/SQS", "ApproximateAgeOfOldestMessage")
    return [each for each in alarms(template).values() if (each["Namespace"], each["MetricName"]) == measured]


def fed(template: Template) -> list[str]:
    """Return the logical ids of the queues from which functions are fed."""
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    return sorted(each["Properties"]["EventSourceArn"]["Fn::GetAtt"][0] for each in mappings)


def test_each_queue_that_feeds_a_function_rings_once_where_nobody_receives_from_it(template: Template) -> None:
    """Nothing else would: what is not received is no dead letter and no error, and is deleted in the end."""
    watched = [dimensions(alarm) for alarm in waiting(template)]
    assert sorted(each.pop("QueueName")["Fn::GetAtt"][0] for each in watched) == fed(template)
    assert [each for each in watched if each] == []
    assert {each["Statistic"] for each in waiting(template)} == {"Maximum"}


def test_no_burst_rings_and_whoever_is_rung_has_days(template: Template) -> None:
    """Nor do retries; and SQS still measures a queue that nobody touches."""
    tenants, open_shards = scaling.in_a_user_pool("pool", scaling.default()), Configuration().open_shards
    a_minute = min(scaling.a_minute(kind, open_shards) for kind in TIERS)
    burst, retries = 60 * tenants / a_minute, MOST_RECEIVES * VISIBILITY_SECONDS
    for alarm in waiting(template):
        queue = template["Resources"][dimensions(alarm)["QueueName"]["Fn::GetAtt"][0]]["Properties"]
        kept, rings = queue["MessageRetentionPeriod"], alarm["Threshold"]
        assert burst + retries < rings < UNTOUCHED_SECONDS / 2
        assert kept - rings > 6 * DAY
        assert f"SQS deletes messages that are {kept // DAY} days old" in RUNBOOK
        assert f"default {a_minute * rings // 60:,}, with a smaller `quotaShare` fewer" in RUNBOOK


def test_the_runbook_asks_lambda_for_every_queue_of_the_stack() -> None:
    """Run as it is written, once the shell has read it."""
    (quoted,) = re.findall(r'--query ("EventSourceMappings.*?")$', RUNBOOK, re.MULTILINE | re.DOTALL)
    shell = subprocess.run(["sh", "-c", f"printf %s {quoted}"], capture_output=True, text=True, check=True)
    ours, another = (
        {
            "EventSourceArn": f"arn:aws:sqs:eu-central-1:111122223333:{queue}",
            "UUID": "1",
            "State": "Disabled",
            "StateTransitionReason": "USER_INITIATED",
            "FunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:F:live",
        }
        for queue in (f"{STACK_NAME}-IntakeQueue01234567-x", "Other-Queue")
    )
    found = jmespath.search(shell.stdout, {"EventSourceMappings": [another, ours]})
    assert found == [[ours["EventSourceArn"], "1", "Disabled", "USER_INITIATED", None]]
