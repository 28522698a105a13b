"""A deployment's own templates of welcome emails: looked at before they are packed, not when the first one is sent."""

from pathlib import Path

from orchestrator.welcome.checking import complaints

ROOT = Path(__file__).parent.parent
KEY = "context emailTemplates"


def checked(folder: str) -> Path | None:
    """Return the folder, None if there is none; ends the program with a line for each mistake."""
    if not folder:
        return None
    path = ROOT / folder
    if not path.is_dir():
        raise SystemExit(f"{KEY}: there is no folder {folder} in this repository")
    if mistakes := complaints(path):
        raise SystemExit("\n".join(f"{KEY}: {folder}/{mistake}" for mistake in mistakes))
    return path
