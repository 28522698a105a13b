"""The tutorial's commands as written, in a fresh clone in a folder with a space in its name.

What the page asks for besides commands is done, too: to paste what `onboard up` printed, and to sign in twice.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from orchestrator.local.first_sign_in import PASSWORD_LINE
from orchestrator.local.ministack import ROOT
from tests.browser.conftest import browser, chromium
from tests.e2e.terminal import SECONDS, Terminal, running

__all__ = ["browser", "chromium"]

PAGE = (ROOT / "docs/tutorial.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SETUP, UP, *COMMANDS = (block.strip() for language, block in BLOCKS if not language)
SHOWN = {
    "cat examples/events/01-acme.json": '"tenantId": "acme"',
    "onboard emit examples/events/01-acme.json --wait": "COMPLETED",
    "onboard show acme": "acme.app.example",
    "onboard emails": "Temporary password:",
    'onboard emit examples/events/05-taken-subdomain.json --wait || echo "not onboarded"': "not onboarded",
    "onboard rejected": "routing.subdomain",
}
"""What a reader looks for in what each command prints."""
OWN_PASSWORD = "My-own-password-of-20-chars"
SETUP_SECONDS = 900
FOREIGN = re.compile(r"^(AWS_|VIRTUAL_ENV$|PYTHON|PYTEST)")
"""Variables of whoever runs these tests, that a reader's shell does not have."""


@dataclass(frozen=True)
class Reader:
    """Somebody with two terminals in the folder of a clone."""

    folder: Path
    first: Terminal
    exported: str
    """What the first terminal printed to be pasted."""

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in the second terminal, where what was printed has been pasted."""
        return _shell(f"{self.exported}\n{command}", self.folder)

    def found(self, pattern: str) -> str:
        """Return the one thing of this form that the first terminal printed."""
        (only,) = self.first.found(pattern)
        return str(only)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is tracked here, in a folder of its own, set up as the page says."""
    folder = tmp_path_factory.mktemp("a folder with spaces") / "tenant onboarding"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    done = _shell(SETUP, folder, SETUP_SECONDS)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def reader(clone: Path) -> Iterator[Reader]:
    with running(["bash", "-c", f"exec {UP}"], clone) as first:
        first.wait_for("Ctrl-C stops it.")
        yield Reader(clone, first, "\n".join(first.found(r"^  (export .*)$")))


def test_every_command_of_the_page_is_run() -> None:
    assert list(SHOWN) == COMMANDS


def test_the_page_shows_the_event_that_it_sends() -> None:
    (shown,) = (block for language, block in BLOCKS if language == "json")
    assert shown == (ROOT / "examples/events/01-acme.json").read_text()


def test_the_tutorial_leads_from_a_clone_to_a_user_in_the_product(reader: Reader, browser: Browser) -> None:
    printed = {}
    for command in COMMANDS:
        done = reader.run(command)
        printed[command] = done.stdout + done.stderr
        assert done.returncode == 0, printed[command]
        assert SHOWN[command] in printed[command]
    _signs_in(reader, browser, printed["onboard emails"])
    _sees_the_dashboard(reader, browser)
    reader.first.process.send_signal(signal.SIGINT)
    assert reader.first.process.wait(SECONDS) == 0


def _signs_in(reader: Reader, browser: Browser, email: str) -> None:
    """Do what the page says of the product, with what the email says."""
    (address,) = re.findall(r"^To: (\S+)$", email, re.MULTILINE)
    (password,) = PASSWORD_LINE.findall(email)
    page = browser.new_page()
    page.goto(reader.found(r"^Sample product: (\S+/),").replace("SUBDOMAIN", "acme"))
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Welcome to acme")).to_be_visible(timeout=SECONDS * 1000)
    expect(page.locator(".projects li").first).to_contain_text("of acme")
    page.close()


def _sees_the_dashboard(reader: Reader, browser: Browser) -> None:
    """Sign in to the dashboard as the operator, by what was printed, and look for the tenant."""
    page = browser.new_page()
    page.goto(reader.found(r"^Dashboard: '(.*)'$"))
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill("operator@ops.example")
    page.locator("input[name=password]").fill(reader.found(r"^  operator@ops\.example +password (\S+) "))
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("link", name="acme", exact=True).first).to_be_visible(timeout=SECONDS * 1000)
    page.close()


def _shell(command: str, folder: Path, seconds: int = 120) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
