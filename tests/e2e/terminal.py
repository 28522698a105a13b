"""A terminal with a command of ours in it that runs until Ctrl-C, and all that it has printed."""

import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.world import wait_until

SECONDS = 30
START_SECONDS = 300


@dataclass
class Terminal:
    """The command in its terminal, with all that it has printed so far."""

    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def read(self) -> None:
        """Keep what comes until the command ends."""
        self.lines.extend(self.process.stdout or ())

    def found(self, pattern: str) -> list[Any]:
        return re.findall(pattern, self.text, re.MULTILINE)

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.text or self.process.poll() is not None, words, START_SECONDS)
        assert words in self.text, self.text


@contextmanager
def interruptible() -> Iterator[None]:
    """What is started inside takes Ctrl-C, even if these tests run in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def running(command: Sequence[str | Path], folder: Path) -> Iterator[Terminal]:
    """Run a command in a folder for the length of a with block, and end it."""
    with interruptible():
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    terminal = Terminal(process)
    reader = threading.Thread(target=terminal.read)
    reader.start()
    with process:
        try:
            yield terminal
        finally:
            process.terminate()
            reader.join(SECONDS)
