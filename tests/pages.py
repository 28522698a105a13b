"""The pages as tests read them: their texts, and the rows of their tables."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
EVENTS = (ROOT / "docs/events.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
PROVIDERS = (ROOT / "docs/identity-providers.md").read_text()
TIERS_PAGE = (ROOT / "docs/tiers.md").read_text()
LIMITS = (ROOT / "docs/limits.md").read_text()
DOCUMENTS = {path.name: path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}


def rows(document: str, heading: str) -> list[list[str]]:
    """Return the cells of each row of the first table with such a heading."""
    after = document.split(f"\n{heading}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in after]


def names(cell: str) -> list[str]:
    """Return what stands in a cell as code."""
    return re.findall(r"`([^`]+)`", cell)


def named(cell: str) -> str:
    """Return the one name that a cell has as code."""
    return cell.strip("`")
