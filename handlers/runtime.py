"""What functions share: the logger, the way errors leave, leases, and clients and settings made once an environment."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from orchestrator.aws.clients import READ_TIMEOUT_SECONDS, Clients
from orchestrator.aws.errors import translate
from orchestrator.aws.settings import Settings
from orchestrator.tenants.ledger import LEASE_MARGIN_SECONDS

logger = Logger(service="tenant-onboarding")
logged = logger.inject_lambda_context(clear_state=True, log_event=False)
"""Lets each line of an invocation bear its request and whether it was a cold start, and nothing of the one before."""


@cache
def clients() -> Clients:
    """Return the AWS clients of this execution environment."""
    return Clients()


@cache
def settings() -> Settings:
    """Return the settings of this execution environment; the logger follows them."""
    chosen = Settings.from_environment()
    logger.setLevel(chosen.log_level)
    return chosen


def lease_until(context: LambdaContext) -> float:
    """Return when a lease may end: after the function's deadline and the last HTTP call that it can have under way."""
    deadline = time.time() + context.get_remaining_time_in_millis() / 1000
    return deadline + READ_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS


@contextmanager
def reported(what: str, **about: str) -> Iterator[None]:
    """Log an error by class and code, and let no more than these leave: an error's text may name people."""
    try:
        yield
    except Exception as error:
        failure = translate(error)
        logger.warning(f"{what} failed", extra=about | {"error": type(failure).__name__, "code": failure.code})
        raise type(failure)(failure.code) from None
