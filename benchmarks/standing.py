"""What a deployment has standing, counted in its template: what costs by the month, whether tenants come or not."""

import re
from typing import Any

HOURS_A_MONTH = 730
"""AWS reckons with so many."""
MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
REUSE_SECONDS = 300
"""SQS: how long it works with a data key unless told otherwise; DynamoDB keeps a table's key as long for a caller."""
Template = dict[str, Any]  # Any: CloudFormation as JSON
Standing = dict[str, Any]  # Any: what is written as JSON


def counted(template: Template) -> Standing:
    """Return how many of each there are, and how often each schedule runs a function in a month."""

    def of(kind: str) -> dict[str, Any]:
        found = template["Resources"].items()
        return {name: each.get("Properties", {}) for name, each in found if each["Type"] == kind}

    queues = [queue for queue in of("AWS::SQS::Queue").values() if "KmsMasterKeyId" in queue]
    tables = [*of("AWS::DynamoDB::Table").values(), *of("AWS::DynamoDB::GlobalTable").values()]
    lambdas = list(of("AWS::Lambda::Function").values())
    return {
        "alarms": len(of("AWS::CloudWatch::Alarm")),
        "dashboards": len(of("AWS::CloudWatch::Dashboard")),
        "metricFilters": len({name_of(each) for each in of("AWS::Logs::MetricFilter").values()}),
        "keys": len(of("AWS::KMS::Key")),
        "secrets": len(of("AWS::SecretsManager::Secret")),
        "queuesUnderKey": len(queues),
        "reuseSeconds": min([queue.get("KmsDataKeyReusePeriodSeconds", REUSE_SECONDS) for queue in queues], default=0),
        "tablesUnderKey": sum("KMS" in str(table.get("SSESpecification")) for table in tables),
        "polledQueues": len(of("AWS::Lambda::EventSourceMapping")),
        "megabytes": max(function["MemorySize"] for function in lambdas),
        "snapshotMegabytes": sorted(function["MemorySize"] for function in lambdas if "SnapStart" in function),
        "runs": {
            module_of(template, target): runs_a_month(rule["ScheduleExpression"])
            for rule in of("AWS::Events::Rule").values()
            if "ScheduleExpression" in rule
            for target in rule["Targets"]
        },
    }


def name_of(metric_filter: dict[str, Any]) -> str:
    """Return the metric that a filter of logs counts: AWS charges each once, however many filters count it."""
    (counted,) = metric_filter["MetricTransformations"]
    return str(counted["MetricName"])


def runs_a_month(expression: str) -> int:
    """Return how often a rate comes in a month; raises ValueError for another kind of schedule."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if not found:
        raise ValueError(f"not a rate: {expression}")
    return HOURS_A_MONTH * 60 // (int(found[1]) * MINUTES[found[2]])


def module_of(template: Template, target: dict[str, Any]) -> str:
    """Return the module of the function that a rule's target is, or is an alias of."""
    resource = _referred(template, target["Arn"])
    while resource["Type"] != "AWS::Lambda::Function":
        resource = _referred(template, resource["Properties"]["FunctionName"])
    handler: str = resource["Properties"]["Handler"]
    return handler.split(".")[1]


def _referred(template: Template, reference: dict[str, Any]) -> dict[str, Any]:
    name = reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0]
    found: dict[str, Any] = template["Resources"][name]
    return found
