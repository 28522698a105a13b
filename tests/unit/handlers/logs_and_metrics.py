"""What functions log and count, as it is written."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from handlers import runtime

Told = list[tuple[str, dict[str, str], float]]
"""Name, dimensions and value of each metric, once for each set of dimensions."""


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """What the functions log, as it is written."""
    lines: list[dict[str, Any]] = []
    formatter = cast("logging.Formatter", runtime.logger.registered_formatter)

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(formatter.format(record)))

    kept = Kept()
    logger = logging.getLogger("tenant-onboarding")
    logger.addHandler(kept)
    yield lines
    logger.removeHandler(kept)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], Told]:
    """Return what was counted since this was asked last."""

    def told() -> Told:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        return [each for line in lines if "_aws" in line for each in of_line(line)]

    return told


def of_line(line: dict[str, Any]) -> Told:
    """Return what CloudWatch takes from a line in its embedded metric format."""
    [described] = line["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "TenantOnboarding"
    return [
        (metric["Name"], {name: line[name] for name in names}, line[metric["Name"]][0])
        for metric in described["Metrics"]
        for names in described["Dimensions"]
    ]
