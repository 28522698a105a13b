"""What the functions of the sign-in path share: somebody waits for them, so nothing here is slow to import."""

import os

from aws_lambda_powertools import Logger

logger = Logger(service="tenant-onboarding", level=os.environ.get("ONBOARDING_LOG_LEVEL", "INFO"))
FOR_A_SNAPSHOT = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
"""Whether all environments will begin with the memory of this one: what takes time to make is made at once, then."""
