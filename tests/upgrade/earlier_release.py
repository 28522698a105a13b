"""An earlier release as it was deployed: templates and code of commit 3b1e3f1, packed beside this file.

The archive is the cloud assembly that the commit synthesizes with `CONTEXT`, without what no deployment reads. `local`
leaves third-party packages out of the code: there the earlier functions run with this checkout's packages, a few patch
releases newer than those that the commit locks. A later release is to work with what this one has made.

    python -m tests.upgrade.earlier_release

makes the archive anew from this repository's history: the same bytes, as names are sorted and nobody's clock or user
is in it. It takes about a minute and needs the network, as the commit's own packages are installed.
"""

import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from orchestrator.local.ministack import REGION, ROOT
from orchestrator.local.synth import CONTEXT as LOCAL
from orchestrator.local.synth import NODE

COMMIT = "3b1e3f1"
ARCHIVE = Path(__file__).with_name(f"{COMMIT}.tar.xz")
ELSEWHERE = "eu-west-1"
CONTEXT = LOCAL | {"regions": ELSEWHERE}
"""What the commit was told, and what its successor is to be told that goes over it."""
MOMENT = 946_684_800
"""The turn of the millennium: what a zip can tell of a file's time begins in 1980."""
DEPLOYED = ("manifest.json", "*.assets.json", "*.template.json", "asset.*")
"""What of a cloud assembly a deployment reads."""


def unpack(folder: Path, archive: Path = ARCHIVE) -> Path:
    """Write the cloud assembly of the earlier release into a folder; returns the folder."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def pack(assembly: Path, archive: Path) -> None:
    """Write what a deployment reads of a cloud assembly into an archive, the same bytes for the same files."""
    wanted = {path for pattern in DEPLOYED for found in assembly.glob(pattern) for path in (found, *found.rglob("*"))}
    with tarfile.open(archive, "w:xz", preset=9) as packed:
        for path in sorted(each for each in wanted if each.is_file() and "__pycache__" not in each.parts):
            entry = tarfile.TarInfo(str(path.relative_to(assembly)))
            entry.size, entry.mode, entry.mtime = path.stat().st_size, 0o644, MOMENT
            with path.open("rb") as file:
                packed.addfile(entry, file)


def synthesize(checkout: Path, folder: Path) -> None:
    """Let a checkout of the commit, with the packages that it locks, write its cloud assembly into a folder."""
    subprocess.run(["make", "-C", str(checkout), ".venv/.ready"], check=True)
    told = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(CONTEXT), "CDK_DEFAULT_REGION": REGION}
    program = [str(checkout / ".venv/bin/python"), "-m", "infra.app"]
    subprocess.run(program, cwd=checkout, env=os.environ | told | {"JSII_NODE": str(NODE)}, check=True)


def main() -> None:
    """Make the archive anew."""
    with tempfile.TemporaryDirectory() as folder:
        checkout, assembly = Path(folder, "checkout"), Path(folder, "assembly")
        subprocess.run(["git", "worktree", "add", "--detach", str(checkout), COMMIT], cwd=ROOT, check=True)
        try:
            synthesize(checkout, assembly)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(checkout)], cwd=ROOT, check=True)
        pack(assembly, ARCHIVE)


if __name__ == "__main__":
    main()
