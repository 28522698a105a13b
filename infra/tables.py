"""The four tables: tenants, routes, shared user pools and users."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, CfnCondition, Fn, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.encryption import key_alias
from infra.user_keys import SessionKeys, UserKeys
from tenant_onboarding.names import routes_table

STRING = dynamodb.AttributeType.STRING
RECOVERABLE = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


class Tables(Construct):
    """What the orchestrator knows. The routes have replicas in `regions`.

    With `keep` nobody can delete a table, and it is kept when the stack is deleted.
    """

    def __init__(self, scope: Construct, construct_id: str, *, regions: Sequence[str], keep: bool = True) -> None:
        super().__init__(scope, construct_id)
        self._keep = keep
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
        # CloudFormation makes one index a table and update: whatever else is to be found by time lies in this one.
        self.tenants.add_global_secondary_index(
            index_name="due-dueAt",
            partition_key=dynamodb.Attribute(name="due", type=STRING),
            sort_key=dynamodb.Attribute(name="dueAt", type=STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.routes = dynamodb.TableV2(
            self,
            "Routes",
            table_name=routes_table(Aws.STACK_NAME),
            partition_key=dynamodb.Attribute(name="routeKey", type=STRING),
            point_in_time_recovery_specification=RECOVERABLE,
            deletion_protection=keep,
            removal_policy=self._removal_policy,
        )
        self._replicate(self.routes, regions)
        self.shared_pools = self._table("SharedPools", "region", "poolKey")
        self.users = self._table("Users", "tenantId", "item", time_to_live_attribute="expiresAt")
        self.users.add_global_secondary_index(
            index_name="address-tenantId",
            partition_key=dynamodb.Attribute(name="address", type=STRING),
            sort_key=dynamodb.Attribute(name="tenantId", type=STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.user_keys = UserKeys(self, "UserKeys", keep=keep).arn
        self.session_keys = SessionKeys(self, "SessionKeys", keep=keep).arn

    @property
    def _removal_policy(self) -> RemovalPolicy:
        return RemovalPolicy.RETAIN if self._keep else RemovalPolicy.DESTROY

    def _table(
        self, name: str, partition: str, sort: str | None = None, time_to_live_attribute: str | None = None
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            partition_key=dynamodb.Attribute(name=partition, type=STRING),
            sort_key=dynamodb.Attribute(name=sort, type=STRING) if sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=RECOVERABLE,
            time_to_live_attribute=time_to_live_attribute,
            deletion_protection=self._keep,
            removal_policy=self._removal_policy,
        )

    def _replicate(self, table: dynamodb.TableV2, regions: Sequence[str]) -> None:
        """Give a table replicas; CDK's own way needs to know the home Region, which is told at deployment only."""
        if not regions:
            return
        resource = cast("dynamodb.CfnGlobalTable", table.node.default_child)
        for number, region in enumerate(regions, start=1):
            elsewhere = Fn.condition_not(Fn.condition_equals(Aws.REGION, region))
            condition = CfnCondition(self, f"Elsewhere-{region}", expression=elsewhere)
            alias = Stack.of(self).format_arn(service="kms", region=region, resource=key_alias(Aws.STACK_NAME))
            replica = {
                "Region": region,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "DeletionProtectionEnabled": self._keep,
                "SSESpecification": {"KMSMasterKeyId": alias},
            }
            unless_home = Fn.condition_if(condition.logical_id, replica, Aws.NO_VALUE)
            resource.add_property_override(f"Replicas.{number}", unless_home)
        resource.add_property_override("StreamSpecification", {"StreamViewType": "NEW_AND_OLD_IMAGES"})
