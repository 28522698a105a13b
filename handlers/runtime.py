"""What every function shares: the logger, and clients and settings made once per execution environment."""

from functools import cache

from aws_lambda_powertools import Logger

from orchestrator.clients import Clients
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
