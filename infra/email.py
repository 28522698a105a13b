"""Email: the configuration sets that emails are sent with, what becomes of them, and if wanted the identity."""

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.configuration.choices import Configuration
from orchestrator.emails.reports import DETAIL_TYPES, KIND_TAG, PEOPLE, WELCOME

MATCHING = ("bounce", "complaint", "delivery", "deliveryDelay", "reject")
"""No opens and no clicks: for these SES would write other links into the email than its template has."""
DKIM_TOKENS = 3


class Email(Construct):
    """How our emails are sent: over TLS only, and not to addresses that bounced or complained.

    Welcome emails and people's mail have a configuration set each, with a reputation of its own.
    """

    def __init__(self, scope: Construct, construct_id: str, *, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self.configuration_set = self._configuration_set()
        """The name of that of welcome emails."""
        self.peoples_configuration_set = self._configuration_set("People")
        """The name of that of people's mail."""
        if configuration.create_sender_identity:
            self._create_identity(configuration.identity, keep=configuration.keep_data)

    def feed(self, queue: sqs.IQueue, *, dead_letter_queue: sqs.IQueue) -> None:
        """Let a queue have what became of our emails, and of no others: user pools' mail has no such tag."""
        sets = [self.configuration_set, self.peoples_configuration_set]
        tags = {"ses:configuration-set": sets, KIND_TAG: [WELCOME, PEOPLE]}
        pattern = events.EventPattern(
            source=["aws.ses"], detail_type=list(DETAIL_TYPES), detail={"mail": {"tags": tags}}
        )
        target = targets.SqsQueue(queue, dead_letter_queue=dead_letter_queue)
        events.Rule(self, "Feedback", event_pattern=pattern, targets=[target])

    def _configuration_set(self, of: str = "") -> str:
        made = ses.CfnConfigurationSet(
            self,
            f"{of}ConfigurationSet",
            delivery_options=ses.CfnConfigurationSet.DeliveryOptionsProperty(tls_policy="REQUIRE"),
            reputation_options=ses.CfnConfigurationSet.ReputationOptionsProperty(reputation_metrics_enabled=True),
            sending_options=ses.CfnConfigurationSet.SendingOptionsProperty(sending_enabled=True),
            suppression_options=ses.CfnConfigurationSet.SuppressionOptionsProperty(
                suppressed_reasons=["BOUNCE", "COMPLAINT"]
            ),
        )
        self._publish_events(f"{of}Events", made.ref)
        return made.ref

    def _publish_events(self, construct_id: str, configuration_set: str) -> None:
        """SES puts events on the default bus and on no other."""
        default_bus = Stack.of(self).format_arn(
            service="events", resource="event-bus", resource_name="default", arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )
        ses.CfnConfigurationSetEventDestination(
            self,
            construct_id,
            configuration_set_name=configuration_set,
            event_destination=ses.CfnConfigurationSetEventDestination.EventDestinationProperty(
                enabled=True,
                matching_event_types=list(MATCHING),
                event_bridge_destination=ses.CfnConfigurationSetEventDestination.EventBridgeDestinationProperty(
                    event_bus_arn=default_bus
                ),
            ),
        )

    def _create_identity(self, domain: str, *, keep: bool) -> None:
        """The user pools that send through it outlive the stack, so where data is kept it does too."""
        identity = ses.CfnEmailIdentity(self, "Identity", email_identity=domain)
        identity.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep else RemovalPolicy.DESTROY)
        for number in range(1, DKIM_TOKENS + 1):
            name = identity.get_att(f"DkimDNSTokenName{number}").to_string()
            value = identity.get_att(f"DkimDNSTokenValue{number}").to_string()
            CfnOutput(Stack.of(self), f"SenderDnsRecord{number}", value=f"{name} CNAME {value}")
