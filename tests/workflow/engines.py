"""How each engine is started, reached and stopped."""

import io
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import boto3

from tests.workflow.definition import FUNCTIONS, ROOT, load, steadily_retried
from tests.workflow.engine import LOCAL_CREDENTIALS, LOOPBACK, ROLE, Engine, workflow_on
from tests.workflow.scripted_lambda import ScriptedLambda

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

HERE = Path(__file__).parent
# The time scale of the tests: retries wait this fraction of what the workflow says. Their number is never changed.
BACKOFF_SCALE = 0.01
START_SECONDS = 60.0
STOP_SECONDS = 20.0

MINISTACK = ROOT / ".venv-ministack" / "bin" / "ministack"
MINISTACK_CONCURRENCY = 8
# Below the cap by two: a call that the workflow has given up on may still hold its place.
MINISTACK_AT_ONCE = MINISTACK_CONCURRENCY - 2
# Longer than `HURRIED_SECONDS`, so that the Task times out and not the function.
FUNCTION_TIMEOUT_SECONDS = 4


@contextmanager
def ministack(scripted: ScriptedLambda, directory: Path) -> Iterator[Engine]:
    """MiniStack with real functions, in AWS's Python runtime client, that do what the scripted Lambda tells them."""
    with running_ministack(directory) as endpoint:
        _create_functions(endpoint, scripted)
        with workflow_on("ministack", endpoint, scripted, at_once=MINISTACK_AT_ONCE) as engine:
            yield engine


@contextmanager
def moto(scripted: ScriptedLambda, directory: Path) -> Iterator[Engine]:
    """moto's interpreter, calling the scripted Lambda."""
    command = [sys.executable, str(HERE / "moto_server.py"), _host_and_port(scripted), str(BACKOFF_SCALE)]
    with _process(command, {}, directory, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        port = server.stdout.readline().decode().strip()
        if not port:
            raise RuntimeError(f"moto has not started:\n{_log_of(directory)}")
        with workflow_on("moto", f"http://127.0.0.1:{port}", scripted, at_once=8) as engine:
            yield engine


@contextmanager
def stepfunctions_local(scripted: ScriptedLambda, endpoint: str) -> Iterator[Engine]:
    """AWS Step Functions Local, started by somebody else with the scripted Lambda as its Lambda endpoint.

    Its WAIT_TIME_SCALE leaves retries alone, so here the definition waits one second before each.
    """
    definition = steadily_retried(load())
    with workflow_on("stepfunctions-local", endpoint, scripted, at_once=8, definition=definition) as engine:
        yield engine


@contextmanager
def running_ministack(directory: Path) -> Iterator[str]:
    """Start MiniStack on a free loopback port in a clean environment; yield its endpoint; stop it in the end."""
    if not MINISTACK.exists():
        raise RuntimeError("There is no .venv-ministack: run `make setup`")
    port = _free_port()
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SFN_WAIT_SCALE": str(BACKOFF_SCALE),
        "LAMBDA_ACCOUNT_CONCURRENCY": str(MINISTACK_CONCURRENCY),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    endpoint = f"http://127.0.0.1:{port}"
    with _process([str(MINISTACK)], settings, directory, stdout=subprocess.DEVNULL) as server:
        _await_health(f"{endpoint}/_ministack/health", server, directory)
        yield endpoint


def _create_functions(endpoint: str, scripted: ScriptedLambda) -> None:
    client: LambdaClient = boto3.client("lambda", endpoint_url=endpoint, config=LOOPBACK, **LOCAL_CREDENTIALS)
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
def _process(
    command: list[str], settings: dict[str, str], directory: Path, *, stdout: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a child with nothing of our environment but PATH; end it by its own id."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "TMPDIR": str(directory), **settings}
    with (
        (directory / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, cwd=directory, stdout=stdout, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_health(url: str, server: "subprocess.Popen[bytes]", directory: Path) -> None:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with opener.open(url, timeout=START_SECONDS):
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"MiniStack has not started:\n{_log_of(directory)}")


def _log_of(directory: Path) -> str:
    return (directory / "log").read_text(errors="replace")[-4000:]


def _host_and_port(scripted: ScriptedLambda) -> str:
    return scripted.url.removeprefix("http://")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
