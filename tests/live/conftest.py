"""Tests against a stack on AWS: collected only where somebody names them, so that no ordinary run skips any."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests alone unless the command line names them or their folder."""
    named = (config.invocation_params.dir / argument.split("::")[0] for argument in config.args)
    asked = any(path.resolve().is_relative_to(HERE) for path in named)
    return None if asked else True
