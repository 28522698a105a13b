"""How each engine is started, reached and stopped."""

import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from orchestrator.local.ministack import CONCURRENT_FUNCTIONS, MiniStack, free_port
from tests.workflow.definition import FUNCTIONS, steadily_retried
from tests.workflow.engine import LOOPBACK, ROLE, Engine, local_session, workflow_on
from tests.workflow.scripted_lambda import ScriptedLambda

HERE = Path(__file__).parent
# The time scale of the tests: retries wait this fraction of what the workflow says. Their number is never changed.
BACKOFF_SCALE = 0.01
START_SECONDS = 60.0
STOP_SECONDS = 20.0

# Below the cap by two: a call that the workflow has given up on may still hold its place.
MINISTACK_AT_ONCE = CONCURRENT_FUNCTIONS - 2
# Longer than `HURRIED_SECONDS`, so that the Task times out and not the function.
FUNCTION_TIMEOUT_SECONDS = 5


@contextmanager
def ministack(scripted: ScriptedLambda) -> Iterator[Engine]:
    """MiniStack with real functions, in AWS's Python runtime client, that do what the scripted Lambda tells them."""
    with MiniStack(wait_scale=BACKOFF_SCALE) as local:
        _create_functions(local.endpoint, scripted)
        with workflow_on("ministack", local.endpoint, scripted, at_once=MINISTACK_AT_ONCE) as engine:
            yield engine


@contextmanager
def moto(scripted: ScriptedLambda, directory: Path) -> Iterator[Engine]:
    """moto's interpreter, calling the scripted Lambda."""
    port = free_port()
    command = [sys.executable, str(HERE / "moto_server.py"), _host_and_port(scripted), str(BACKOFF_SCALE)]
    endpoint = f"http://127.0.0.1:{port}"
    with (
        _server(command, {"MOTO_PORT": str(port)}, directory, health=f"{endpoint}/moto-api/"),
        workflow_on("moto", endpoint, scripted, at_once=8) as engine,
    ):
        yield engine


@contextmanager
def stepfunctions_local(scripted: ScriptedLambda, endpoint: str) -> Iterator[Engine]:
    """AWS Step Functions Local, started by somebody else with the scripted Lambda as its Lambda endpoint.

    Its WAIT_TIME_SCALE leaves retries alone, so here the definition waits one second before each.
    """
    with workflow_on("stepfunctions-local", endpoint, scripted, at_once=8, adapt=steadily_retried) as engine:
        yield engine


def _create_functions(endpoint: str, scripted: ScriptedLambda) -> None:
    client = local_session().client("lambda", endpoint_url=endpoint, config=LOOPBACK)
    for name in FUNCTIONS.values():
        client.create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="ministack_function.handler",
            Role=ROLE,
            Code={"ZipFile": _function_code()},
            Timeout=FUNCTION_TIMEOUT_SECONDS,
            Environment={"Variables": {"SCRIPTED_LAMBDA": _host_and_port(scripted)}},
        )
    for name in FUNCTIONS.values():
        waiter = client.get_waiter("function_active_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": int(START_SECONDS)})
    client.close()


def _function_code() -> bytes:
    """Return a package whose bootstrap runs AWS's Python runtime client from this environment."""
    bootstrap = zipfile.ZipInfo("bootstrap")
    bootstrap.external_attr = 0o755 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(bootstrap, f'#!/bin/sh\nexec "{sys.executable}" -m awslambdaric "$_HANDLER"\n')
        package.write(HERE / "ministack_function.py", "ministack_function.py")
    return buffer.getvalue()


@contextmanager
def _server(command: list[str], settings: dict[str, str], directory: Path, *, health: str) -> Iterator[None]:
    """Run a child with nothing of our environment but PATH until it is healthy; end it by its own id."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "TMPDIR": str(directory), **settings}
    log = directory / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, cwd=directory, stdout=output, stderr=output) as process,
    ):
        try:
            if not _becomes_healthy(health, process):
                raise RuntimeError(f"{command[0]} has not started:\n{log.read_text(errors='replace')[-4000:]}")
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _becomes_healthy(url: str, process: "subprocess.Popen[bytes]") -> bool:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(url, timeout=START_SECONDS):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def _host_and_port(scripted: ScriptedLambda) -> str:
    return scripted.url.removeprefix("http://")
