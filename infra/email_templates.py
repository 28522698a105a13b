"""A deployment's own templates of welcome emails: looked at before they are packed, not when the first one is sent."""

from pathlib import Path

from infra import ROOT
from orchestrator.emails.template_check import complaints

KEY = "context emailTemplates"


def mistakes(folder: str) -> list[str]:
    """Return what is wrong with a folder of templates, which may be named by nothing; each in one line."""
    if not folder:
        return []
    if not (ROOT / folder).is_dir():
        return [f"there is no folder {folder} in this repository"]
    return [f"{folder}/{mistake}" for mistake in complaints(ROOT / folder)]


def checked(folder: str) -> Path | None:
    """Return the folder, None if there is none; ends the program with a line for each mistake."""
    if found := mistakes(folder):
        raise SystemExit("\n".join(f"{KEY}: {mistake}" for mistake in found))
    return ROOT / folder if folder else None
