"""Monitoring: alarms that reach somebody, each with its section of the runbook, and one page that shows how it goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aws_cdk import ArnFormat, Aws, Duration, Fn, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.account_api import THROTTLED, AccountApi
from infra.configuration.choices import Configuration
from infra.function import OnboardingFunction
from infra.metrics_dashboard import TICK, MetricsDashboard, ours
from infra.queue import FunctionQueue

RETRIED = ("Placement", "Removal", "Routing", "Welcome")
"""Functions whose errors a workflow retries; what is left of them is a failure, which is counted as such."""
REFUSING = ("Trigger", "SignUp")
"""The functions whose errors are answers: Cognito takes no other refusal."""
ANSWERING = ("Api", "Members", "Proofs", "Resolver", "Sessions", *REFUSING)
"""Functions that answer whatever happens; what is not the asker's doing they log as an error."""
WAITING = Duration.hours(1)
"""How old a message in a function's queue must be to ring.

No burst should: 10,000 tenants at once, as many as a shared user pool takes, are started in some 37 minutes, and what
fails is a dead letter after twelve. Nor may it be a day, as SQS may stop measuring a queue that nobody touches for six
hours. So all of the queue's retention but an hour is left to act in.
"""
THROTTLED_SHARE = 0.1
"""Of requests in five minutes; a burst of a moment is none of three such periods."""
NO_NEWS_IS_GOOD = cloudwatch.TreatMissingData.NOT_BREACHING
"""For what is measured only when it happens."""
NO_NEWS_IS_BAD = cloudwatch.TreatMissingData.BREACHING
"""For what every tick measures, even if all is well: without it nobody looks after the tenants."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What rings: a metric, from which value on, in how many of the last periods; and the section that explains it."""

    section: str
    meaning: str
    metric: cloudwatch.Metric
    threshold: float = 1
    periods: int = 1
    needed: int | None = None
    """Periods that must breach; all of them by default."""
    missing: cloudwatch.TreatMissingData = NO_NEWS_IS_GOOD
    only_if_many: bool = False
    """Whether a percentile counts only where CloudWatch has data enough for it: 20 for the median."""
    of: str = ""
    """Which one, where a section explains several."""


class Monitoring(Construct):
    """The dashboard, and unless the deployment does without them an alarm for whatever somebody must look at.

    It watches every rule, queue and function of the stack that is there when it is made, so it is made last.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        configuration: Configuration,
        dead_letters: Mapping[str, sqs.IQueue],
    ) -> None:
        super().__init__(scope, construct_id)
        self._chosen = configuration
        self._dead_letters = dead_letters
        there = Stack.of(self).node.find_all()
        self._functions = [each for each in there if isinstance(each, OnboardingFunction)]
        self._rules = [each for each in there if isinstance(each, events.Rule)]
        self._account_apis = [each for each in there if isinstance(each, AccountApi)]
        self._queues: Mapping[str, sqs.IQueue] = {
            each.node.id: each.queue for each in there if isinstance(each, FunctionQueue)
        }
        self.topic = self._topic() if configuration.alarms else None
        alarms = [self._alarm(watch, self.topic) for watch in self._watches()] if self.topic else []
        MetricsDashboard(
            self,
            "Dashboard",
            alarms=alarms,
            functions=self._functions,
            queues=self._queues,
            dead_letters=dead_letters,
        )

    def _topic(self) -> sns.Topic:
        """No message says more than an alarm does: no tenant's name, no address of theirs."""
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        # A policy of one's own takes the place of SNS's default, by which alarms of the account may publish.
        alarms = Stack.of(self).format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=f"{Aws.STACK_NAME}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={
                    "ArnLike": {"aws:SourceArn": alarms},
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                },
            )
        )
        if self._chosen.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self._chosen.alarm_email))
        return topic

    def _alarm(self, watch: Watch, topic: sns.ITopic) -> cloudwatch.Alarm:
        name = f"{watch.section}{watch.of}"
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{Aws.STACK_NAME}-{name}",
            alarm_description=f"{watch.meaning} What to do: {self._chosen.runbook}#{watch.section.lower()}",
            metric=watch.metric,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=watch.threshold,
            evaluation_periods=watch.periods,
            datapoints_to_alarm=watch.needed or watch.periods,
            treat_missing_data=watch.missing,
            evaluate_low_sample_count_percentile="ignore" if watch.only_if_many else None,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
        return alarm

    def _watches(self) -> Iterator[Watch]:
        yield from self._onboarding()
        yield from self._upkeep()
        yield from self._ahead()
        yield from self._delivery()
        yield from self._sessions()
        yield from self._handling()

    def _onboarding(self) -> Iterator[Watch]:
        yield Watch(
            section="OnboardingsFailed",
            meaning="Tenants could not be onboarded in the last five minutes. Each waits for an operator.",
            metric=ours("OnboardingsFailed"),
            threshold=self._chosen.alarm_failures,
        )
        yield Watch(
            section="WelcomeEmailsFailed",
            meaning="Welcome emails bounced or were reported as spam. Their tenants wait for an operator.",
            metric=ours("WelcomeEmailsFailed"),
        )
        yield Watch(
            section="RegistrationClosed",
            meaning="Nobody can register: too much of people's mail bounced, or Amazon SES has sent half of its day.",
            metric=ours("RegistrationClosed"),
        )
        yield Watch(
            section="OldestInProgress",
            meaning="An onboarding takes too long, or reconcile, which measures this, does not run.",
            metric=ours("OldestInProgress", "Maximum"),
            threshold=self._chosen.alarm_oldest_minutes * 60,
            periods=3,
            missing=NO_NEWS_IS_BAD,
        )

    def _upkeep(self) -> Iterator[Watch]:
        yield Watch(
            section="ReconcileFinds",
            meaning="Events are lost again and again. Reconcile repairs this, but minutes later.",
            metric=ours("ReconcileFinds", period=Duration.minutes(15)),
            periods=2,
        )
        yield Watch(
            section="ReconcileFailures",
            meaning="Reconcile found unfinished work and could not finish it.",
            metric=ours("ReconcileFailures"),
            periods=3,
        )
        yield Watch(
            section="SharedPoolsLacking",
            meaning="Too few shared user pools have room, or capacity, which opens the next one, does not run.",
            metric=ours("SharedPoolsLacking", "Maximum"),
            periods=3,
            missing=NO_NEWS_IS_BAD,
        )
        yield Watch(
            section="CapacityFailures",
            meaning="Capacity cannot do one of its tasks. No tenant is affected yet.",
            metric=ours("CapacityFailures"),
            periods=3,
        )

    def _ahead(self) -> Iterator[Watch]:
        yield Watch(
            section="PreflightFailures",
            meaning="Something stops onboarding or will within days, or preflight, which checks this, does not run.",
            metric=ours("PreflightFailures", "Maximum", period=Duration.hours(3)),
            missing=NO_NEWS_IS_BAD,
        )

    def _delivery(self) -> Iterator[Watch]:
        for name, queue in self._queues.items():
            yield Watch(
                section="OldestMessage",
                meaning=f"A message has waited too long in {name}. Most likely its function does not run.",
                metric=queue.metric_approximate_age_of_oldest_message(statistic="Maximum", period=TICK),
                threshold=WAITING.to_seconds(),
                of=name,
            )
        for name, queue in self._dead_letters.items():
            yield Watch(
                section=f"{name}DeadLetters",
                meaning="A message could not be handled. It waits in a dead-letter queue for an operator.",
                metric=queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=TICK),
            )
        for rule in self._rules:
            yield Watch(
                section="RuleFailures",
                meaning=f"The rule {rule.node.id} could not deliver an event.",
                metric=_failed_invocations(rule),
                of=rule.node.id,
            )

    def _sessions(self) -> Iterator[Watch]:
        yield Watch(
            section="OthersTokensHeldBack",
            meaning="Somebody signed in and would have got tokens of another tenant. They were held back.",
            metric=ours("OthersTokensHeldBack"),
        )
        yield Watch(
            section="SignInsRefused",
            meaning="More than half of those who sign in are refused. Passwords may be being guessed.",
            metric=ours("SignInsRefused", "p50"),
            periods=3,
            only_if_many=True,
        )
        if self._account_apis:
            yield Watch(
                section="AccountApiThrottled",
                meaning="Every tenth request to the account API is over its bounds and refused, whoever asks.",
                metric=ours(THROTTLED, "Average"),
                threshold=THROTTLED_SHARE,
                periods=3,
            )

    def _handling(self) -> Iterator[Watch]:
        for each in self._account_apis:
            yield Watch(
                section="AccountApiErrors",
                meaning="The account API fails: people cannot sign in, register or see their colleagues.",
                metric=each.api.metric_server_error(statistic="Sum", period=TICK),
                periods=3,
                needed=2,
            )
        for function in self._functions:
            name = function.node.id
            if name not in (*RETRIED, *REFUSING):
                yield Watch(
                    section="FunctionErrors",
                    meaning=f"The function {name} ends in errors.",
                    metric=function.function.metric_errors(period=TICK),
                    periods=3,
                    needed=2,
                    of=name,
                )
            if name in ANSWERING:
                yield Watch(
                    section="LoggedErrors",
                    meaning=f"The function {name} could not answer a valid request.",
                    metric=function.logged_errors,
                    periods=3,
                    needed=2,
                    of=name,
                )


def _failed_invocations(rule: events.Rule) -> cloudwatch.Metric:
    """Return how often a rule gave up; `Ref` of a rule on a bus of one's own would be `bus|rule`, so the ARN it is."""
    (of_bus,) = [each.event_bus_name for each in rule.node.children if isinstance(each, events.CfnRule)]
    _, *names = (Fn.select(number, Fn.split("/", rule.rule_arn)) for number in range(3 if of_bus else 2))
    return cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="FailedInvocations",
        dimensions_map=dict(zip(("EventBusName", "RuleName")[-len(names) :], names, strict=True)),
        statistic="Sum",
        period=TICK,
    )
