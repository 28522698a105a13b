"""MiniStack, a local AWS on one loopback port, as a child process with an environment of its own."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".venv-ministack" / "bin" / "ministack"
REGION = "us-east-1"
CONCURRENT_FUNCTIONS = 8
"""MiniStack knows no cap of its own, and a function's process takes about 70 MB."""
START_SECONDS = 60
STOP_SECONDS = 10
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}
"""MiniStack's default account: unsigned calls, such as signing in, fall into it too."""


class LocalStackError(Exception):
    """The local stack cannot run; the message says what to do."""


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class MiniStack:
    """A running MiniStack; a context manager that stops it and removes what it wrote.

    Raises LocalStackError if the port is taken, if it is not installed, or if it does not answer in time.
    """

    def __init__(
        self,
        port: int | None = None,
        *,
        enforce_iam: bool = False,
        wait_scale: float = 0.1,
        concurrent_functions: int = CONCURRENT_FUNCTIONS,
    ) -> None:
        self.port = port or free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="tenant-onboarding-")
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": self._folder.name,
            "TMPDIR": self._folder.name,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "SFN_WAIT_SCALE": str(wait_scale),
            "AUTH": str(enforce_iam).lower(),
            "LAMBDA_ACCOUNT_CONCURRENCY": str(concurrent_functions),
            "LAMBDA_WARM_TTL_SECONDS": "600",
            "MINISTACK_COGNITO_PRETOKEN_STRICT": "1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What MiniStack printed."""
        return Path(self._folder.name) / "ministack.log"

    def __enter__(self) -> Self:
        if not PROGRAM.exists():
            raise LocalStackError("MiniStack is not installed beside this program; run: make setup")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise LocalStackError(f"Port {self.port} is taken; choose another with --port, or leave it out")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own program and arguments
                [PROGRAM], env=self._environment, cwd=self._folder.name, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait_until_healthy(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self, seconds: float | None = None) -> bool:
        """Return once MiniStack has ended by itself, or after so many seconds; tell whether it has ended."""
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return True
            return False
        return True

    def stop(self) -> None:
        """Stop MiniStack and the functions that it started; nothing else. Safe to repeat."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the session that it leads: itself and its functions
        process.wait()
        self._folder.cleanup()

    def _wait_until_healthy(self, process: "subprocess.Popen[bytes]") -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if process.poll() is not None:
                raise LocalStackError(f"MiniStack ended at once:\n{self.log.read_text(errors='replace')[-2000:]}")
            try:
                with direct.open(f"{self.endpoint}/_ministack/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise LocalStackError(f"MiniStack did not answer within {START_SECONDS} s")
