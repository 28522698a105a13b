"""Where personal data must not be: what functions, workflows and the bus leave behind, and how data may hide there."""

import base64
import html
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, quote_plus

import boto3

from orchestrator.local.ministack import REGION
from tests.e2e.dead_letters import reached, received
from tests.e2e.world import SILO_REGION, World

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


class Left(NamedTuple):
    """Something that was left behind: where, and its text."""

    place: str
    text: str


class Leak(NamedTuple):
    """What was found where it must not be, and how it was written."""

    place: str
    secret: str
    spelling: str


def spellings(secret: str) -> dict[str, str]:
    """Return the ways in which a text may be written by programs that never meant to hide it."""
    escaped = json.dumps(secret)[1:-1]
    found = {
        "plain": secret,
        "JSON": escaped,
        "JSON in JSON": json.dumps(escaped)[1:-1],
        "JSON as UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "Python": repr(secret)[1:-1],
        "Python's bytes": repr(secret.encode())[2:-1],
        "a path": quote(secret, safe=""),
        "a query": quote_plus(secret),
        "HTML": html.escape(secret),
        "hexadecimal": secret.encode().hex(),
    }
    for offset in range(3):  # where in a longer text it begins decides how base64 writes it
        found[f"base64 from byte {offset}"] = _in_base64(secret.encode(), offset)
        found[f"base64url from byte {offset}"] = _in_base64(secret.encode(), offset).translate(
            str.maketrans("+/", "-_")
        )
    return found


def leaks(secrets: Iterable[str], everywhere: Iterable[Left]) -> list[Leak]:
    """Return every place where one of the secrets is written, however it is."""
    ways = [(secret, way, text.casefold()) for secret in secrets for way, text in spellings(secret).items()]
    found = []
    for left in everywhere:
        folded = left.text.casefold()
        found += [Leak(left.place, secret, way) for secret, way, text in ways if text in folded]
    return found


def left_behind(world: World) -> Iterator[Left]:
    """Yield all that is there now: logs, executions with histories, events, dead letters, parameters and metrics."""
    for region in (REGION, SILO_REGION):
        yield from logged(region)
    yield from executed()
    world.listen()
    yield from (Left(f"event {event['detail-type']}", json.dumps(event)) for event in world.heard)
    clients, queues = reached()
    yield from (Left(f"dead letter in {queue.name}", body) for queue in queues for body in received(clients, queue.url))
    for page in boto3.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True):
        yield from (Left(f"parameter {each['Name']}", f"{each['Name']} {each['Value']}") for each in page["Parameters"])
    for metrics in boto3.client("cloudwatch").get_paginator("list_metrics").paginate():
        yield from (Left(f"metric {each['MetricName']}", json.dumps(each)) for each in metrics["Metrics"])


def logged(region: str) -> Iterator[Left]:
    """Yield every line that is in a Region's logs."""
    logs = boto3.client("logs", region_name=region)
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield from (Left(f"log {name}", event["message"]) for event in page["events"])


def executed() -> Iterator[Left]:
    """Yield every execution with its whole history."""
    stepfunctions = boto3.client("stepfunctions")
    machines = stepfunctions.get_paginator("list_state_machines").paginate()
    for machine in (each for page in machines for each in page["stateMachines"]):
        arn, name = machine["stateMachineArn"], machine["name"]
        for page in stepfunctions.get_paginator("list_executions").paginate(stateMachineArn=arn):
            for execution in page["executions"]:
                described: Any = stepfunctions.describe_execution(executionArn=execution["executionArn"])
                yield Left(f"execution of {name}", json.dumps(described, default=str))
                for events in _history(stepfunctions, execution["executionArn"]):
                    yield Left(f"history of {name}", json.dumps(events, default=str))


def _history(stepfunctions: "SFNClient", arn: str) -> Iterator[list[Any]]:
    """Yield what an execution did, page by page; the services answer at most 1,000 of its events at once."""
    pages = stepfunctions.get_paginator("get_execution_history")
    for page in pages.paginate(executionArn=arn, includeExecutionData=True):
        yield page["events"]


def _in_base64(data: bytes, offset: int) -> str:
    """Return the characters that stand for the data alone, whatever is before and after it."""
    first, last = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
    return base64.b64encode(bytes(offset) + data).decode()[first:last]
