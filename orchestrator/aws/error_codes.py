"""What AWS's error codes and HTTP statuses mean for whoever called, whichever service says so.

Beside each set stands what is the same for all in it; `errors` makes errors of ours of them.
"""

import re

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KMSThrottling",
        "KmsThrottled",
        "KmsThrottlingException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
CONCURRENCY_CODES = frozenset(
    {
        "ConcurrentModificationException",
        "ReplicatedWriteConflictException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
NOT_LET_IN_CODES = frozenset(
    {
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""A clock or new credentials that AWS does not agree with yet: refused before anything was looked at."""
TRANSIENT_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalErrorException",
        "InternalFailure",
        "InternalServerError",
        "InvalidLambdaResponseException",
        "RequestExpired",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "UnexpectedLambdaException",
        "UserLambdaValidationException",
        "UserPoolTaggingException",
    }
)
"""Some services answer so with a 4xx status; the SDK takes new credentials by itself on the next call.

Cognito asks our own trigger, which refuses no user that an administrator makes: it was not reached, or not in time.
"""
QUOTA_CODES = frozenset({"LimitExceededException", "ServiceQuotaExceededException"})
MISSING_CODES = frozenset({"ResourceNotFoundException", "UserNotFoundException"})
FIRST_SERVER_ERROR = 500
WORTH_REPEATING = (408, 413)
"""Time-out of a request, and a request that did not arrive whole."""
TOO_MANY_REQUESTS = 429
A_DAYS_QUOTA = re.compile(r"\bdaily\b.*\bquota\b", re.IGNORECASE)
"""In the message of Amazon SES: its code is that of the rate, which is over in a second."""
