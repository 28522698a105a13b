"""What axe-core finds on a page, of whatever weight, and which of its own rules failed: those looked at nothing."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page

FAILED = "error-occurred"
"""The check by which axe says so, among what it could not decide."""


def violations(page: Page) -> list[str]:
    """Return a line for each element that is wrong, and for each rule that failed."""
    found: dict[str, list[dict[str, Any]]] = Axe().run(page).response
    wrong = [f"{each['impact']} {each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]
    return wrong + [f"{each['id']} failed: {why}" for each in found["incomplete"] for why in _failures(each)]


def _failures(undecided: dict[str, Any]) -> list[str]:
    checks = [check for node in undecided["nodes"] for check in node["none"] if check["id"] == FAILED]
    return [str(check["data"]["message"]) for check in checks]
