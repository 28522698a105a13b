"""The tables of `docs/cost.md`; its words are in `cost_page.md`, its figures come from `benchmarks/cost.py`."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

NAMES = {
    "states_transition": "Step Functions, state transitions",
    "lambda_request": "Lambda, invocations",
    "lambda_gb_second": "Lambda, time",
    "dynamodb_write": "DynamoDB, writes",
    "dynamodb_read": "DynamoDB, reads",
    "events": "EventBridge, custom events",
    "sqs_request": "SQS, requests",
    "ses_mail": "SES, emails",
    "ssm_parameter": "SSM, standard parameters",
    "logs_byte": "CloudWatch Logs",
    "xray_trace": "X-Ray, if every trace were recorded",
    "alarm": "CloudWatch, alarms",
    "metric": "CloudWatch, custom metrics",
    "dashboard": "CloudWatch, dashboards",
    "kms_key": "KMS, keys",
    "kms_request": "KMS, requests",
    "secret": "Secrets Manager, secrets",
    "snapshot_gb_second": "Lambda, snapshots to start from",
}
TEMPLATE = Path(__file__).with_suffix(".md")
CENT = 0.01


def render(
    *,
    tenants: Mapping[str, Mapping[str, Any]],
    bills: Mapping[str, Mapping[str, float]],
    plans: Mapping[str, float],
    month: Mapping[str, float],
    standing: Mapping[str, Any],
    rates: Mapping[str, Mapping[str, Any]],
    **single: object,
) -> str:
    """Return the page; `single` are the figures that stand alone, by their names in the template."""
    totals = [sum(bill.values()) for bill in bills.values()]
    spans = (
        f"{tier} {one['fastestMilliseconds']:,} to {one['slowestMilliseconds']:,} ms" for tier, one in tenants.items()
    )
    return TEMPLATE.read_text().format(
        cheapest=money(min(totals)),
        dearest=money(max(totals)),
        month=f"${sum(month.values()):.2f}",
        tiers=_cells(f"`{tier}`" for tier in tenants),
        rule="---|" * len(tenants),
        bills=_by_price(bills),
        totals=_cells(f"**{total:.3f}**" for total in totals),
        amounts=_amounts(tenants),
        plans=_cells(f"`{plan}`" for plan in plans),
        plan_rule="---|" * len(plans),
        plan_prices=_cells(f"{price:.2f}" for price in plans.values()),
        month_rows=_month(month, standing),
        month_total=f"**{sum(month.values()):.2f}**",
        notes=_notes(standing),
        spans="; ".join(spans),
        prices="\n".join(map(_price, rates.values())),
        **single,
    )


def money(amount: float) -> str:
    """Return dollars and cents, rounded up to the next cent: never less than it is."""
    return f"${-(-amount * 100 // 1) / 100:.2f}"


def _cells(texts: Iterable[str]) -> str:
    return " | ".join(texts)


def _by_price(bills: Mapping[str, Mapping[str, float]]) -> str:
    """Return a row for each thing that is paid for, the dearest first."""
    names = sorted(next(iter(bills.values())), key=lambda name: -max(bill[name] for bill in bills.values()))
    return "\n".join(f"| {NAMES[name]} | {_cells(f'{bill[name]:.3f}' for bill in bills.values())} |" for name in names)


def _amounts(tenants: Mapping[str, Mapping[str, Any]]) -> str:
    shown: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "state transitions": lambda used: f"{used['transitions']}",
        "Lambda invocations": lambda used: f"{sum(used['invocations'].values())}",
        "their milliseconds, warm, local": lambda used: f"{used['milliseconds']:,}",
        "DynamoDB write units": lambda used: f"{sum(used['dynamodbWrites'].values()):g}",
        "of these in indexes": lambda used: f"{sum(used['ofTheseInIndexes'].values()):g}",
        "DynamoDB read units": lambda used: f"{sum(used['dynamodbReads'].values()):g}",
        "custom events, billing's among them": lambda used: f"{used['events']}",
        "emails; parameters": lambda used: f"{used['mails']}; {used['parameters']}",
        "bytes logged": lambda used: f"{used['logBytes']:,}",
        "bytes kept in tables and indexes": lambda used: f"{used['keptBytes']:,}",
    }
    return "\n".join(f"| {name} | {_cells(show(used) for used in tenants.values())} |" for name, show in shown.items())


def _month(month: Mapping[str, float], standing: Mapping[str, Any]) -> str:
    numbers = {
        "alarm": f"{standing['alarms']}",
        "metric": f"{standing['metrics'] + standing['metricFilters']}",
        "dashboard": f"{standing['dashboards']}",
        "kms_key": f"{standing['keys']}",
        "secret": f"{standing['secrets']}",
        "kms_request": "of queues and tables",
        "snapshot_gb_second": f"{len(standing['snapshotMegabytes'])} functions, one version each",
        "sqs_request": f"{standing['polledQueues']} queues polled",
        "lambda_request": ", ".join(f"{module} {runs:,} runs" for module, runs in sorted(standing["runs"].items())),
    }
    rows = sorted(month, key=lambda name: -month[name])
    return "\n".join(
        f"| {NAMES[name]} | {numbers.get(name, 'of the schedules')} | {month[name]:.2f} |"
        for name in rows
        if month[name] >= CENT / 2 or name in numbers
    )


def _notes(standing: Mapping[str, Any]) -> str:
    notes = "AWS's free tiers (10 alarms, 10 metrics, 3 dashboards, a million SQS requests) make a small stack cheaper."
    if standing["unmeasured"]:
        names = ", ".join(f"`{module}`" for module in standing["unmeasured"])
        notes += f" What a run of {names} takes is not in it: `--measure` was last run before it was there."
    return notes


def _price(rate: Mapping[str, Any]) -> str:
    dollars = f"{rate['dollars']:.10f}".rstrip("0").rstrip(".")
    return f"| {rate['unit']} | {dollars} | {rate['per']:,} | [{rate['seen']}]({rate['source']}) |"
