"""Each engine is started once a session; every test that takes `engine` runs on each of those chosen."""

from collections.abc import Iterator

import pytest

from tests.workflow import engines
from tests.workflow.engine import Engine
from tests.workflow.engine_options import chosen_engines
from tests.workflow.scripted_lambda import ScriptedLambda, serve_scripted_lambda


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize `engine` over the engines chosen on the command line."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", chosen_engines(metafunc.config), indirect=True, scope="session")


@pytest.fixture(scope="session")
def scripted_lambda(request: pytest.FixtureRequest) -> Iterator[ScriptedLambda]:
    """The server that plays all Lambda functions."""
    with serve_scripted_lambda(request.config.getoption("--lambda-port")) as scripted:
        yield scripted


@pytest.fixture(scope="session")
def engine(
    request: pytest.FixtureRequest, scripted_lambda: ScriptedLambda, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A Step Functions API that holds the workflow."""
    if request.param == "ministack":
        context = engines.ministack(scripted_lambda)
    elif request.param == "moto":
        context = engines.moto(scripted_lambda, tmp_path_factory.mktemp("moto"))
    else:
        endpoint = request.config.getoption("--engine-endpoint")
        if not endpoint:
            pytest.skip("AWS Step Functions Local runs elsewhere: give --engine-endpoint and --lambda-port")
        context = engines.stepfunctions_local(scripted_lambda, endpoint)
    with context as started:
        yield started
