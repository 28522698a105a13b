"""Session keys: every day the key that challenge sessions are sealed with is followed by another."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.users import session_keys


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Announce the next key, unless one was just now."""
    with reported("another session key"):
        announced = session_keys.rotate(clients(), settings())
    logger.info("session keys", extra={"announced": announced})
