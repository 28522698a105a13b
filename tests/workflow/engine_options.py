"""A pytest plugin: on which engines the workflow's scenarios run.

Without an option they run on MiniStack and on moto. AWS Step Functions Local is started by hand, since it is a download
of its own, and told where the scripted Lambda will listen (loopback only, so a container needs the host's network)::

    export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    java -jar StepFunctionsLocal.jar --lambda-endpoint http://127.0.0.1:9003
    # or
    docker run --network host -e LAMBDA_ENDPOINT=http://127.0.0.1:9003 -e AWS_DEFAULT_REGION -e AWS_ACCESS_KEY_ID \
        -e AWS_SECRET_ACCESS_KEY amazon/aws-stepfunctions-local

    pytest tests/workflow --engine stepfunctions-local --engine-endpoint http://127.0.0.1:8083 --lambda-port 9003
"""

import pytest

DEFAULT_ENGINES = ("ministack", "moto")
STEPFUNCTIONS_LOCAL = "stepfunctions-local"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; a plugin of the top-level conftest, so that they are known whatever is run."""
    group = parser.getgroup("workflow engines")
    group.addoption(
        "--engine",
        action="append",
        choices=[*DEFAULT_ENGINES, STEPFUNCTIONS_LOCAL],
        help=f"run the workflow's scenarios on this engine; may be repeated; default: {' and '.join(DEFAULT_ENGINES)}",
    )
    group.addoption(
        "--engine-endpoint",
        metavar="URL",
        help="where AWS Step Functions Local listens, started with LAMBDA_ENDPOINT=http://127.0.0.1:<lambda-port>",
    )
    group.addoption(
        "--lambda-port",
        type=int,
        default=0,
        metavar="PORT",
        help="loopback port of the scripted Lambda; needed for AWS Step Functions Local; default: a free one",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a run that could not work: Step Functions Local cannot be told a port that is chosen later."""
    asked = STEPFUNCTIONS_LOCAL in chosen_engines(config) and config.getoption("--engine-endpoint")
    if asked and not config.getoption("--lambda-port"):
        raise pytest.UsageError("--engine stepfunctions-local needs --lambda-port, the port in its LAMBDA_ENDPOINT")


def chosen_engines(config: pytest.Config) -> list[str]:
    """Return the engines asked for, or the default ones."""
    return list(dict.fromkeys(config.getoption("--engine") or DEFAULT_ENGINES))
