"""Onboards 60 tenants at once where few functions may run at a time: `python -m benchmarks.few_functions`.

Prints, for each cap on functions that run at once (12 of a small machine, 10 of a new AWS account), the seconds until
the last tenant is completed, what was throttled for the cap, and the CPU seconds of the functions a tenant. With
`--against REV` it does the same with a checkout of another commit, in turn, and prints the ratios. Exit status 1 if a
tenant is not completed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from orchestrator.local import ministack
from orchestrator.local.stack import LocalStack, local_stack
from tests.e2e.world import tenant

ROOT = Path(__file__).parents[1]
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
    parser.add_argument("--against", metavar="REV", help="a commit to compare with")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    caps = chosen.cap or CAPS
    if chosen.json:
        print(json.dumps(run(chosen.tenants, caps[0], chosen.wait_scale)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        checkouts = {"this": ROOT} | ({chosen.against: _checkout(chosen.against, folder)} if chosen.against else {})
        return int(sum(_compare(checkouts, chosen, cap) for cap in caps) > 0)


def run(tenants: int, cap: int, wait_scale: float) -> dict[str, float]:
    """Run one burst and return what it took."""
    ministack.CONCURRENT_FUNCTIONS = cap  # read at each start, in older commits too
    with local_stack(wait_scale=wait_scale) as stack:
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


def _compare(checkouts: Mapping[str, Path], chosen: argparse.Namespace, cap: int) -> bool:
    """Print a line for each checkout, and the ratios; tell whether a tenant failed."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    for _ in range(chosen.runs):
        for name, root in checkouts.items():
            runs[name].append(_run_in(root, chosen.tenants, cap, chosen.wait_scale))
    medians = {name: {key: statistics.median(r[key] for r in each) for key in each[0]} for name, each in runs.items()}
    for name, figures in medians.items():
        print(f"cap {cap:>3} {name:>10}: " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    for name in list(checkouts)[1:]:
        ratios = (f"{key} {medians['this'][key] / medians[name][key]:.2f}" for key in ("seconds", "CPU a tenant"))
        print(f"cap {cap:>3} against {name}: " + ", ".join(ratios), flush=True)
    return any(figures["failed"] for figures in medians.values())


def _run_in(root: Path, tenants: int, cap: int, wait_scale: float) -> dict[str, float]:
    command = [sys.executable, str(root / "benchmarks" / "few_functions.py"), "--json"]
    command += ["--tenants", str(tenants), "--cap", str(cap), "--wait-scale", str(wait_scale)]
    paths = os.pathsep.join([str(root), str(root / "packages" / "tenant_onboarding" / "src")])
    environment = os.environ | {"PYTHONPATH": paths}
    answer = subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def _checkout(revision: str, folder: str) -> Path:
    """Return a copy of a commit's files that runs this benchmark with this one's packages."""
    root = Path(folder) / "other"
    root.mkdir()
    archive = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, stdout=subprocess.PIPE)  # noqa: S603, S607
    subprocess.run(["tar", "-x"], cwd=root, check=True, input=archive.stdout)  # noqa: S607
    (root / "benchmarks" / "few_functions.py").write_text(Path(__file__).read_text())
    for packages in (".venv", ".venv-ministack"):
        (root / packages).symlink_to(ROOT / packages)
    return root


if __name__ == "__main__":
    sys.exit(main())
