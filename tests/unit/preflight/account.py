"""An account as the preflight sees it: what the simulated AWS lacks is answered as the services' models say.

By default nothing is wrong with it. Each test changes what it is about.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.validate import validate_parameters

from orchestrator import preflight
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.preflight import Preflight
from orchestrator.preflight.findings import Finding
from orchestrator.preflight.quotas import QUOTAS, SERVICE
from orchestrator.tenants import counters, lifecycle
from tests.sdk import model_of
from tests.unit.conftest import REGION, SENDER
from tests.unit.faults import ALWAYS, Wire, answered, refused
from tests.unit.simulated_aws import deploy_trigger

ABROAD = "eu-west-1"
NOW = 1_793_534_400.0  # 2026-11-01T12:00:00Z
DAY, HOUR = 86_400, 3_600
GRANTED = {quota.code: {"QuotaName": quota.name, "Value": quota.default} for quota in QUOTAS}
SES: dict[str, Any] = {
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 10.0},
}


def told(service: str, operation: str, **fields: Any) -> Callable[..., AWSResponse]:
    """Return a strike that answers with these fields, which are valid under the service's model."""
    shape = model_of(service).operation_model(operation).output_shape
    validate_parameters(fields, shape)
    return answered(**fields)


@dataclass
class Account:
    """An account in which the stack is deployed, with its home Region and another one."""

    clients: Clients
    settings: Settings
    wire: Wire
    quotas: dict[str, dict[str, Any]] = field(default_factory=lambda: {code: dict(q) for code, q in GRANTED.items()})
    ses: dict[str, Any] = field(default_factory=lambda: SES | {"SendQuota": dict(SES["SendQuota"])})
    verified: dict[str, bool | None] = field(default_factory=lambda: dict.fromkeys((REGION, ABROAD), True))
    """Of the sender's identity in each Region; None where there is none."""
    at_once: int = 1_000

    def look(self) -> Preflight:
        """Return what the preflight finds."""
        with self.answering():
            return preflight.look(self.clients, self.settings, lambda: NOW)

    def find(self, check: str, region: str = REGION) -> Finding:
        """Return what one check finds."""
        return of(self.look(), check, region)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Let AWS answer what the account is like."""
        listed = [{"ServiceCode": SERVICE, "QuotaCode": code, **quota} for code, quota in self.quotas.items()]
        limit = {"ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": self.at_once}
        with ExitStack() as stack:
            for strike in (
                ("ListServiceQuotas", told("service-quotas", "ListServiceQuotas", Quotas=listed)),
                ("GetAccount", told("sesv2", "GetAccount", **self.ses)),
                ("GetEmailIdentity", self._identity),
                ("GetAccountSettings", told("lambda", "GetAccountSettings", AccountLimit=limit)),
            ):
                stack.enter_context(self.wire.strikes(*strike, times=ALWAYS))
            yield

    def _identity(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer for the identity that the deployment sends by; there is no other."""
        known = unquote(urlsplit(request.url).path).endswith(f"/identities/{SENDER}")
        verified = self.verified[urlsplit(request.url).netloc.split(".")[1]] if known else None
        if verified is None:
            return refused("NotFoundException", status=404)(request)
        return told("sesv2", "GetEmailIdentity", VerifiedForSendingStatus=verified)(request)

    def completed(self, days_ago: float, **tiers: int) -> None:
        """Count tenants as completed then, as their onboardings do."""
        for tier, number in tiers.items():
            for each in range(number):
                record = {"tenantId": f"{tier}-{days_ago}-{each}", "tier": tier, "status": lifecycle.IN_PROGRESS}
                moment = NOW - days_ago * DAY
                for action in counters.count_move(self.settings.tenants_table, record, lifecycle.COMPLETED, moment):
                    self.clients.dynamodb.update_item(**action["Update"])

    def user_pools(self, number: int) -> None:
        """Let the home Region have so many user pools."""
        for each in range(number):
            self.clients.cognito.create_user_pool(PoolName=f"pool-{each}")

    def with_settings(self, **changes: Any) -> None:
        """Let the deployment have chosen otherwise."""
        self.settings = self.settings.model_copy(update=changes)


def of(found: Preflight, check: str, region: str = REGION) -> Finding:
    """Return the finding of a check in a Region; there is one."""
    (finding,) = [each for each in found.findings if (each.check, each.region) == (check, region)]
    return finding


def healthy(clients: Clients, settings: Settings, wire: Wire) -> Account:
    """Return an account with which nothing is wrong."""
    for region in (REGION, ABROAD):
        deploy_trigger(clients, region)
    topics = boto3.client("sns")
    topic = topics.create_topic(Name="alarms")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:123456789012:alarms")
    wire.attempts.clear()
    changes: dict[str, Any] = {"regions": (ABROAD,), "alarm_topic_arn": topic}
    return Account(clients, settings.model_copy(update=changes), wire)
