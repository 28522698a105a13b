"""What functions share: the logger, the way errors leave, and clients and settings made once an environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from aws_lambda_powertools import Logger

from orchestrator.clients import Clients
from orchestrator.errors import translate
from orchestrator.settings import Settings

logger = Logger(service="tenant-onboarding")


@cache
def clients() -> Clients:
    """Return the AWS clients of this execution environment."""
    return Clients()


@cache
def settings() -> Settings:
    """Return the settings of this execution environment."""
    return Settings.from_environment()


@contextmanager
def reported(what: str, **about: str) -> Iterator[None]:
    """Log an error by class and code, and let no more than these leave: an error's text may name people."""
    try:
        yield
    except Exception as error:
        failure = translate(error)
        logger.warning(f"{what} failed", extra=about | {"error": type(failure).__name__, "code": failure.code})
        raise type(failure)(failure.code) from None
