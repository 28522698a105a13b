"""Starts a function with one of its protections switched off: `unprotected.py PROTECTION HANDLER`, for control only."""

import os
import runpy
import sys
from typing import Any

sys.path[0] = os.getcwd()  # the code asset, as with -m


def sdk_retries() -> None:
    """The SDK repeats creates without a natural key, as it does by default."""
    from orchestrator.aws import clients

    clients.ONCE = clients.RETRYING


def no_look() -> None:
    """In doubt a step creates at once, without looking for what a lost answer left behind."""
    from orchestrator.identity import lost_answers

    def create(**arguments: Any) -> Any:
        return arguments["create"]()

    lost_answers.find_or_create = create


def no_lease() -> None:
    """A step begins although another invocation may still be inside it."""
    from orchestrator.aws.dynamodb import Change

    require = Change.require

    def without_lease(self: Change, condition: str, *operands: object) -> Change:
        return self if "leaseUntil" in condition else require(self, condition, *operands)

    Change.require = without_lease  # type: ignore[method-assign, assignment]  # that is the point


if __name__ == "__main__":
    {each.__name__: each for each in (sdk_retries, no_look, no_lease)}[sys.argv[1]]()
    sys.argv = ["awslambdaric", sys.argv[2]]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
