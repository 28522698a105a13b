"""What every layer of tests shares."""

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # Any: xdist's own
    """Let files that share a running stack keep together where files do."""
    from tests.schedule import ByStack

    return ByStack(config, log) if config.getoption("dist") == "loadfile" else None
