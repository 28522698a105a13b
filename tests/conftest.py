"""What every layer of tests shares."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests import sdk, warm_cdk

pytest_plugins = ["tests.workflow.engine_options"]

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _warm_cdk() -> Iterator[None]:
    """What is synthesized is so by a CDK that stays loaded."""
    with warm_cdk.standing_in():
        yield


@pytest.fixture(scope="session", autouse=True)
def _models() -> Iterator[None]:
    """AWS's models are read once."""
    with sdk.models_read_once():
        yield


def pytest_configure() -> None:
    """Look for garbage less often: a sixth of the time of tests in process went into that."""
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_finish() -> None:
    """Look for none among the tests themselves."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # Any: xdist's own
    """Let files that share a running stack keep together where files do."""
    from tests.schedule import ByStack

    return ByStack(config, log) if config.getoption("dist") == "loadfile" else None
