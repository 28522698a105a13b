"""The names of the errors a step can end with: ours, found in the code, and the platform's, agreed in the design."""

from collections.abc import Iterator

from orchestrator.aws.errors import OnboardingError, PermanentError, RetryableError


def _names_below(error: type[OnboardingError]) -> Iterator[str]:
    for subclass in error.__subclasses__():
        yield subclass.__name__
        yield from _names_below(subclass)


RETRYABLE = frozenset(_names_below(RetryableError))
PERMANENT = tuple(sorted(_names_below(PermanentError)))

# What Lambda and Step Functions themselves call a failure that is worth another try.
PLATFORM = frozenset(
    {
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "Sandbox.Timedout",
        "States.Timeout",
    }
)
