"""Onboards 60 tenants at once where few functions may run at a time: `python -m benchmarks.few_functions`.

Prints, for each cap on functions that run at once (12 of a small machine, 10 of a new AWS account), the seconds until
the last tenant is completed, what was throttled for the cap, and the CPU seconds of the functions a tenant. With
`--against REV` it does the same with a checkout of another commit, in turn, and prints the ratios. Exit status 1 if a
tenant is not completed.
"""

import argparse
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from benchmarks import against
from benchmarks.small_account import small_account
from orchestrator.local.stack import LocalStack
from tests.e2e.world import tenant

TENANTS = 60
CAPS = (12, 10)
MIX = ("pool",) * 6 + ("bridge",) * 3 + ("silo",)
GIVE_UP_SECONDS = 300
THROTTLED = ("Lambda.TooManyRequestsException", "Lambda.Unknown")
"""What a step that did not run for the cap ends with: on AWS, and on the emulator."""


def main() -> int:
    """Run the burst for each cap, `--runs` times; in turn with the other commit, so that both meet the same machine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tenants", type=int, default=TENANTS)
    parser.add_argument("--cap", type=int, action="append", help="functions that run at once; 12 and 10 by default")
    parser.add_argument("--runs", type=int, default=1, help="of which the medians are printed")
    parser.add_argument("--wait-scale", type=float, default=0.1, help="of the workflow's waits; 1 is AWS's")
    against.add_option(parser)
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    caps = chosen.cap or CAPS
    if chosen.json:
        print(json.dumps(run(chosen.tenants, caps[0], chosen.wait_scale)))
        return 0
    failed = 0.0
    with against.sides(chosen.against) as compared:
        for cap in caps:
            measure = partial(_run_in, tenants=chosen.tenants, cap=cap, wait_scale=chosen.wait_scale)
            figures = against.medians(compared, measure, chosen.runs)
            print(*against.lines(f"cap {cap:>3}", figures, ("seconds", "CPU a tenant")), sep="\n", flush=True)
            failed += sum(each["failed"] for each in figures.values())
    return int(failed > 0)


def run(tenants: int, cap: int, wait_scale: float) -> dict[str, float]:
    """Run one burst and return what it took."""
    with small_account(cap, wait_scale) as stack:
        stack.clients.ses_once.create_email_identity(EmailIdentity=stack.settings.sender)
        stack.emit(json.dumps(tenant("opener")))
        _wait_for(stack, 1)
        before = _functions_cpu(stack)
        began = time.monotonic()
        for number in range(tenants):
            stack.emit(json.dumps(tenant(f"burst-{number:03d}", tier=MIX[number % len(MIX)])))
        completed = _wait_for(stack, tenants + 1) - 1
        seconds = time.monotonic() - began
        after = _functions_cpu(stack)
        cpu = sum(used - before.get(process, 0.0) for process, used in after.items())
        return {
            "seconds": seconds,
            "failed": tenants - completed,
            "steps throttled": _steps_throttled(stack),
            "batches throttled": stack.ministack.log.read_text(errors="replace").count("failed processing SQS batch"),
            "processes": len(after),
            "CPU a tenant": cpu / tenants,
        }


def _wait_for(stack: LocalStack, tenants: int) -> int:
    until = time.monotonic() + GIVE_UP_SECONDS
    completed = 0
    while completed < tenants and time.monotonic() < until:
        time.sleep(0.25)
        completed = stack.clients.dynamodb.query(
            TableName=stack.settings.tenants_table,
            IndexName="status-statusChangedAt",
            KeyConditionExpression="#status = :completed",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":completed": "COMPLETED"},
            Select="COUNT",
        )["Count"]
    return completed


def _functions_cpu(stack: LocalStack) -> dict[int, float]:
    """Return the CPU seconds that each process of a function has used; they stay for ten minutes."""
    leader = os.getpgid(stack.ministack._process.pid)  # type: ignore[union-attr]  # it runs
    used = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, fields = status.read_text().rpartition(")")
            group, ticks = int(fields.split()[2]), sum(int(part) for part in fields.split()[11:15])
            command = (status.parent / "cmdline").read_text()
        except OSError:
            continue
        if group == leader and "awslambdaric" in command:
            used[int(status.parent.name)] = ticks / os.sysconf("SC_CLK_TCK")
    return used


def _steps_throttled(stack: LocalStack) -> int:
    stepfunctions = boto3.client("stepfunctions")
    executions = stepfunctions.get_paginator("list_executions").paginate(
        stateMachineArn=stack.settings.state_machine_arn
    )
    number = 0
    for page in executions:
        for execution in page["executions"]:
            history: Any = stepfunctions.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)
            number += sum(
                event.get("taskFailedEventDetails", {}).get("error") in THROTTLED for event in history["events"]
            )
    return number


def _run_in(root: Path, tenants: int, cap: int, wait_scale: float) -> against.Figures:
    against.carry(root, "small_account", "few_functions")
    arguments = ("--tenants", str(tenants), "--cap", str(cap), "--wait-scale", str(wait_scale))
    figures: dict[str, float] = json.loads(
        against.run(root, "-m", "benchmarks.few_functions", "--json", *arguments).splitlines()[-1]
    )
    return figures


if __name__ == "__main__":
    sys.exit(main())
