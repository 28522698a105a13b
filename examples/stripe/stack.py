"""The adapter as a wiring diagram: Stripe's bus ► rules, which make TenantCreated ► function ► onboarding bus.

EventBridge transforms input for AWS services, not for another bus: hence the function, which only passes on.
"""

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, CfnParameter, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

STACK_NAME = "StripeAdapter"
SOURCE = "stripe"
"""Whose events the tenants come from; a deployment that names `eventSources` names it too."""
CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"
IN_USE = ["active", "trialing"]
"""Stripe: a subscription whose first payment is still to be confirmed begins as `incomplete`."""
OF_A_TENANT = {"status": IN_USE, "metadata": {"tenantId": [{"exists": True}]}}
"""Other subscriptions of the Stripe account are nobody's business here."""
SUBSCRIPTION = "$.detail.data.object"
METADATA = f"{SUBSCRIPTION}.metadata"


class StripeAdapterStack(Stack):
    """Stripe's subscriptions become tenants, in the onboarding stack's account and Region."""

    def __init__(self, scope: Construct, construct_id: str, **options: Any) -> None:  # Any: what Stack takes
        super().__init__(scope, construct_id, **options)
        source = CfnParameter(
            self, "StripeEventSource", description="aws.partner/stripe.com/… as EventBridge lists it."
        )
        bus = events.CfnEventBus(
            self, "StripeBus", name=source.value_as_string, event_source_name=source.value_as_string
        )
        self._bus = events.EventBus.from_event_bus_attributes(
            self,
            "Stripe",
            event_bus_arn=bus.attr_arn,
            event_bus_name=bus.ref,
            event_bus_policy="",
            event_source_name=source.value_as_string,
        )
        self._dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self._function = self._publisher()
        self._rule("Created", CREATED, {"object": OF_A_TENANT})
        self._rule("Paid", UPDATED, {"object": OF_A_TENANT, "previous_attributes": {"status": ["incomplete"]}})
        CfnOutput(self, "StripeBusName", value=bus.ref)
        CfnOutput(self, "DeadLetterQueueUrl", value=self._dead_letters.queue_url)

    def _rule(self, construct_id: str, detail_type: str, data: dict[str, Any]) -> None:  # Any: an event pattern
        pattern = events.EventPattern(detail_type=[detail_type], detail={"data": data})
        target = targets.LambdaFunction(
            self._function, event=_tenant_created(), dead_letter_queue=self._dead_letters, retry_attempts=185
        )
        events.Rule(self, construct_id, event_bus=self._bus, event_pattern=pattern, targets=[target])

    def _publisher(self) -> lambda_.Function:
        onboarding = CfnParameter(self, "EventBusName", description="Output EventBusName of the onboarding stack.")
        function = lambda_.Function(
            self,
            "Publish",
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "functions"), exclude=["__pycache__"]),
            handler="publish.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=Duration.seconds(30),
            environment={"ADAPTER_EVENT_BUS": onboarding.value_as_string, "ADAPTER_SOURCE": SOURCE},
            log_group=logs.LogGroup(self, "Logs", retention=logs.RetentionDays.ONE_MONTH),
            retry_attempts=2,
            on_failure=destinations.SqsDestination(self._dead_letters),
        )
        bus = self.format_arn(service="events", resource="event-bus", resource_name=onboarding.value_as_string)
        function.add_to_role_policy(iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus]))
        return function


def _tenant_created() -> events.RuleTargetInput:
    """Return the input transformer: the detail of TenantCreated out of the subscription, for the most its metadata."""
    said = {
        name: events.EventField.from_path(f"{METADATA}.{name}")
        for name in ("tenantId", "tenantName", "plan", "adminEmail", "subdomain")
    }
    return events.RuleTargetInput.from_object(
        {
            "tenantId": said["tenantId"],
            "tenantName": said["tenantName"],
            "tier": said["plan"],
            "admin": {"email": said["adminEmail"]},
            "routing": {"subdomain": said["subdomain"]},
            "metadata": {
                "stripeCustomer": events.EventField.from_path(f"{SUBSCRIPTION}.customer"),
                "stripeSubscription": events.EventField.from_path(f"{SUBSCRIPTION}.id"),
            },
        }
    )
