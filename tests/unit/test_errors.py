"""Every AWS error becomes one of the few that the workflow knows, and says whether anything can have happened."""

import inspect
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

from orchestrator import errors
from orchestrator.clients import Clients
from orchestrator.errors import (
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
    *((aws(code), ThrottledError, True) for code in sorted(errors.THROTTLING_CODES)),
    (aws("TooManyRequestsException", 429), ThrottledError, True),
    (aws("ThrottlingException", 503), ThrottledError, True),
    (aws(CANCELLED, 400, "None", "ThrottlingError"), ThrottledError, True),
    (aws(CANCELLED, 400, "ProvisionedThroughputExceeded", "None"), ThrottledError, True),
    *((aws(code), TransientError, True) for code in sorted(errors.CONCURRENCY_CODES)),
    (aws(CANCELLED, 400, "TransactionConflict", "None"), TransientError, True),
    (aws("InternalErrorException", 500), TransientError, False),
    (aws("InternalServerError", 500), TransientError, False),
    (aws("503", 503), TransientError, False),
    *((aws(code), TransientError, False) for code in sorted(errors.TRANSIENT_CODES)),
    (aws("ExpiredTokenException", 403), TransientError, False),
    (aws("RequestTimeout", 408), TransientError, False),
    (aws("Nameless", None), TransientError, False),
    *((aws(code), QuotaExceededError, True) for code in sorted(errors.QUOTA_CODES)),
    *((aws(code, 404), ResourceMissingError, True) for code in sorted(errors.MISSING_CODES)),
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
