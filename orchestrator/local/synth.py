"""Synthesis for the local stack, kept until a source changes: it takes seconds, deploying a fraction of one."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from orchestrator.local.ministack import ROOT, LocalStackError

SOURCES = ("handlers", "infra", "orchestrator", "state_machines", "requirements", "pyproject.toml")
CACHE = ROOT / ".cache" / "synth"
STACK_NAME = "TenantOnboarding"
AUTH_FLOWS = "ALLOW_USER_SRP_AUTH,ALLOW_USER_PASSWORD_AUTH,ALLOW_REFRESH_TOKEN_AUTH"
CONTEXT = {"local": "true", "authFlows": AUTH_FLOWS, "inDoubtWaitSeconds": "0.5"}


def synthesize(context: dict[str, str] | None = None) -> Path:
    """Return the folder of the synthesized cloud assembly; raises LocalStackError with what the CDK app printed."""
    chosen = CONTEXT | (context or {})
    folder = CACHE / _fingerprint(chosen)
    if (folder / "manifest.json").exists():
        return folder
    shutil.rmtree(CACHE, ignore_errors=True)
    unfinished = folder.with_suffix(f".{os.getpid()}")
    environment = os.environ | {"CDK_OUTDIR": str(unfinished), "CDK_CONTEXT_JSON": json.dumps(chosen)}
    app = [sys.executable, "-m", "infra.app"]
    done = subprocess.run(app, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own program
    if done.returncode:
        raise LocalStackError(f"Synthesis failed:\n{done.stderr[-4000:]}")
    unfinished.rename(folder)
    return folder


def _fingerprint(context: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps([context, sys.version], sort_keys=True).encode())
    for source in SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
