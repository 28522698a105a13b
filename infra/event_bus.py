"""The bus: who may put events on it, which TenantCreated intake takes, and how long those are kept for a replay."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.configuration.choices import Configuration
from tenant_onboarding.names import SOURCE, TENANT_CREATED

PUT = "events:PutEvents"
EVENT_SOURCE = "events:source"
DETAIL_TYPE = "events:detail-type"


def tenant_created(configuration: Configuration) -> dict[str, list[str]]:
    """Return the pattern of the events that make tenants, for a rule or an archive."""
    sources = configuration.event_sources
    return {"detail_type": [TENANT_CREATED]} | ({"source": list(sources)} if sources else {})


def event_bus(scope: Construct, construct_id: str, *, configuration: Configuration) -> events.EventBus:
    """Return the bus with its archive and its policy.

    Without sources there is no policy: then IAM of the own account alone says who may put what.
    """
    bus = events.EventBus(scope, construct_id)
    if configuration.archive_days:
        bus.archive(
            "Archive",
            description="TenantCreated as it came, for a replay to the rule of intake",
            event_pattern=events.EventPattern(**tenant_created(configuration)),  # type: ignore[arg-type]  # lists, by name
            retention=Duration.days(configuration.archive_days),
        )
    if configuration.event_accounts:
        bus.add_to_resource_policy(_other_accounts(bus, configuration))
    if configuration.event_sources:
        bus.add_to_resource_policy(_no_other_source(bus, configuration))
        CfnOutput(Stack.of(bus), "EventSources", value=",".join(configuration.event_sources))
    return bus


def _other_accounts(bus: events.EventBus, configuration: Configuration) -> iam.PolicyStatement:
    """Let the named accounts put TenantCreated of the named sources, and nothing that says neither.

    EventBridge's own examples compare these keys as sets; a set is also all of these values when it is empty.
    """
    return iam.PolicyStatement(
        sid="OtherAccounts",
        principals=[iam.AccountPrincipal(account) for account in configuration.event_accounts],
        actions=[PUT],
        resources=[bus.event_bus_arn],
        conditions={
            "ForAllValues:StringEquals": {
                EVENT_SOURCE: list(configuration.event_sources),
                DETAIL_TYPE: [TENANT_CREATED],
            },
            "Null": {EVENT_SOURCE: "false", DETAIL_TYPE: "false"},
        },
    )


def _no_other_source(bus: events.EventBus, configuration: Configuration) -> iam.PolicyStatement:
    """Deny every other source to everybody, our own account's administrators too; ours is what functions speak in."""
    return iam.PolicyStatement(
        sid="NoOtherSource",
        effect=iam.Effect.DENY,
        principals=[iam.StarPrincipal()],
        actions=[PUT],
        resources=[bus.event_bus_arn],
        conditions={"ForAnyValue:StringNotEquals": {EVENT_SOURCE: [*configuration.event_sources, SOURCE]}},
    )
