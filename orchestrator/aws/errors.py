"""Every error an onboarding can end with, and the one place where AWS errors become ours.

Step Functions matches errors by class name and knows no inheritance, so the names are few and part of the workflow::

    OnboardingError
    ├── RetryableError            the workflow tries again by itself
    │   ├── ThrottledError        AWS asked us to slow down; nothing was done
    │   └── TransientError        a time-out, a lost answer, a busy lease, an error inside AWS
    └── PermanentError            the workflow stops; an operator reads `next_action`
        ├── AbandonmentError        something of the tenant must not be removed, or is still there
        ├── AmbiguousResourceError  several resources could be the tenant's; we never guess
        ├── ConfigurationError      AWS refuses what the stack or its settings ask for
        ├── PlacementRaisedError    the tenant is being removed, and with it what was made
        ├── QuotaExceededError      an AWS quota is used up
        ├── ResourceMissingError    a finished step's resource is gone
        ├── SupersededError         a newer attempt has taken over
        ├── TenantConflictError     a resource of that name belongs to another tenant
        ├── TenantNotLiveError      the tenant is suspended, or not live for another reason
        └── UnexpectedError         a defect in this program
"""

from traceback import extract_tb
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from orchestrator.aws.error_codes import (
    A_DAYS_QUOTA,
    CONCURRENCY_CODES,
    FIRST_SERVER_ERROR,
    MISSING_CODES,
    NOT_LET_IN_CODES,
    QUOTA_CODES,
    THROTTLING_CODES,
    TOO_MANY_REQUESTS,
    TRANSIENT_CODES,
    WORTH_REPEATING,
)
from orchestrator.aws.platform_advice import OTHER_ADVICE, PLATFORM_ADVICE

DAILY_MAIL_QUOTA = "DailyMailQuota"
NOT_SEEN_YET = "NotSeenYet"
"""AWS says that something is there and does not show it: a read lags behind a create, for a while."""
LONGEST_MESSAGE = 2000
Command = Literal["retry", "amend", "abandon"]
"""What lets a tenant that FAILED go on, as it is or with another request, and what undoes it."""


class OnboardingError(Exception):
    """An error whose class name, code and message an operator can act on.

    Attributes:
        message: what happened, readable; may name addresses, so it is kept in the tenant record only.
        code: the AWS error code behind it, or the class name.
        settled: AWS answered and did nothing, so a repeat need not look for a lost effect first.
        next_action: what an operator does about it, without a command.
        command: what mends it, where that is not the one that was running.
        redo: the step that a retry is to do again although it is done.

    """

    retryable = False
    advice = ""
    command: "Command | None" = None
    redo = ""

    def __init__(self, message: str, *, code: str = "", settled: bool = True, next_action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).__name__
        self.settled = settled
        self.next_action = next_action or NEXT_ACTIONS.get(self.code) or self.advice

    def account(self) -> dict[str, str | bool]:
        """Return what is written down of the error; without a command or a step to redo where it names none."""
        named = {"command": self.command or "", "redo": self.redo}
        return {
            "type": type(self).__name__,
            "code": self.code,
            "message": self.message[:LONGEST_MESSAGE],
            "nextAction": self.next_action,
            "retryable": self.retryable,
            **{name: value for name, value in named.items() if value},
        }


class RetryableError(OnboardingError):
    """Trying again may help; the workflow does so by itself."""

    retryable = True


class ThrottledError(RetryableError):
    """AWS asked us to slow down and did nothing."""

    advice = (
        "AWS throttled the call for longer than the workflow's own retries last. Retry in a few minutes; if it comes"
        " again, see in the Service Quotas console what else uses the quota up."
    )


class TransientError(RetryableError):
    """A time-out, a lost answer, an error inside AWS, or another invocation still at work."""

    advice = "AWS did not answer or failed for a while. Check the AWS Health Dashboard, then retry."


class PermanentError(OnboardingError):
    """Trying again changes nothing until somebody changes the cause."""


class AbandonmentError(PermanentError):
    """Something of a tenant that is abandoned must not be removed, or is still there after all was removed."""

    advice = "Look at what the message names, settle it, then abandon the tenant again."


class AmbiguousResourceError(PermanentError):
    """Several resources could be the one that a lost answer left behind."""

    advice = "Look at the resources that the message names, delete all but one that belongs to the tenant, then retry."


class ConfigurationError(PermanentError):
    """AWS refuses what the stack or its settings ask for."""

    advice = "Correct the setting, permission or AWS resource that the message names, then retry."


class PlacementRaisedError(PermanentError):
    """The tenant is being removed since the work began: it is given up, and what it made is the remover's."""

    advice = (
        "The tenant that the message names is being removed, and with it what this had made. There is nothing to do."
    )


class QuotaExceededError(PermanentError):
    """An AWS quota is used up."""

    advice = "Ask for a higher quota in the Service Quotas console or free some of it, then retry."


class ResourceMissingError(PermanentError):
    """The resource of a finished step is gone."""

    advice = (
        "Something that the step needs was deleted outside the workflow: what the message names, or a table, a bus or a"
        " secret. Restore it, then retry."
    )


class SupersededError(PermanentError):
    """A newer attempt has taken over this tenant; this one must do nothing more."""

    advice = "A newer attempt of this tenant has taken over. If the Step Functions console shows none that runs, retry."


class TenantConflictError(PermanentError):
    """A resource of the deterministic name exists and belongs to somebody else."""

    advice = "Find out who made the resource that the message names, remove or rename it, then retry."


class TenantNotLiveError(PermanentError):
    """The tenant is in a status in which this must not be done; it goes on once the tenant is live again."""

    advice = "It goes on by itself once the tenant that the message names is live again. There is nothing to do."


class UnexpectedError(PermanentError):
    """A defect in this program."""

    advice = "This is a defect in the orchestrator. Report it with the step's log lines; after a fix, retry."


NEXT_ACTIONS = {
    # SES says so for an unverified sender, and in its sandbox for an unverified recipient.
    "MessageRejected": (
        "Verify in Amazon SES the identities that the message names (in the sandbox that includes the recipient),"
        " then retry."
    ),
    "InvalidEmailRoleAccessPolicyException": (
        "Verify in Amazon SES the sender identity in this Region before the first tenant, then retry."
    ),
    "MailFromDomainNotVerifiedException": "Verify the MAIL FROM domain of the sender in Amazon SES, then retry.",
    "AccountSuspendedException": "Amazon SES suspended this account. Resolve it with AWS Support, then retry.",
    "SendingPausedException": "Sending is paused in Amazon SES. Resume it, then retry.",
    DAILY_MAIL_QUOTA: (
        "Amazon SES sends no more emails of this account until those of the last 24 hours are fewer. Ask for a higher"
        " sending quota in the Amazon SES console, or wait until tomorrow, then retry."
    ),
    "OperationNotEnabledException": (
        "Amazon Cognito takes no such call for this user pool at present: it is being recovered to an earlier point in"
        " time, which is over within 24 hours, or it is a replica. The Amazon Cognito console shows which, and since"
        " when. Wait until the recovery is over, then retry."
    ),
    **dict.fromkeys(
        sorted(NOT_LET_IN_CODES),
        "AWS did not take the function's signature or credentials, which as a rule is over within minutes. Then retry;"
        " if it comes again, look at the function's role in the IAM console.",
    ),
    "AccessDeniedException": (
        "Grant the function's role the action that the message names (where it names none, CloudTrail does),"
        " then retry."
    ),
    # EventBridge says so of an event that it will not take.
    "NotAuthorizedForSourceException": (
        "The event bus does not take events of this source. Name one that it takes, or correct its policy in the"
        " EventBridge console, then retry."
    ),
    "NotAuthorizedForDetailTypeException": (
        "Let the policies of the event bus and of the caller allow the type that the message names, then retry."
    ),
    "MalformedDetail": (
        "Emit one JSON object, as the event's schema describes it. If the event is one of the orchestrator's own,"
        " report this defect with the function's log lines."
    ),
    "RedactionFailure": "EventBridge could not redact the event for CloudTrail. Ask AWS Support, then retry.",
    # Our own.
    "DomainStillThere": (
        "Cognito takes its time to remove the user pool's domain. Wait until its console shows none, then abandon the"
        " tenant again."
    ),
    "LeaseHeld": (
        "An earlier invocation may still be at work; its lease ends within a minute. Then retry; if it comes again,"
        " read the log of the step's function."
    ),
    "LeaseLost": "Another invocation was faster. Retry; if it comes again, read the log of the step's function.",
    "LimitsTooSmall": "Raise identityProvidersPerPool and deploy the stack anew, then retry.",
    NOT_SEEN_YET: (
        "AWS says that what the message names is there, and does not show it yet. Retry in a few minutes; if it comes"
        " again, look in the console of Amazon Cognito for who else has that name, settle it, then retry."
    ),
    "NotDoneYet": (
        "The step did not come to its end in as many tries as the workflow gives it; each went on where the one before"
        " stopped. Retry, and it goes on there; if it comes again, read the log of the step's function."
    ),
    "MalformedRequest": "CloudTrail says who put this on the queue of proof_requests. Discard the message.",
    "PoolFull": "Shared user pools fill up faster than places are taken. Read the log of capacity, then retry.",
    "ProofChanged": "This is tried again by itself. If it comes again, read the log of proof_requests.",
    "RecordChanged": "Another invocation was faster. Retry; if it comes again, read the log of the step's function.",
    "Settings": (
        "Read in the log of the step's function which settings are missing or wrong, deploy the stack anew, then retry."
    ),
    "SessionKeys": "Read the log of session_keys, mend what it says, and invoke that function.",
    "TenantMoves": (
        "Others change the tenant again and again. This is tried again by itself; if it comes again, read the log of"
        " reconcile."
    ),
    "UnknownStep": "Deploy workflow and functions of one version, then retry.",
    "UserChanged": "Whoever clicked may click again. If it comes again, read the log of proofs.",
    "UsersThere": (
        "The register has people of the tenant already, of an earlier try or of an admin who was replaced. Retry; if it"
        " comes again, read the log of the step's function."
    ),
}
"""By the code of an error, where more can be said than for its class."""


def translate(error: Exception) -> OnboardingError:
    """Return the error of ours that stands for `error`; never raises.

    A call counts as settled when AWS answered with a client error (4xx): then it did nothing. Time-outs, lost
    connections, server errors and what TRANSIENT_CODES names may have taken effect.
    """
    if isinstance(error, OnboardingError):
        return error
    if isinstance(error, ClientError):
        return _translate_client_error(error)
    if isinstance(error, ParamValidationError):  # the SDK itself refused; nothing was sent
        return UnexpectedError(f"{type(error).__name__}: {error}", code=type(error).__name__)
    if isinstance(error, BotoCoreError):
        return TransientError(f"{type(error).__name__}: {error}", code=type(error).__name__, settled=False)
    return UnexpectedError(f"{type(error).__name__}: {error}", code=type(error).__name__, settled=False)


def _translate_client_error(error: ClientError) -> OnboardingError:
    code = error.response.get("Error", {}).get("Code", "Unknown")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", FIRST_SERVER_ERROR)
    message = f"{error.operation_name}: {error.response.get('Error', {}).get('Message') or code}"
    if code in THROTTLING_CODES | QUOTA_CODES and A_DAYS_QUOTA.search(message):
        return QuotaExceededError(message, code=DAILY_MAIL_QUOTA)
    kind, settled = _meaning(code, status, set(cancellation_codes(error)))
    return kind(message, code=code, settled=settled)


def _meaning(code: str, status: int, reasons: set[str]) -> tuple[type[OnboardingError], bool]:
    """Return the error of ours for what AWS answered, and whether it did nothing for sure."""
    throttled = code in THROTTLING_CODES or (status == TOO_MANY_REQUESTS and code not in QUOTA_CODES)
    if throttled or reasons & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return ThrottledError, True
    if code in CONCURRENCY_CODES | NOT_LET_IN_CODES or "TransactionConflict" in reasons:
        return TransientError, True
    if status >= FIRST_SERVER_ERROR or status in WORTH_REPEATING or code in TRANSIENT_CODES:
        return TransientError, False
    if code in QUOTA_CODES:
        return QuotaExceededError, True
    return ResourceMissingError if code in MISSING_CODES else ConfigurationError, True


def cancellation_codes(error: ClientError) -> list[str]:
    """Return the code of each action of a cancelled DynamoDB transaction, in order; empty for another error."""
    reasons = error.response.get("CancellationReasons", [])
    return [reason.get("Code", "None") for reason in reasons]


def advice_for(error: str, code: str = "") -> str:
    """Return what to do about an error of which only its class and perhaps its code are known."""
    ours = {kind.__name__: kind.advice for kind in (*RetryableError.__subclasses__(), *PermanentError.__subclasses__())}
    return NEXT_ACTIONS.get(code) or (PLATFORM_ADVICE | ours).get(error, OTHER_ADVICE)


def places(error: BaseException) -> list[str]:
    """Return the places in the code that an error came through: no values, so nothing personal."""
    return [f"{frame.name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
