"""Counts what a first visit to the dashboard asks for: `python -m benchmarks.first_visit`.

Chromium opens the dashboard of a local stack in which two functions may run at once. Prints how often the page's
function ran until somebody could sign in, and how often functions could not run as too many did. With `--against REV`
another commit's takes turns, and ratios are printed.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks import against
from benchmarks.small_account import small_account

FUNCTIONS = 2
SETTLED_SECONDS = 10
"""After the page is there: what it asks for behind that counts too."""


def main() -> int:
    """Count, here and in the other commit's checkout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    against.add_option(parser)
    chosen = parser.parse_args()
    if chosen.json:
        print(json.dumps(visit()))
        return 0
    with against.sides(chosen.against) as compared:
        print(*against.lines("first visit", against.medians(compared, _visit_in), ("requests",)), sep="\n")
    return 0


def _visit_in(root: Path) -> against.Figures:
    against.carry(root, "small_account", "first_visit")
    figures: dict[str, float] = json.loads(against.run(root, "-m", "benchmarks.first_visit", "--json"))
    return figures


def visit() -> dict[str, float]:
    """Return the requests of one visit and how many were throttled, by the answers that the browser saw."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        small_account(FUNCTIONS) as stack,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"]) as browser,
    ):
        page, answers = browser.new_page(), list[int]()
        page.on("response", lambda answer: answers.append(answer.status))
        page.goto(stack.dashboard_url)
        until = time.monotonic() + SETTLED_SECONDS
        while time.monotonic() < until:
            page.wait_for_timeout(100)
        return {"requests": len(answers), "throttled": sum(status >= 400 for status in answers)}  # noqa: PLR2004  # HTTP


if __name__ == "__main__":
    sys.exit(main())
