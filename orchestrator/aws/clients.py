"""AWS clients, made on first use, each with the time-outs and retries that its calls can bear."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config

from orchestrator.aws.plain_dynamodb import PlainClient
from tenant_onboarding.authorizer.dynamodb import WHILE_SOMEBODY_SIGNS_IN
from tenant_onboarding.authorizer.patience import Client, Patience

if TYPE_CHECKING:
    import boto3
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_service_quotas import ServiceQuotasClient
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient
    from types_boto3_stepfunctions import SFNClient
    from types_boto3_sts import STSClient

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 8
"""Shorter than a function's time-out (30 s), so that a lost answer is an error that the function still reports."""

RETRYING = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
ONCE = RETRYING.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
WHILE_SOMEBODY_WAITS = Patience(connect_seconds=1, answer_seconds=3, seconds=9)
"""API Gateway waits 30 s for the status API, an operator some 10 for the doctor."""
UNTIL_A_FUNCTION_ENDS = ONCE.merge(Config(read_timeout=35))
"""Longer than a function's time-out (30 s)."""


class OwnSession:
    """Makes clients as boto3's session does, by what the environment says.

    Functions have it, for boto3 brings resources and transfers of files along, and with them a quarter of its import.
    """

    def __init__(self) -> None:
        self._botocore = botocore.session.get_session()

    @property
    def region_name(self) -> str | None:
        """The Region of clients that are made for none in particular."""
        named: str | None = self._botocore.get_config_variable("region")
        return named

    def client(self, service: str, *, region_name: str | None, config: Config) -> Any:  # Any: a client of any service
        """Return a client of a service."""
        return self._botocore.create_client(service, region_name=region_name, config=config)


class Clients:
    """Every AWS client an onboarding uses; commands and tests give it a session of their own."""

    def __init__(
        self, session: "boto3.Session | None" = None, region: str | None = None, patience: Patience | None = None
    ) -> None:
        """Make clients for where a workflow waits, or with `patience` for where somebody does."""
        self._session = session or cast("boto3.Session", OwnSession())
        self._region = region or self._session.region_name
        self._patience = patience
        self._elsewhere: dict[str, Clients] = {}

    def in_region(self, region: str) -> "Clients":
        """Return the clients of a Region: a silo tenant's user pool may be in another than all the rest."""
        if region == self._region:
            return self
        return self._elsewhere.setdefault(region, Clients(self._session, region, self._patience))

    @cached_property
    def in_a_hurry(self) -> "Clients":
        """Clients that give up early: for whoever looks at many things and can do without any one."""
        return Clients(self._session, self._region, WHILE_SOMEBODY_WAITS)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """It takes and returns plain Python values."""
        return self._taught(self._dynamodb(self._config))

    @cached_property
    def registry(self) -> "DynamoDBClient":
        """Like `dynamodb`, for a read of the routing registry while somebody waits to be let in."""
        return WHILE_SOMEBODY_SIGNS_IN.teach(self._dynamodb(WHILE_SOMEBODY_SIGNS_IN.config))

    @cached_property
    def cognito(self) -> "CognitoIdentityProviderClient":
        """For reads and for creates with a natural key, where a repeat is recognised."""
        return self._taught(self._session.client("cognito-idp", region_name=self._region, config=self._config))

    @cached_property
    def cognito_once(self) -> "CognitoIdentityProviderClient":
        """For creates without a natural key: the SDK's own retry of a lost answer would make a twin."""
        return self._session.client("cognito-idp", region_name=self._region, config=ONCE)

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        """Read only: the client secrets of tenants' identity providers."""
        return self._taught(self._session.client("secretsmanager", region_name=self._region, config=self._config))

    @cached_property
    def ses_once(self) -> "SESV2Client":
        """Amazon SES has no idempotency token: the SDK's own retry of a lost answer would mail twice."""
        return self._session.client("sesv2", region_name=self._region, config=ONCE)

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """Executions are named, so a repeated start is refused by Step Functions itself."""
        return self._taught(self._session.client("stepfunctions", region_name=self._region, config=self._config))

    @cached_property
    def events(self) -> "EventBridgeClient":
        """Delivery is at least once anyway; every event carries a stable key."""
        return self._taught(self._session.client("events", region_name=self._region, config=self._config))

    @cached_property
    def ssm(self) -> "SSMClient":
        """Parameters are overwritten, never added to."""
        return self._taught(self._session.client("ssm", region_name=self._region, config=self._config))

    @cached_property
    def sqs(self) -> "SQSClient":
        """For dead letters: a message sent twice is recognised by its receiver, and a repeated delete does nothing."""
        return self._taught(self._session.client("sqs", region_name=self._region, config=self._config))

    @cached_property
    def sts(self) -> "STSClient":
        """Tells who an operator is."""
        return self._taught(self._session.client("sts", region_name=self._region, config=self._config))

    @cached_property
    def functions(self) -> "LambdaClient":
        """Of Welcome, the SDK's own retry of a lost answer would ask for a second email."""
        return self._session.client("lambda", region_name=self._region, config=UNTIL_A_FUNCTION_ENDS)

    @cached_property
    def triggers(self) -> "LambdaClient":
        """Read only: whether a Region has the trigger that user pools there call, and how many functions may run."""
        return self._taught(self._session.client("lambda", region_name=self._region, config=self._config))

    @cached_property
    def mail_settings(self) -> "SESV2Client":
        """Read only: whether and how much the account may send, and whether its sender is verified."""
        return self._taught(self._session.client("sesv2", region_name=self._region, config=self._config))

    @cached_property
    def quotas(self) -> "ServiceQuotasClient":
        """Read only: what AWS grants the account."""
        return self._taught(self._session.client("service-quotas", region_name=self._region, config=self._config))

    @cached_property
    def topics(self) -> "SNSClient":
        """Read only: who hears of alarms."""
        return self._taught(self._session.client("sns", region_name=self._region, config=self._config))

    @property
    def _config(self) -> Config:
        return self._patience.config if self._patience else RETRYING

    def _taught(self, client: Client) -> Client:
        """Return a client whose calls do no harm when repeated, as patient as whoever waits."""
        return self._patience.teach(client) if self._patience else client

    def _dynamodb(self, config: Config) -> "DynamoDBClient":
        typed = self._session.client("dynamodb", region_name=self._region, config=config)
        return cast("DynamoDBClient", PlainClient(typed))
