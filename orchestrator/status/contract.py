"""The documents that the status API answers with, which `onboard show --json` and `onboard list --json` print too."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.fields import TenantId, Tier
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.names import SignUp

VIEWERS = "viewers"
OPERATORS = "operators"
"""The groups of the operators' user pool: the first may read, the second may act too."""
OPENAPI_PATH = "/openapi.json"
"""The one path that needs no token: it says what there is, and of nobody."""

Status = Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "ABANDONING", "ABANDONED"]
WelcomeEmailStatus = Literal["SENT", "DELAYED", "DELIVERED", "BOUNCED", "REJECTED", "COMPLAINED"]
Command = Literal["retry", "retry --redo", "amend", "abandon", "stop", "resend-welcome", "domains verify"]
StepStatus = Literal["PENDING", "RUNNING", "DONE", "FAILED"]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""UTC with milliseconds."""
Hour = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""UTC, its beginning."""
Number = Annotated[int, Field(ge=0)]
Percent = Annotated[int, Field(ge=0)]
"""In whole percent, rounded down; over 100 where a limit was lowered below what is there."""
Seconds = Annotated[float, Field(ge=0)]


class Failure(Contract):
    """Where and why a tenant FAILED, and what an operator does next."""

    model_config = ConfigDict(extra="allow")

    step: str
    error: str
    message: str
    next_action: str
    """In words; it ends with the command that does it."""
    command: Literal["retry", "amend", "abandon"]
    """What that command does, which is all that is accepted where it is `abandon`."""
    redo: str | None
    """The step that a retry is to do again although it is done, as what it made is gone."""


class StepError(Contract):
    """What went wrong at a step the last time."""

    error: str
    message: str


class Step(Contract):
    """One step of the tenant's way."""

    name: str
    status: StepStatus
    attempts: Number
    started_at: Moment | None
    """When it was tried first; an operator's retry does not change that."""
    finished_at: Moment | None
    duration_seconds: Seconds | None
    """What the try took that finished it."""
    error: StepError | None


class Resources(Contract):
    """What was made for the tenant so far."""

    region: str | None
    user_pool_id: str | None
    app_client_id: str | None
    group_name: str | None
    issuer: str | None
    admin_username: str | None
    domain: str | None
    identity_providers: list[str]


class Routing(Contract):
    """By what the tenant's people find it, reserved until it is COMPLETED."""

    host: str
    tenant_code: str | None
    email_domains: list[str]
    """Those that it claims; each leads to it once that is verified."""


class WelcomeEmail(Contract):
    """What became of the welcome email that was sent last, as far as Amazon SES has told."""

    status: WelcomeEmailStatus
    at: Moment
    reason: str | None
    """Codes of Amazon SES and of the mail server, such as `Permanent General 5.1.1 550`."""
    message_id: str
    password_expires_at: Moment | None
    """When the temporary password that it brought ends, if nobody has signed in by then; null if it brought none."""
    next_action: str | None


class Cause(Contract):
    """Where and why the tenant had FAILED by then."""

    step: str
    error: str


class Action(Contract):
    """What somebody did to the tenant, or the stack by itself."""

    at: Moment
    by: str | None
    """A principal of IAM by its ARN, `operator/` and an id in Cognito, or `reconcile`, which goes on by itself; null if
    nobody told, and once the tenant is ABANDONED."""
    what: str
    """In the words of the command, such as `retry`."""
    attempt: Annotated[int, Field(ge=1)]
    """That it began, or went on with."""
    after: Cause | None
    """The failure that it answers."""


class Onboarding(Contract):
    """All there is to know of a tenant."""

    tenant_id: TenantId
    tenant_name: str
    tier: Tier
    status: Status
    execution_arn: str | None
    requested_at: Moment
    status_changed_at: Moment
    updated_at: Moment
    completed_at: Moment | None
    attempt: Annotated[int, Field(ge=1)]
    steps: list[Step]
    resources: Resources
    routing: Routing
    welcome_email: WelcomeEmail | None
    """Null until one was sent."""
    sign_up: SignUp
    """Who may register with the tenant."""
    metadata: dict[str, str]
    """As the tenant's event has it; empty where it brought none, and once the tenant is ABANDONED."""
    request: dict[str, Any] | None
    """What the tenant's event, as it was amended, asks for, without `admin`, with long texts cut; null once the tenant
    is ABANDONED."""
    actions: list[Action]
    """The last ones, the earliest first."""
    warnings: list[Reason]
    """What is odd about the tenant's event, though it was accepted; each by the field's path."""
    commands: list[Command]
    """What `onboard` accepts for it as it stands; what mends a FAILED one, its `failure` says."""
    failure: Failure | None


class OnboardingRow(Contract):
    """A tenant in a list."""

    tenant_id: TenantId
    tenant_name: str
    tier: Tier
    status: Status
    current_step: str | None
    requested_at: Moment
    status_changed_at: Moment
    updated_at: Moment
    completed_at: Moment | None
    attempt: Annotated[int, Field(ge=1)]
    metadata: dict[str, str]
    failure: Failure | None


class FailureCount(Contract):
    """How many tenants are FAILED with an error at a step."""

    step: str
    error: str
    tenants: Number


class OldestInProgress(Contract):
    """The tenant on its way that has been in its status the longest."""

    tenant_id: TenantId
    status: Status
    since: Moment
    age_seconds: Number


class Durations(Contract):
    """How long the tenants completed last took from their event on, waiting for a retry included."""

    tenants: Number
    p50_seconds: Seconds | None = Field(alias="p50Seconds")
    p95_seconds: Seconds | None = Field(alias="p95Seconds")
    max_seconds: Seconds | None


class Completions(Contract):
    """How many tenants were completed in an hour."""

    hour: Hour
    tenants: Number


class Rejections(Contract):
    """How many events were rejected since a time: so many, or more than that."""

    since: Moment
    events: Number
    more: bool


class Fill(Contract):
    """A counter beside its limit."""

    count: Number
    limit: Number
    percent: Percent


class SharedPool(Contract):
    """A shared user pool, as full as its fullest counter."""

    region: str
    pool_key: str
    status: Literal["OPENING", "OPEN", "CLOSED"]
    user_pool_id: str | None
    percent: Percent
    counters: dict[Literal["groups", "appClients", "identityProviders"], Fill]


class OnboardingSummary(Contract):
    """How all tenants stand."""

    counted_at: Moment
    total: int
    tenants: dict[Status, dict[Tier, int]]
    """By status and tier; each is there, be it 0."""
    failures: list[FailureCount]
    oldest_in_progress: OldestInProgress | None
    durations: Durations
    completions: list[Completions]
    """By hour, the present one last."""
    rejections: Rejections
    shared_pools: list[SharedPool]


class Holder(Contract):
    """Who has what was searched for."""

    kind: Literal["host", "tenantCode", "emailDomain"]
    value: str
    tenant_id: TenantId
    state: str
    """`ACTIVE` if it leads to the tenant; in any other it leads nowhere."""


class OnboardingPage(Contract):
    """Some tenants, and the summary if that was asked for; with `nextCursor` null these are the last."""

    onboardings: list[OnboardingRow]
    holders: list[Holder]
    """Of a search, who has what is searched for as a host, a tenant code or an email domain."""
    next_cursor: str | None
    summary: OnboardingSummary | None


class RetryAccepted(Contract):
    """What a retry did: the attempt that runs now, and whether by a redrive of its execution or a new one."""

    tenant_id: TenantId
    attempt: Annotated[int, Field(ge=1)]
    how: Literal["redriven", "started"]
    message: str


class WelcomeResent(Contract):
    """That the welcome email was sent once more."""

    tenant_id: TenantId
    sent: Literal[True]
    message: str
