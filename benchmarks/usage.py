"""Measures what one onboarding of each tier, and one tick of each schedule, takes of AWS, on the deployed template.

DynamoDB's units are computed from the items before and after each request, at a proxy between the functions and AWS;
state transitions come from the execution's history; invocations, their time and what they log from the functions' logs.
"""

import json
import re
import statistics
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import boto3

from benchmarks import capacity_units as units
from orchestrator.emails import reports
from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.mail_feedback import event, tell
from tests.e2e.world import World, tenant, wait_until, world

TIERS = ("pool", "bridge", "silo")
TIMED = 5
"""Onboardings of each tier whose time is taken; the middle one counts."""
LOG_OVERHEAD_BYTES = 26
"""CloudWatch Logs: what each event counts beside its text."""
REPORT = re.compile(r"^REPORT RequestId: \S+\tDuration: ([\d.]+) ms")
ENTRY_OVERHEAD_BYTES = 100
"""DynamoDB: what each stored item, and each entry of an index, counts beside its content."""
Usage = dict[str, Any]  # Any: what is written as JSON
Logs = dict[tuple[str, str], list[str]]


@dataclass
class Meter:
    """Adds up what the requests of one tenant take of DynamoDB; while it looks, no other writes these items."""

    tenant_id: str
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    write: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    by_index: Counter[str] = field(default_factory=Counter)
    kept: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def choose(self, call: Call) -> Strike | None:
        """Return what measures a call of DynamoDB that is for the tenant."""
        measured = call.operation.startswith("dynamodb:") and call.tenant_id == self.tenant_id
        return self._measure if measured else None

    def _measure(self, call: Call, let_through: Any) -> Answer:  # Any: see Strike
        request = json.loads(call.body)
        with self._lock:
            touched = list(_writes(call.operation.partition(":")[2], request))
            before = [self._item(table, key) for table, key in touched]
            answer: Answer = let_through()
            for (table, key), old in zip(touched, before, strict=True):
                self._count(table, key, old, transactional="TransactItems" in request)
            if not touched and answer[0] == HTTPStatus.OK:
                self._count_read(request, json.loads(answer[2]))
        return answer

    def _count(self, table: str, key: dict[str, Any], old: units.Item | None, *, transactional: bool) -> None:
        new = self._item(table, key)
        indexes = units.indexes_of(self._describe(table))
        self.write[_short(table)] += units.write_units(old, new, indexes, transactional=transactional)
        self.by_index.update({index.name: index.units(old, new) for index in indexes})
        stored = [new, *(index.entry(new) for index in indexes)]
        self.kept[units.name_of(table, self._key(table, key))] = sum(
            units.item_bytes(each) + ENTRY_OVERHEAD_BYTES for each in stored if each
        )

    def _count_read(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        items = answer["Items"] if "Items" in answer else [answer.get("Item", {})]
        consistent = bool(request.get("ConsistentRead"))
        self.read[_short(request["TableName"])] += units.read_units(items, consistent=consistent)  # type: ignore[assignment]  # halves

    def _describe(self, table: str) -> dict[str, Any]:
        if table not in self.tables:
            self.tables[table] = dict(boto3.client("dynamodb").describe_table(TableName=table)["Table"])
        return self.tables[table]

    def _key(self, table: str, key: units.Item) -> dict[str, Any]:
        return units.key_of(key, self._describe(table))

    def _item(self, table: str, key: units.Item) -> units.Item | None:
        found = boto3.client("dynamodb").get_item(TableName=table, Key=self._key(table, key), ConsistentRead=True)
        return found.get("Item")


def _writes(operation: str, request: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield table and key of what a request writes, or checks in a transaction; of a Put the whole item."""
    for part in request.get("TransactItems", ()):
        ((_, action),) = part.items()
        yield action["TableName"], action.get("Key") or action["Item"]
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        yield request["TableName"], request.get("Key") or request["Item"]


def _short(table: str) -> str:
    """Return which of the tables it is, from its physical name: CloudFormation adds letters to ours."""
    return next(
        name for name in ("shared-pools", "users", "routes", "tenants") if name.replace("-", "") in table.lower()
    )


def measure() -> Usage:
    """Return what everything takes; needs the local stack, and some two minutes."""
    with world() as running:
        running.onboard(tenant("opener"))
        for tier in TIERS:
            running.onboard(tenant(f"{tier}-warm", tier=tier))
        scheduled = _scheduled()
        tenants = {tier: _of_a_tenant(running, tier, scheduled) for tier in TIERS}
        ticks = {module: _of_a_tick(running, module, name) for module, name in scheduled.items()}
        metrics = _metrics(_logs())
    return {"tenants": tenants, "ticks": ticks, "metrics": metrics}


def _of_a_tenant(running: World, tier: str, scheduled: Mapping[str, str]) -> Usage:
    meter = Meter(f"{tier}-metered")
    running.proxy.tenant_pattern = re.compile(meter.tenant_id)
    with running.proxy.struck_by(meter.choose):
        calls = running.calls_of_one_onboarding(tenant(meter.tenant_id, tier=tier))
        _deliver(running, meter.tenant_id)
    seen = [call for call in running.proxy.seen if call.tenant_id == meter.tenant_id]
    puts = [json.loads(call.body)["Entries"] for call in seen if call.operation == "events:PutEvents"]
    timed = [_timed(running, tier, number, scheduled) for number in range(TIMED)]
    assert all(each["invocations"] == timed[0]["invocations"] for each in timed), "something was retried"
    middle = sorted(timed, key=lambda each: each["milliseconds"])[TIMED // 2]
    return {
        "dynamodbWrites": dict(meter.write),
        "ofTheseInIndexes": dict(meter.by_index),
        "dynamodbReads": dict(meter.read),
        "keptBytes": sum(meter.kept.values()),
        "transitions": _transitions(running.show(meter.tenant_id)["executionArn"]),
        "events": 1 + sum(map(len, puts)),
        "mails": calls["ses:SendEmail"],
        "parameters": calls["ssm:PutParameter"],
        **middle,
        "fastestMilliseconds": min(each["milliseconds"] for each in timed),
        "slowestMilliseconds": max(each["milliseconds"] for each in timed),
    }


def _timed(running: World, tier: str, number: int, scheduled: Mapping[str, str]) -> Usage:
    """Onboard one more, unhindered; whatever ticks meanwhile is not its doing."""
    running.wait_until_quiet()
    before = _logs()
    running.calls_of_one_onboarding(tenant(f"{tier}-timed-{number}", tier=tier))
    _deliver(running, f"{tier}-timed-{number}")
    lines = {
        place: texts[len(before.get(place, ())) :] for place, texts in _logs().items() if place[0] not in scheduled
    }
    return _of_logs(lines)


def _deliver(running: World, tenant_id: str) -> None:
    """Tell of the welcome email's delivery as Amazon SES does, of which the local one tells nothing."""
    tell(event("delivery", tenant_id, messageId=running.show(tenant_id)["welcomeEmail"]["messageId"]))
    delivered = reports.DELIVERED
    wait_until(lambda: running.show(tenant_id)["welcomeEmail"]["status"] == delivered, "the delivery to be recorded")
    running.wait_until_quiet()


def _of_a_tick(running: World, module: str, function: str) -> Usage:
    found = []
    for _ in range(TIMED):
        running.wait_until_quiet()
        before, start = _logs(), len(running.proxy.calls)
        boto3.client("lambda").invoke(FunctionName=function)
        lines = {place: texts[len(before.get(place, ())) :] for place, texts in _logs().items() if place[0] == module}
        calls = running.proxy.counted_since(start)
        found.append(_of_logs(lines) | {"calls": dict(calls)})
    middle = statistics.median_low(each["milliseconds"] for each in found)
    return next(each for each in found if each["milliseconds"] == middle)


def _of_logs(logs: Logs) -> Usage:
    """Return invocations by function, their milliseconds in all, and the bytes logged."""
    reports = [
        (module, found) for (module, _), texts in logs.items() for text in texts if (found := REPORT.match(text))
    ]
    texts = [text for each in logs.values() for text in each]
    return {
        "invocations": dict(sorted(Counter(module for module, _ in reports).items())),
        "milliseconds": round(sum(float(found[1]) for _, found in reports)),
        "logBytes": sum(len(text.encode()) + LOG_OVERHEAD_BYTES for text in texts),
    }


def _logs() -> Logs:
    """Return what each function has logged, by module and stream; locally each invocation has a stream of its own."""
    functions, logs = boto3.client("lambda"), boto3.client("logs")
    found: Logs = {}
    for page in functions.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            group, module = function["LoggingConfig"]["LogGroup"], function["Handler"].split(".")[1]
            if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
                for lines in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
                    for event in lines["events"]:
                        found.setdefault((module, event["logStreamName"]), []).append(event["message"])
    return found


def _scheduled() -> dict[str, str]:
    """Return the names of the functions that a schedule runs, by module."""
    events, functions = boto3.client("events"), boto3.client("lambda")
    rules = [rule["Name"] for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")]
    arns = [target["Arn"] for rule in rules for target in events.list_targets_by_rule(Rule=rule)["Targets"]]
    found = [functions.get_function_configuration(FunctionName=arn) for arn in arns]
    return {each["Handler"].split(".")[1]: each["FunctionArn"] for each in found}


def _transitions(execution: str) -> int:
    """Return how many states were entered, and 1 for the start: what Step Functions counts where nothing is retried."""
    pages = boto3.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    kinds = [event["type"] for page in pages for event in page["events"]]
    return 1 + sum(kind.endswith("StateEntered") for kind in kinds)


def _metrics(logs: Logs) -> int:
    """Return how many custom metrics a stack writes on which nothing fails: each name for each of its dimensions."""
    found = set()
    for text in (text for texts in logs.values() for text in texts if '"CloudWatchMetrics"' in text):
        line = json.loads(text)
        for told in line["_aws"]["CloudWatchMetrics"]:
            for dimensions in told["Dimensions"]:
                values = tuple((name, line[name]) for name in dimensions)
                found |= {(metric["Name"], values) for metric in told["Metrics"]}
    return len(found)
