"""Encryption at rest: one customer-managed key in a Region, and its use for whatever a stack stores there."""

from collections.abc import Iterator

from aws_cdk import ArnFormat, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

ROTATION = Duration.days(365)
DELETED_AFTER = Duration.days(30)
"""KMS's longest wait before a key is gone, and with it all that is encrypted by it."""
REUSED_SECONDS = 3_600
"""How long SQS uses one data key (KMS allows a minute to a day): a busy queue asks KMS once an hour and principal."""
DATA_KEYS = ["kms:Decrypt", "kms:GenerateDataKey*"]
EVENTBRIDGE = iam.ServicePrincipal("events.amazonaws.com")
WHOLE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


def key_alias(stack_name: str) -> str:
    """Return the name of the key of a stack, the same in every Region where the stack has a part."""
    return f"alias/{stack_name}"


class Encryption(Construct):
    """The key, which turns over once a year, is kept as tables are and does for each service what it must.

    So a creation that fails leaves the key of the tables that it leaves: nobody could read or delete those without.

    `stack_name` is the home Region's stack's, wherever this is. Its policy names what it protects by patterns of that
    name, as what it protects names the key.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stack_name: str) -> None:
        super().__init__(scope, construct_id)
        self._stack = Stack.of(self)
        self.key = kms.Key(
            self,
            "Key",
            description=f"What {stack_name} stores in this Region",
            enable_key_rotation=True,
            rotation_period=ROTATION,
            pending_window=DELETED_AFTER,
            removal_policy=RemovalPolicy.RETAIN,
            policy=iam.PolicyDocument(statements=[_statement("Account", iam.AccountRootPrincipal(), ["kms:*"])]),
        )
        # The alias goes with the stack: another key takes it when the stack is made anew.
        alias = kms.Alias(self, "Alias", alias_name=key_alias(stack_name), target_key=self.key)
        alias.apply_removal_policy(RemovalPolicy.DESTROY)
        self._allowed: set[str | None] = set()
        self._allow(*self._tables())

    def of_all(self) -> None:
        """Have whatever the stack stores by now encrypted by the key, so this comes last."""
        for each in self._stack.node.find_all():
            match each:
                case dynamodb.CfnTable() | dynamodb.CfnGlobalTable():
                    _encrypt_table(each, self.key)
                case secretsmanager.CfnSecret():
                    each.kms_key_id = self.key.key_arn
                    self._allow(self._secrets())
                case logs.CfnLogGroup():
                    each.kms_key_id = self.key.key_arn
                    self._allow(self._logs())
                case sqs.CfnQueue():
                    _encrypt_queue(each, self.key)
                    self._allow(self._queues())
                case events.CfnArchive():
                    each.kms_key_identifier = self.key.key_arn
                    self._allow(*self._archives())
                case sns.CfnTopic():
                    each.kms_master_key_id = self.key.key_arn
                    self._allow(self._alarms())

    def _allow(self, *statements: iam.PolicyStatement) -> None:
        """Add to the policy of the key what is not in it yet."""
        for statement in statements:
            if statement.sid not in self._allowed:
                self._allowed.add(statement.sid)
                self.key.add_to_resource_policy(statement)

    def _tables(self) -> Iterator[iam.PolicyStatement]:
        """Whoever may use a table may use the key through DynamoDB, as with the key that AWS manages for it.

        DynamoDB asks KMS in its caller's name, and by the grants that it makes then for what it does by itself. Nobody
        makes a grant for somebody else so.
        """
        through = {"kms:ViaService": f"dynamodb.{Aws.REGION}.amazonaws.com", "kms:CallerAccount": Aws.ACCOUNT_ID}
        yield _statement("Tables", iam.AnyPrincipal(), WHOLE, StringEquals=through)
        for_dynamodb = {"kms:GrantIsForAWSResource": "true"}
        yield _statement(
            "TableGrants", iam.AnyPrincipal(), ["kms:CreateGrant"], StringEquals=through, Bool=for_dynamodb
        )

    def _secrets(self) -> iam.PolicyStatement:
        """Whoever may read a secret may have Secrets Manager decrypt it, as with the key that AWS manages for it."""
        through = {"kms:ViaService": f"secretsmanager.{Aws.REGION}.amazonaws.com", "kms:CallerAccount": Aws.ACCOUNT_ID}
        return _statement("Secrets", iam.AnyPrincipal(), WHOLE, StringEquals=through)

    def _logs(self) -> iam.PolicyStatement:
        groups = self._ours("logs", "log-group", ArnFormat.COLON_RESOURCE_NAME)
        service = iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")
        return _statement("Logs", service, WHOLE, ArnLike={"kms:EncryptionContext:aws:logs:arn": groups})

    def _queues(self) -> iam.PolicyStatement:
        """Rules that send to queues. Whoever receives needs a grant of his own, which the account's statement lets be.

        The context that SQS gives is the condition: EventBridge is not documented to say on whose behalf it asks, for
        topics even documented not to, and then nothing would be delivered.
        """
        queues = self._ours("sqs", "", ArnFormat.NO_RESOURCE_NAME)
        return _statement("Queues", EVENTBRIDGE, DATA_KEYS, ArnLike={"kms:EncryptionContext:aws:sqs:arn": queues})

    def _archives(self) -> Iterator[iam.PolicyStatement]:
        buses = self._stack.format_arn(service="events", resource="event-bus", resource_name="*")
        context = {"kms:EncryptionContext:aws:events:event-bus:arn": buses}
        yield _statement("Archives", EVENTBRIDGE, [*DATA_KEYS, "kms:ReEncrypt*"], ArnLike=context)
        yield _statement("ArchivesLook", EVENTBRIDGE, ["kms:DescribeKey"])  # which is asked without a context

    def _alarms(self) -> iam.PolicyStatement:
        alarms = self._ours("cloudwatch", "alarm", ArnFormat.COLON_RESOURCE_NAME)
        return _statement(
            "Alarms",
            iam.ServicePrincipal("cloudwatch.amazonaws.com"),
            DATA_KEYS,
            StringEquals={"aws:SourceAccount": Aws.ACCOUNT_ID},
            ArnLike={"aws:SourceArn": alarms},
        )

    def _ours(self, service: str, resource: str, form: ArnFormat) -> str:
        """Return the ARNs of what bears the stack's name before its own."""
        name = f"{Aws.STACK_NAME}-*"
        if form == ArnFormat.NO_RESOURCE_NAME:
            return self._stack.format_arn(service=service, resource=name, arn_format=form)
        return self._stack.format_arn(service=service, resource=resource, resource_name=name, arn_format=form)


def _statement(
    sid: str, principal: iam.IPrincipal, actions: list[str], **conditions: dict[str, str]
) -> iam.PolicyStatement:
    """Return a statement of the policy of a key, where '*' is the key itself."""
    return iam.PolicyStatement(
        sid=sid, principals=[principal], actions=actions, resources=["*"], conditions=conditions or None
    )


def _encrypt_queue(queue: sqs.CfnQueue, key: kms.Key) -> None:
    """Not by the queue's own `encryption`: CDK would then let any rule of the account send to it, not its own alone."""
    queue.kms_master_key_id = key.key_arn
    queue.kms_data_key_reuse_period_seconds = REUSED_SECONDS


def _encrypt_table(table: dynamodb.CfnTable | dynamodb.CfnGlobalTable, key: kms.Key) -> None:
    """Encrypt a table at home; a replica elsewhere names the key of its own Region."""
    of_the_key = {"KMSMasterKeyId": key.key_arn}
    everywhere = {"SSEEnabled": True, "SSEType": "KMS"}
    if isinstance(table, dynamodb.CfnTable):
        table.add_property_override("SSESpecification", everywhere | of_the_key)
    else:
        table.add_property_override("SSESpecification", everywhere)
        table.add_property_override("Replicas.0.SSESpecification", of_the_key)
