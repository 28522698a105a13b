"""What onboarding costs, computed from what was measured: `python -m benchmarks.cost`.

It prints the page; `--write` writes `docs/cost.md`. With `--measure` it first onboards tenants of each tier on the
deployed template in the local AWS, which takes two minutes, and writes `benchmarks/usage.json`. What stands all month
is counted in the template each time. The prices are in `benchmarks/prices.toml`.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import cost_page, usage
from benchmarks.standing import HOURS_A_MONTH, REUSE_SECONDS, counted
from orchestrator.local.synth import synthesize
from tenant_onboarding.names import STACK_NAME

FOLDER = Path(__file__).parent
USAGE = FOLDER / "usage.json"
PRICES = FOLDER / "prices.toml"
PAGE = FOLDER.parent / "docs" / "cost.md"
TENANTS = 1_000
QUEUED = ("intake", "parameters", "mail_feedback")
"""Functions that take their work from a queue."""
REQUESTS_A_MESSAGE = 3
"""It is sent, received and deleted; a batch takes fewer."""
POLLERS = 5
POLL_SECONDS = 20
"""Lambda keeps so many long polls open at an idle queue: five batches at a time, and SQS waits 20 seconds at most."""
SLOWER = 10
"""The factor by which the page shows what slower functions would cost."""
PRODUCERS, CONSUMERS = 1, 1
"""Principals at an encrypted queue: EventBridge, and the function's poller; the first asks KMS twice."""
PLANS = {"LITE": "cognito_lite", "ESSENTIALS": "cognito_essentials", "PLUS": "cognito_plus"}
Usage = dict[str, Any]  # Any: JSON
Prices = Mapping[str, Mapping[str, Any]]  # Any: TOML
Bill = dict[str, float]


def main() -> int:
    """Compute, measuring first if asked to, and print the page, or write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="onboard tenants on a local stack first; needs --write")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(FOLDER.parent)} and the usage")
    chosen = parser.parse_args()
    if chosen.measure and not chosen.write:
        parser.error("--measure needs --write")
    used = usage.measure() if chosen.measure else json.loads(USAGE.read_text())
    measured = used | {"standing": counted(_template())}
    told = page(measured, prices())
    if not chosen.write:
        print(told)
        return 0
    USAGE.write_text(json.dumps(measured, indent=1) + "\n")
    PAGE.write_text(told)
    print(f"{PAGE.relative_to(FOLDER.parent)} is written")
    return 0


def _template() -> dict[str, Any]:
    template: dict[str, Any] = json.loads((synthesize() / f"{STACK_NAME}.template.json").read_text())
    return template


def prices() -> Prices:
    """Return the prices by name."""
    return tomllib.loads(PRICES.read_text())


def dollars(rates: Prices, name: str, number: float) -> float:
    """Return what so many of a thing cost."""
    return float(number * rates[name]["dollars"] / rates[name]["per"])


def onboarding(used: Usage, megabytes: int, rates: Prices) -> Bill:
    """Return what onboarding 1,000 tenants costs once, by what is paid for; `used` is one tenant's."""
    invocations = used["invocations"]
    queued = sum(invocations.get(module, 0) for module in QUEUED)
    numbers = {
        "states_transition": used["transitions"],
        "lambda_request": sum(invocations.values()),
        "lambda_gb_second": gb_seconds(used["milliseconds"], megabytes),
        "dynamodb_write": sum(used["dynamodbWrites"].values()),
        "dynamodb_read": sum(used["dynamodbReads"].values()),
        "events": used["events"],
        "sqs_request": queued * REQUESTS_A_MESSAGE,
        "ses_mail": used["mails"],
        "ssm_parameter": used["parameters"],
        "logs_byte": used["logBytes"],
        "xray_trace": 1 + queued,
    }
    return {name: dollars(rates, name, TENANTS * number) for name, number in numbers.items()}


def gb_seconds(milliseconds: float, megabytes: int) -> float:
    """Return what Lambda charges for: seconds times gigabytes of memory."""
    return milliseconds / 1_000 * megabytes / 1_024


def kept(used: Usage, rates: Prices) -> float:
    """Return what it costs a month to keep what 1,000 tenants leave in the tables."""
    return dollars(rates, "dynamodb_storage", TENANTS * used["keptBytes"])


def standing(measured: Usage, rates: Prices) -> Bill:
    """Return what a month costs in which no tenant comes, by what is paid for."""
    there, ticks = measured["standing"], measured["ticks"]
    runs = {module: runs for module, runs in there["runs"].items() if module in ticks}
    reads = sum(number * sum(ticks[module]["calls"].values()) for module, number in runs.items())
    milliseconds = sum(number * ticks[module]["milliseconds"] for module, number in runs.items())
    seconds = HOURS_A_MONTH * 3_600
    snapshots = sum(there["snapshotMegabytes"]) / 1_024
    of_queues = there["queuesUnderKey"] * (2 * PRODUCERS + CONSUMERS) * seconds / (there["reuseSeconds"] or seconds)
    of_tables = there["tablesUnderKey"] * len(runs) * seconds / REUSE_SECONDS
    numbers = {
        "alarm": there["alarms"],
        "metric": measured["metrics"] + there["metricFilters"],
        "dashboard": there["dashboards"],
        "kms_key": there["keys"],
        "secret": there["secrets"],
        "kms_request": of_queues + of_tables,
        "lambda_request": sum(runs.values()),
        "lambda_gb_second": gb_seconds(milliseconds, there["megabytes"]),
        "snapshot_gb_second": snapshots * seconds,
        "dynamodb_read": reads,
        "logs_byte": sum(number * ticks[module]["logBytes"] for module, number in runs.items()),
        "sqs_request": there["polledQueues"] * POLLERS * seconds / POLL_SECONDS,
        "xray_trace": sum(runs.values()),
    }
    return {name: dollars(rates, name, number) for name, number in numbers.items()}


def unmeasured(measured: Usage) -> list[str]:
    """Return the schedules' functions whose ticks were not measured: they came after the measurement."""
    return sorted(set(measured["standing"]["runs"]) - set(measured["ticks"]))


def page(measured: Usage, rates: Prices) -> str:
    """Return docs/cost.md; the same measurements and prices give the same page."""
    megabytes = measured["standing"]["megabytes"]
    tenants = measured["tenants"]
    bills = {tier: onboarding(used, megabytes, rates) for tier, used in tenants.items()}
    month = standing(measured, rates)
    slower = max(bill["lambda_gb_second"] for bill in bills.values()) * (SLOWER - 1)
    return cost_page.render(
        tenants=tenants,
        bills=bills,
        plans={plan: dollars(rates, name, TENANTS) for plan, name in PLANS.items()},
        month=month,
        standing=measured["standing"] | {"metrics": measured["metrics"], "unmeasured": unmeasured(measured)},
        rates=rates,
        kept=cost_page.money(max(kept(used, rates) for used in tenants.values())),
        snapshots=f"${month['snapshot_gb_second']:.2f}",
        slower_times=SLOWER,
        slower=cost_page.money(slower),
        timed=usage.TIMED,
        overhead=usage.LOG_OVERHEAD_BYTES,
        pollers=POLLERS,
        poll=POLL_SECONDS,
    )


if __name__ == "__main__":
    sys.exit(main())
