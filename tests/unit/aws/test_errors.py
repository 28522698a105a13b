"""Every AWS error becomes one of the few that the workflow knows, and says whether anything can have happened."""

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.retries.standard import ThrottledRetryableChecker

from orchestrator.aws import error_codes, errors, platform_advice
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import (
    ConfigurationError,
    OnboardingError,
    PermanentError,
    QuotaExceededError,
    ResourceMissingError,
    RetryableError,
    ThrottledError,
    TransientError,
    UnexpectedError,
    cancellation_codes,
    translate,
)


def aws(code: str, status: int | None = 400, *reasons: str) -> ClientError:
    """Return an error as the SDK raises it."""
    response: Any = {"Error": {"Code": code, "Message": f"about {code}"}}
    if status:
        response["ResponseMetadata"] = {"HTTPStatusCode": status}
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "SomeCall")


CANCELLED = "TransactionCanceledException"
TRANSLATIONS: list[tuple[ClientError, type[OnboardingError], bool]] = [
    *((aws(code), ThrottledError, True) for code in sorted(error_codes.THROTTLING_CODES)),
    (aws("TooManyRequestsException", 429), ThrottledError, True),
    (aws("ThrottlingException", 503), ThrottledError, True),
    (aws(CANCELLED, 400, "None", "ThrottlingError"), ThrottledError, True),
    (aws(CANCELLED, 400, "ProvisionedThroughputExceeded", "None"), ThrottledError, True),
    *((aws(code), TransientError, True) for code in sorted(error_codes.CONCURRENCY_CODES)),
    (aws(CANCELLED, 400, "TransactionConflict", "None"), TransientError, True),
    *((aws(code), TransientError, True) for code in sorted(error_codes.NOT_LET_IN_CODES)),
    (aws("InvalidSignatureException", 403), TransientError, True),
    (aws("Nameless", 429), ThrottledError, True),
    (aws("LimitExceededException", 429), QuotaExceededError, True),
    (aws("Nameless", 408), TransientError, False),
    (aws("Nameless", 413), TransientError, False),
    (aws("InternalErrorException", 500), TransientError, False),
    (aws("InternalServerError", 500), TransientError, False),
    (aws("503", 503), TransientError, False),
    *((aws(code), TransientError, False) for code in sorted(error_codes.TRANSIENT_CODES)),
    (aws("ExpiredTokenException", 403), TransientError, False),
    (aws("RequestTimeout", 408), TransientError, False),
    (aws("Nameless", None), TransientError, False),
    *((aws(code), QuotaExceededError, True) for code in sorted(error_codes.QUOTA_CODES)),
    *((aws(code, 404), ResourceMissingError, True) for code in sorted(error_codes.MISSING_CODES)),
    (aws("AccessDeniedException"), ConfigurationError, True),
    (aws("InvalidParameterException"), ConfigurationError, True),
    (aws("NotAuthorizedException"), ConfigurationError, True),
    (aws("MessageRejected"), ConfigurationError, True),
    (aws("ValidationException"), ConfigurationError, True),
    (aws(CANCELLED, 400, "ConditionalCheckFailed", "None"), ConfigurationError, True),
]


@pytest.mark.parametrize(
    ("error", "expected", "settled"),
    TRANSLATIONS,
    ids=[f"{e.response['Error']['Code']}-{t.__name__}" for e, t, _ in TRANSLATIONS],
)
def test_an_answer_of_aws_becomes_one_error_of_ours(
    error: ClientError, expected: type[OnboardingError], settled: bool
) -> None:
    failure = translate(error)
    assert type(failure) is expected
    assert failure.settled is settled
    assert failure.code == error.response["Error"]["Code"]
    assert failure.message == f"SomeCall: about {failure.code}"
    assert failure.next_action


def test_what_the_sdk_takes_for_throttling_is_throttling() -> None:
    """Its own list, of the version that is pinned; a quota on what there may be is none that ends by itself."""
    taken_by_the_sdk: Any = ThrottledRetryableChecker
    assert set(taken_by_the_sdk._THROTTLED_ERROR_CODES) - error_codes.THROTTLING_CODES <= {
        *error_codes.QUOTA_CODES,
        *error_codes.CONCURRENCY_CODES,
    }


def mailing(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendEmail")


@pytest.mark.parametrize("code", ["TooManyRequestsException", "Throttling", "LimitExceededException"])
@pytest.mark.parametrize("message", ["Daily message quota exceeded.", "Daily sending quota exceeded"])
def test_a_days_quota_of_mail_is_no_rate(code: str, message: str) -> None:
    """Amazon SES has one code for both, and of these only one is over before tomorrow."""
    failure = translate(mailing(code, message))
    assert (type(failure), failure.code, failure.settled) == (QuotaExceededError, "DailyMailQuota", True)
    assert "tomorrow" in failure.next_action


def test_the_rate_of_mail_is_throttling() -> None:
    failure = translate(mailing("TooManyRequestsException", "Maximum sending rate exceeded."))
    assert type(failure) is ThrottledError


def test_what_is_refused_while_a_user_pool_is_recovered_says_until_when() -> None:
    failure = translate(aws("OperationNotEnabledException"))
    assert (type(failure), failure.settled) == (ConfigurationError, True)
    assert all(part in failure.next_action for part in ("recover", "within 24 hours", "then retry"))


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="https://cognito"),
        ConnectTimeoutError(endpoint_url="https://cognito"),
        EndpointConnectionError(endpoint_url="https://cognito"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_transient_and_may_have_taken_effect(error: BotoCoreError) -> None:
    failure = translate(error)
    assert type(failure) is TransientError
    assert not failure.settled
    assert failure.code == type(error).__name__


def test_what_the_sdk_refuses_to_send_is_a_defect_that_had_no_effect(clients: Clients) -> None:
    with pytest.raises(ParamValidationError) as refused:
        clients.cognito.create_group(UserPoolId=1, GroupName="acme")  # type: ignore[arg-type]  # the defect
    failure = translate(refused.value)
    assert type(failure) is UnexpectedError
    assert failure.settled


def test_anything_else_is_a_defect_that_may_have_had_an_effect() -> None:
    failure = translate(KeyError("userPoolId"))
    assert type(failure) is UnexpectedError
    assert (failure.settled, failure.code, failure.message) == (False, "KeyError", "KeyError: 'userPoolId'")


def test_an_error_of_ours_stays_itself() -> None:
    error = QuotaExceededError("full")
    assert translate(error) is error


def test_an_answer_without_message_is_named_by_its_code() -> None:
    assert translate(ClientError({"Error": {"Code": "Odd"}}, "SomeCall")).message == "SomeCall: Odd"
    assert translate(ClientError({}, "SomeCall")).code == "Unknown"


CONCRETE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, OnboardingError) and kind not in (OnboardingError, RetryableError, PermanentError)
]


@pytest.mark.parametrize("kind", CONCRETE)
def test_every_error_tells_an_operator_what_to_do(kind: type[OnboardingError]) -> None:
    error = kind("what happened")
    assert error.next_action.endswith(".")
    assert error.code == kind.__name__
    assert kind("x", next_action="Do this.").next_action == "Do this."


ROOT = Path(__file__).parents[3]
OPERATIONS = (ROOT / "docs/operations.md").read_text()
RAISED = {
    str(keyword.value.value)
    for folder in ("orchestrator", "handlers")
    for path in (ROOT / folder).rglob("*.py")
    if "local" not in path.parts
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error")
    for keyword in node.keywords
    if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
}
"""The codes of our own that errors are raised with."""
MATCHED = {
    name
    for path in (ROOT / "state_machines").glob("*.asl.json")
    for state in json.loads(path.read_text())["States"].values()
    for retrier in state.get("Retry", [])
    for name in retrier["ErrorEquals"]
}
"""The errors that the workflows retry, until they end with one."""
KNOWN_BY_NAME = {kind.__name__ for kind in CONCRETE}
PLACES = re.compile(
    r"onboard \w+|console|Dashboard|\blog\b|CloudTrail|AWS Support|Amazon SES|message names|[Dd]eploy|routes table"
)
"""Where to look, or what to run: a command, a console, a log, the message itself."""


def advices() -> dict[str, str]:
    """Return all that an operator can be told to do, by the class or code that it is about."""
    by_class = {name: errors.advice_for(name) for name in (*KNOWN_BY_NAME, *MATCHED, *platform_advice.PLATFORM_ADVICE)}
    by_code = {code: errors.advice_for(TransientError.__name__, code) for code in (*RAISED, *errors.NEXT_ACTIONS)}
    return by_class | by_code | {"anything else": platform_advice.OTHER_ADVICE}


@pytest.mark.parametrize(("about", "advice"), sorted(advices().items()), ids=sorted(advices()))
def test_every_error_names_a_place_to_look_or_a_command(about: str, advice: str) -> None:
    """From a failed tenant to what to do it is one command, `onboard show`: it ends with these words."""
    assert PLACES.search(advice), advice
    assert re.fullmatch(r"[A-Z].*\.", advice)


def test_an_error_that_a_workflow_retries_has_words_of_its_own() -> None:
    assert platform_advice.PLATFORM_ADVICE.keys() >= MATCHED - KNOWN_BY_NAME
    assert {"ThrottledError", "Lambda.Unknown", "States.Timeout"} <= MATCHED


def test_a_code_of_ours_has_words_of_its_own_or_its_raiser_has() -> None:
    """The class alone would send the operator to a message that names nothing."""
    assert {"LeaseHeld", "Settings", "UnknownStep", "SecretUnusable"} <= RAISED
    own = {code for code in RAISED if code not in errors.NEXT_ACTIONS}
    assert own <= {code for code in own if code in with_their_own_words()} | {"UnprocessedKeys"}


def with_their_own_words() -> set[str]:
    """Return the codes that are raised together with what to do."""
    source = "".join(path.read_text() for path in (ROOT / "orchestrator").rglob("*.py"))
    return set(re.findall(r'code="(\w+)",\s+next_action=', source))


def test_the_document_has_every_error_and_every_code() -> None:
    rows = " ".join(line for line in OPERATIONS.splitlines() if line.startswith("| "))
    named = set(re.findall(r"`([\w.]+)`", rows))
    of_the_api_alone = {"UnprocessedKeys"}
    assert KNOWN_BY_NAME | set(platform_advice.PLATFORM_ADVICE) | RAISED - of_the_api_alone <= named


@pytest.mark.parametrize("code", sorted(errors.NEXT_ACTIONS))
def test_a_code_says_what_to_do_whichever_error_bears_it(code: str) -> None:
    assert TransientError("x", code=code).next_action == errors.NEXT_ACTIONS[code]
    assert ConfigurationError("x", code=code, next_action="Do this.").next_action == "Do this."


def test_exactly_throttling_and_transient_errors_are_worth_a_retry() -> None:
    assert {kind for kind in CONCRETE if kind.retryable} == {ThrottledError, TransientError}


def test_the_tree_in_the_docstring_names_every_error() -> None:
    assert errors.__doc__
    assert all(kind.__name__ in errors.__doc__ for kind in [*CONCRETE, RetryableError, PermanentError])


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("MessageRejected", "Amazon SES"),
        ("AccessDeniedException", "role"),
        ("InvalidEmailRoleAccessPolicyException", "sender identity in this Region"),
    ],
)
def test_known_codes_have_an_advice_of_their_own(code: str, names: str) -> None:
    advice = translate(aws(code)).next_action
    assert names in advice
    assert advice != ConfigurationError.advice


def test_the_codes_of_a_cancelled_transaction_keep_their_order() -> None:
    assert cancellation_codes(aws(CANCELLED, 400, "None", "ConditionalCheckFailed")) == [
        "None",
        "ConditionalCheckFailed",
    ]
    assert cancellation_codes(aws("ValidationException")) == []
