"""The metrics dashboard of CloudWatch: how onboarding goes, what failed where, what waits, what room is left."""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.account_api import THROTTLED
from infra.function import OnboardingFunction
from tenant_onboarding.contracts.fields import TIERS

TICK = Duration.minutes(5)
"""Reconcile and capacity measure as often."""
FULL_WIDTH = 24
HEIGHT = 6


def ours(name: str, statistic: str = "Sum", *, period: Duration = TICK, **dimensions: str) -> cloudwatch.Metric:
    """Return a metric that the functions write; see `handlers/metrics.py`."""
    return cloudwatch.Metric(
        namespace=Aws.STACK_NAME,
        metric_name=name,
        dimensions_map=dimensions or None,
        statistic=statistic,
        period=period,
    )


class MetricsDashboard(Construct):
    """One page: what is wrong at the top, then onboarding from its start to its end, then what keeps it going."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alarms: Sequence[cloudwatch.IAlarm],
        functions: Sequence[OnboardingFunction],
        queues: Mapping[str, sqs.IQueue],
        dead_letters: Mapping[str, sqs.IQueue],
    ) -> None:
        super().__init__(scope, construct_id)
        status = cloudwatch.AlarmStatusWidget(alarms=alarms, title="Alarms", width=FULL_WIDTH) if alarms else None
        cloudwatch.Dashboard(
            self,
            "Page",
            default_interval=Duration.days(1),
            widgets=[
                [status] if status else [],
                _onboarding(),
                _trouble(),
                _waiting(queues, dead_letters),
                _upkeep(functions),
                _ahead(),
                _mail(),
                _sign_ins(),
            ],
        )


def _onboarding() -> list[cloudwatch.IWidget]:
    ends = {"completed": "OnboardingsCompleted", "repaired": "OnboardingsRepaired", "abandoned": "OnboardingsAbandoned"}
    failed = ours("OnboardingsFailed").with_(label="failed")
    durations = [
        ours("OnboardingDuration", statistic, Tier=tier).with_(label=f"{tier} {statistic}")
        for tier in TIERS
        for statistic in ("p50", "p95")
    ]
    return [
        _graph("Started", [_of_each("OnboardingsStarted", "Tier")]),
        _graph("Ended", [*(_of_each(name, "Tier", label=label) for label, name in ends.items()), failed]),
        _graph("Duration, where nobody had to help", durations),
    ]


def _trouble() -> list[cloudwatch.IWidget]:
    return [
        _graph("Failures by step", [_of_each("OnboardingsFailed", "Step")]),
        _graph("Throttled tries by step", [_of_each("StepsThrottled", "Step")]),
        _graph("Rejected events", [ours("EventsRejected")]),
    ]


def _waiting(queues: Mapping[str, sqs.IQueue], dead_letters: Mapping[str, sqs.IQueue]) -> list[cloudwatch.IWidget]:
    oldest = [
        queue.metric_approximate_age_of_oldest_message(statistic="Maximum", period=TICK, label=f"message in {name}")
        for name, queue in queues.items()
    ]
    letters = [
        queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=TICK, label=name)
        for name, queue in dead_letters.items()
    ]
    return [
        _graph("Oldest, seconds", [ours("OldestInProgress", "Maximum").with_(label="tenant in progress"), *oldest]),
        _graph("Failed tenants that wait for somebody", [ours("TenantsFailed", "Maximum")]),
        _graph("Dead letters", letters),
    ]


def _upkeep(functions: Sequence[OnboardingFunction]) -> list[cloudwatch.IWidget]:
    errors = [each.function.metric_errors(period=TICK, label=f"{each.node.id} errors") for each in functions]
    capacity = [ours("CapacityFailures"), ours("SharedPoolsLacking", "Maximum")]
    return [
        _graph("Found by reconcile", [_of_each("ReconcileFinds", "Kind"), ours("ReconcileFailures"), *capacity]),
        _graph("Shared user pools, percent full", [_of_each("SharedPoolFillPercent", "Counter,PoolKey", "Maximum")]),
        _graph("Functions", errors),
    ]


def _ahead() -> list[cloudwatch.IWidget]:
    statuses = {"failures": "PreflightFailures", "warnings": "PreflightWarnings", "unknown": "PreflightUnknown"}
    found = [ours(name, "Maximum").with_(label=label) for label, name in statuses.items()]
    return [
        _graph("Found by the preflight", found),
        _graph("Limits, percent used", [_of_each("LimitUsedPercent", "Check,Region", "Maximum")]),
        _graph("Days until the first limit", [ours("DaysUntilLimit", "Minimum")]),
    ]


def _mail() -> list[cloudwatch.IWidget]:
    return [
        _graph("Welcome emails that failed", [_of_each("WelcomeEmailsFailed", "Status")]),
        _graph("People's emails that failed", [_of_each("PeopleEmailsFailed", "Status")]),
        _graph("Links not mailed, by reason", [_of_each("LinksDropped", "Reason"), ours("RegistrationClosed")]),
    ]


def _sign_ins() -> list[cloudwatch.IWidget]:
    outcomes = {"judged": "SampleCount", "refused": "Sum"}
    judged = [ours("SignInsRefused", statistic).with_(label=label) for label, statistic in outcomes.items()]
    return [
        _graph("Sign-ins, challenges and refreshes", [*judged, ours("OthersTokensHeldBack").with_(label="held back")]),
        _graph("Sign-ins refused, percent", [_percent("SignInsRefused", "refused")]),
        _graph("Account API, percent of requests", [_percent(THROTTLED, "over its bounds")]),
    ]


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    axis = cloudwatch.YAxisProps(min=0, show_units=False)
    return cloudwatch.GraphWidget(title=title, left=metrics, left_y_axis=axis, width=FULL_WIDTH // 3, height=HEIGHT)


def _percent(name: str, label: str) -> cloudwatch.MathExpression:
    """Return the percentage of those that a metric says 1 of, where it says 0 of all others."""
    share = {"share": ours(name, "Average")}
    return cloudwatch.MathExpression(expression="100 * share", using_metrics=share, label=label, period=TICK)


def _of_each(name: str, dimensions: str, statistic: str = "Sum", label: str = "") -> cloudwatch.MathExpression:
    """Return a metric for each value of its dimensions that there is; with a label, the sum of them."""
    schema = f'{{"{Aws.STACK_NAME}",{dimensions}}}'
    search = f"SEARCH('{schema} MetricName=\"{name}\"', '{statistic}', {TICK.to_seconds()})"
    return cloudwatch.MathExpression(expression=f"SUM({search})" if label else search, label=label, period=TICK)
