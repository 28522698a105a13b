"""A CDK that stays loaded from one synthesis to the next: loading it takes four times as long as they do.

    with standing_in():
        synthesize({"alarms": "false"})

What it writes is what the program of the CDK app would, which `tests/infra/test_warm_cdk.py` compares; what the
program refuses, the program itself is asked about. `python -m tests.warm_cdk` is the process in which it stays.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest import mock

from orchestrator.local import synth
from orchestrator.local.ministack import REGION, ROOT

by_program = synth.write
"""Starts the program of the app, for one synthesis."""


class WarmCdk:
    """The process, started when the first synthesis wants it, and anew when a source has changed since."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._sources = ""

    def write(self, folder: Path, chosen: Mapping[str, str], app: str) -> None:
        """Write the cloud assembly of a CDK app into a folder; raises LocalStackError as the program does."""
        process = self._started()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([str(folder), dict(chosen), app]) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "written\n":
            shutil.rmtree(folder, ignore_errors=True)
            by_program(folder, chosen, app)

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process:
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        sources = synth.fingerprint({}, synth.APP)
        if self._process and (sources != self._sources or self._process.poll() is not None):
            self.stop()
        if not self._process:
            self._sources = sources
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                cwd=ROOT,
                env={"JSII_NODE": str(synth.NODE)} | os.environ | {"CDK_DEFAULT_REGION": REGION},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process


@contextmanager
def standing_in() -> Iterator[None]:
    """Let whatever is synthesized inside the block be so by a CDK that stays loaded."""
    warm = WarmCdk()
    try:
        with mock.patch.object(synth, "write", warm.write):
            yield
    finally:
        warm.stop()


def main() -> None:
    """Synthesize what each line of the input asks for: a folder, the context and the module of an app."""
    import aws_cdk

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    make, context = aws_cdk.App, dict[str, str]()

    def app_of_program(post_cli_context: Mapping[str, str] = MappingProxyType({}), **options: Any) -> aws_cdk.App:
        """Make an app as a program's environment would have it: Node has read its own when it started."""
        told = {"outdir": os.environ["CDK_OUTDIR"], "post_cli_context": context | dict(post_cli_context)}
        return make(**told | options)

    with mock.patch.object(aws_cdk, "App", app_of_program):
        for line in sys.stdin:
            os.environ["CDK_OUTDIR"], context, app = json.loads(line)
            try:
                importlib.import_module(app).main()
            except (Exception, SystemExit) as mistake:
                answers.write(f"{type(mistake).__name__}\n")
            else:
                answers.write("written\n")
            answers.flush()


if __name__ == "__main__":
    main()
