"""The dashboard's page as it is served: what a browser loads of it is one script, made of all its modules.

Each file that a page loads is a request, and each request runs a function. The modules stay as they are: nobody needs
more than a browser to read them.
"""

import shutil
import subprocess
from pathlib import Path

from infra import NODE, ROOT

SOURCE = ROOT / "dashboard"
MAIN = "main.js"
AS_THEY_ARE = ("index.html", "dashboard.css", "icon.svg", "start.js")
LICENCES = "vendor/*/LICENSE*"
LOCK = ROOT / "requirements" / "esbuild" / "package-lock.json"
ESBUILD = ROOT / ".cache" / "esbuild"
OPTIONS = ("--bundle", "--format=esm", "--charset=utf8", "--legal-comments=eof", "--log-level=warning")


def check(folder: Path = ESBUILD) -> None:
    """End the program with one line unless the bundler is there that the lock names."""
    if not (folder / ".ready").exists():
        raise SystemExit(f"{folder} does not hold what makes one script of the dashboard's modules: run `make setup`")
    if (folder / LOCK.name).read_bytes() != LOCK.read_bytes():
        raise SystemExit(f"{folder} holds what another {LOCK.name} names than is there now: run `make setup`")


def fill(folder: Path) -> None:
    """Put the page into a folder, which it makes; from the same sources it is the same, byte by byte.

    Ends the program if a module does not parse, or imports what is not there.
    """
    folder.mkdir()
    for name in AS_THEY_ARE:
        shutil.copyfile(SOURCE / name, folder / name)
    (folder / MAIN).write_bytes(_bundled() + _licences().encode())


def _bundled() -> bytes:
    esbuild = ESBUILD / "node_modules" / "esbuild" / "bin" / "esbuild"
    program = [str(NODE), str(esbuild), f"{SOURCE.name}/{MAIN}", *OPTIONS]
    done = subprocess.run(program, cwd=ROOT, stdout=subprocess.PIPE, check=False)  # noqa: S603  # our own program
    if done.returncode:
        raise SystemExit(f"{SOURCE.name}/{MAIN} and what it imports make no script: see above")
    return done.stdout


def _licences() -> str:
    """Return the licences of others' modules, which ask to be in every copy."""
    texts = {file.parent.name: file.read_text(encoding="utf-8").strip() for file in sorted(SOURCE.glob(LICENCES))}
    return "".join(f"/*!\n{name}\n\n{text}\n*/\n" for name, text in texts.items())
