"""A local stack in which few functions may run at once, as in a new AWS account; in other commits' checkouts too."""

from contextlib import AbstractContextManager
from inspect import signature

from orchestrator.local import ministack
from orchestrator.local.stack import LocalStack, local_stack


def small_account(functions: int, wait_scale: float = 0.1) -> AbstractContextManager[LocalStack]:
    """Return a stack that runs so many functions at once, as this commit takes it and as older ones read it."""
    if "concurrent_functions" in signature(local_stack).parameters:
        return local_stack(wait_scale=wait_scale, concurrent_functions=functions)
    ministack.CONCURRENT_FUNCTIONS = functions
    return local_stack(wait_scale=wait_scale)
