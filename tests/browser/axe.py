"""What axe-core finds on a page, of whatever weight, what it leaves to people, and which of its own rules failed."""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page

FAILED = "error-occurred"
"""The check by which axe says that a rule of its own looked at nothing, among what it could not decide."""
DECIDED = {
    "Element content contains only non-text characters": "a mark beside a word of the same colour, which axe measured",
    "Element's background color could not be determined because it partially overlaps other elements": "a question's "
    "words have the colours of a box's, which axe measured; it takes the page behind for their ground",
}
"""What axe leaves undecided, and why it is right."""


def violations(page: Page) -> list[str]:
    """Return a line for each element that is wrong or that nobody has decided on, and for each rule that failed."""
    found: dict[str, list[dict[str, Any]]] = Axe().run(page).response
    wrong = [f"{each['impact']} {each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]
    return wrong + [line for each in found["incomplete"] for line in _undecided(each)]


def _undecided(rule: dict[str, Any]) -> Iterator[str]:
    for node in rule["nodes"]:
        for check in (*node["any"], *node["all"], *node["none"]):
            if check["id"] == FAILED:
                yield f"{rule['id']} failed: {check['data']['message']}"
            elif check["message"] not in DECIDED:
                yield f"undecided {rule['id']}: {check['message']}: {node['html']}"
