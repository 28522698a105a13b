"""The readings: everything that is asked of AWS, all at once, each of which may fail and harms no other."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.dynamodb import is_code, items
from orchestrator.identity import last_convergence, shared_pools
from orchestrator.identity.user_pool_addresses import in_region
from orchestrator.preflight import quotas
from orchestrator.preflight.forecast import Arrivals, arrivals, by_hour, oldest_hour
from orchestrator.preflight.quotas import Limit, Quota
from orchestrator.tenants import counters, open_sign_up
from orchestrator.tenants.ledger import Record
from orchestrator.users import budgets
from orchestrator.users.sending_quota import UNLIMITED

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sns import SNSClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

PATIENCE_SECONDS = 9.0
"""After that, what has not answered counts as unread."""
AT_ONCE = 12
USER_POOLS_A_CALL = 60
MOST_PAGES = 40
"""So many calls count user pools: Cognito's quota of such reads is onboarding's too."""
MOST_SUBSCRIPTIONS = 500
MOST_OPEN_TENANTS = 1_000
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorizedException"})
ACTIONS = {
    "BatchGetItem": "dynamodb:BatchGetItem",
    "GetAccount": "ses:GetAccount",
    "GetAccountSettings": "lambda:GetAccountSettings",
    "GetEmailIdentity": "ses:GetEmailIdentity",
    "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
    "ListServiceQuotas": "servicequotas:ListServiceQuotas",
    "ListSubscriptionsByTopic": "sns:ListSubscriptionsByTopic",
    "ListUserPools": "cognito-idp:ListUserPools",
    "Query": "dynamodb:Query",
}
"""What whoever looks must be allowed, by the operation; all of it reads."""

T = TypeVar("T")
P = ParamSpec("P")
Answer = Callable[[], T]
"""Called once all that was asked is answered, or not any more waited for."""


@dataclass(frozen=True)
class Unread:
    """Why there is no reading: which action is not allowed, or what AWS answered; and what helps."""

    why: str
    do: str = "Look again; if it comes again, see the AWS Health Dashboard."


@dataclass(frozen=True)
class UserPools:
    """How many user pools an account has in a Region, and whether all of them were counted."""

    number: int
    all_counted: bool


@dataclass(frozen=True)
class Mail:
    """What SES lets the account send in a Region; None: no bound a day, or a rate that is not told."""

    in_sandbox: bool
    enabled: bool
    standing: str
    most_a_day: float | None
    most_a_second: float | None
    sent: float


@dataclass(frozen=True)
class OfRegion:
    """What was read of one Region where user pools are."""

    region: str
    user_pools: UserPools | Unread
    limits: Mapping[Quota, Limit]
    mail: Mail | Unread
    verified: bool | Unread | None
    """Whether the sender's identity is; None if there is none."""
    has_trigger: bool | Unread


@dataclass(frozen=True)
class Readings:
    """What was read, of the home Region first."""

    arrivals: Arrivals | Unread
    tenants: Counter[str] | Unread
    rows: list[Record] | Unread
    at_once: int | Unread
    """Functions that may run at a time, beside those with a share of their own."""
    converged: dict[str, Any] | Unread | None
    """What the last convergence wrote down; None if none has come to its end."""
    peoples_mail: Counter[str] | Unread
    """How many emails of the day people asked for, were invited by, and how many bounced."""
    open_tenants: int | Unread
    """With how many tenants anybody may register; of very many, so many at least."""
    listeners: int | Unread | None
    """Who has confirmed to hear of alarms; None where there are none to hear of."""
    regions: list[OfRegion]


class _Questions:
    """What is asked at once; the clients are made before, as boto3 makes no two at a time."""

    def __init__(self) -> None:
        self.until = time.monotonic() + PATIENCE_SECONDS
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._asked: list[Future[Any]] = []

    def ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Answer[T | Unread]":
        """Ask, and return what gives the answer later; no error leaves it."""
        future = self._pool.submit(question, *args, **kwargs)
        self._asked.append(future)

        def answer() -> T | Unread:
            if not future.done():
                return Unread(f"no answer within {PATIENCE_SECONDS:.0f} seconds")
            error = future.exception()
            return future.result() if error is None else _unread(error)

        return answer

    def wait(self) -> None:
        """Return once everything is answered, or when patience is at its end."""
        wait(self._asked, timeout=max(self.until - time.monotonic(), 0))
        self._pool.shutdown(wait=False, cancel_futures=True)


def read(clients: "Clients", settings: "Settings", now: float) -> Readings:
    """Return what AWS says, within about PATIENCE_SECONDS; raises nothing that AWS does."""
    questions = _Questions()
    ask = questions.ask
    came = ask(_arrivals, clients, settings, now)
    tenants = ask(counters.counted_tenants, clients, settings)
    rows = ask(shared_pools.list_rows, clients, settings)
    at_once = ask(_at_once, clients.triggers)
    converged = ask(last_convergence.read, clients, settings)
    peoples_mail = ask(budgets.of_day, clients, settings, now)
    opened = ask(_open_tenants, clients, settings)
    listeners = ask(_listeners, clients.topics, settings.alarm_topic_arn)
    regions = dict.fromkeys((settings.region, *settings.regions))
    others = [_of_region(questions, clients.in_region(region), settings, region) for region in regions]
    questions.wait()
    found = [answer() for answer in others]
    known = came(), tenants(), rows(), at_once(), converged(), peoples_mail(), opened()
    return Readings(*known, listeners(), found)


def _of_region(questions: _Questions, clients: "Clients", settings: "Settings", region: str) -> "Answer[OfRegion]":
    ask = questions.ask
    user_pools = ask(_user_pools, clients.cognito, questions.until)
    granted = ask(quotas.granted, clients.quotas)
    mail = ask(_mail, clients.mail_settings)
    verified = ask(_verified, clients.mail_settings, settings)
    trigger = ask(_has_trigger, clients.triggers, in_region(settings.token_claims_arn, region))

    def answer() -> OfRegion:
        told = granted()
        limits = quotas.defaults(told.why) if isinstance(told, Unread) else told
        return OfRegion(region, user_pools(), limits, mail(), verified(), trigger())

    return answer


def _unread(error: BaseException) -> Unread:
    """Return why something could not be read; no message of AWS's, which may name people."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "an error")
        action = ACTIONS.get(error.operation_name, error.operation_name)
        if code in DENIED:
            return Unread(f"{action} is not allowed", f"Allow {action} to whoever looks.")
        return Unread(f"{action} answered {code}")
    if isinstance(error, BotoCoreError):
        return Unread(f"AWS did not answer ({type(error).__name__})")
    return Unread(f"the answer was not understood ({type(error).__name__})")


def _open_tenants(clients: "Clients", settings: "Settings") -> int:
    return sum(1 for _ in islice(open_sign_up.tenants(clients.dynamodb, settings.tenants_table), MOST_OPEN_TENANTS))


def _arrivals(clients: "Clients", settings: "Settings", now: float) -> Arrivals:
    """Read a month of hourly rows: at most six thousand, half a megabyte."""
    rows = items(
        clients.dynamodb.query,
        TableName=settings.tenants_table,
        KeyConditionExpression="tenantId = :completions AND #item >= :first",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":completions": counters.COMPLETIONS, ":first": oldest_hour(now)},
    )
    return arrivals(by_hour(rows), now)


def _user_pools(cognito: "CognitoIdentityProviderClient", until: float) -> UserPools:
    number, is_more = 0, False
    pages = cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": USER_POOLS_A_CALL})
    for page in islice(pages, MOST_PAGES):
        number, is_more = number + len(page["UserPools"]), bool(page.get("NextToken"))
        if time.monotonic() >= until - 1:
            break
    return UserPools(number, all_counted=not is_more)


def _mail(ses: "SESV2Client") -> Mail:
    account = ses.get_account()
    quota = account.get("SendQuota", {})
    most = quota.get("Max24HourSend", UNLIMITED)
    return Mail(
        in_sandbox=not account["ProductionAccessEnabled"],
        enabled=account["SendingEnabled"],
        standing=account.get("EnforcementStatus", "HEALTHY"),
        most_a_day=None if most == UNLIMITED else most,
        most_a_second=quota.get("MaxSendRate"),
        sent=quota.get("SentLast24Hours", 0.0),
    )


def _verified(ses: "SESV2Client", settings: "Settings") -> bool | None:
    """Ask for the very identity that user pools are told to send by, which is the sender's or one that covers it."""
    try:
        found = ses.get_email_identity(EmailIdentity=identity_name(settings))
    except ClientError as error:
        if not is_code(error, "NotFoundException"):
            raise
        return None
    return found["VerifiedForSendingStatus"]


def identity_name(settings: "Settings") -> str:
    """Return the address or domain by which SES knows the sender."""
    return settings.sender_identity_arn.partition("/")[2] or settings.sender


def _has_trigger(functions: "LambdaClient", arn: str) -> bool:
    try:
        functions.get_function_configuration(FunctionName=arn)
    except ClientError as error:
        if not is_code(error, "ResourceNotFoundException"):
            raise
        return False
    return True


def _at_once(functions: "LambdaClient") -> int:
    return functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]


def _listeners(topics: "SNSClient", topic: str) -> int | None:
    """Count those who have confirmed; a bounded look is enough to know that there is one."""
    if not topic:
        return None
    pages = topics.get_paginator("list_subscriptions_by_topic").paginate(
        TopicArn=topic, PaginationConfig={"MaxItems": MOST_SUBSCRIPTIONS}
    )
    arns = [each.get("SubscriptionArn", "") for page in pages for each in page.get("Subscriptions", [])]
    return sum(arn.startswith("arn:") for arn in arns)
