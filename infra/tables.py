"""The three tables: tenants, routes and shared user pools."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

STRING = dynamodb.AttributeType.STRING


class Tables(Construct):
    """What the orchestrator knows; kept when the stack is deleted."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.tenants = self._table("Tenants", "tenantId", "item", time_to_live_attribute="expiresAt")
        self.tenants.add_global_secondary_index(
            index_name="status-statusChangedAt",
            partition_key=dynamodb.Attribute(name="status", type=STRING),
            sort_key=dynamodb.Attribute(name="statusChangedAt", type=STRING),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=[
                "attempt",
                "completedAt",
                "currentStep",
                "failure",
                "rejection",
                "requestedAt",
                "tenantName",
                "tier",
                "updatedAt",
            ],
        )
        self.tenants.add_global_secondary_index(
            index_name="unpublished-unpublishedSince",
            partition_key=dynamodb.Attribute(name="unpublished", type=STRING),
            sort_key=dynamodb.Attribute(name="unpublishedSince", type=STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.tenants.add_global_secondary_index(
            index_name="item-tenantId",
            partition_key=dynamodb.Attribute(name="item", type=STRING),
            sort_key=dynamodb.Attribute(name="tenantId", type=STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.routes = self._table("Routes", "routeKey")
        self.shared_pools = self._table("SharedPools", "region", "poolKey")

    def _table(
        self, name: str, partition: str, sort: str | None = None, time_to_live_attribute: str | None = None
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            partition_key=dynamodb.Attribute(name=partition, type=STRING),
            sort_key=dynamodb.Attribute(name=sort, type=STRING) if sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=time_to_live_attribute,
            removal_policy=RemovalPolicy.RETAIN,
        )
