"""The commands of tutorial and README as written, in a fresh clone in a folder with a space in its name.

What the tutorial asks for besides commands is done, too: to paste what `onboard up` printed, and to sign in twice.
"""

import os
import re
import shutil
import signal
import subprocess
import time
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
SHOWN = [
    ("cat examples/events/01-acme.json", '"tenantId": "acme"'),
    ("onboard emit examples/events/01-acme.json --wait", "COMPLETED"),
    ("onboard show acme", "acme.app.example"),
    ("onboard emails", "Temporary password:"),
    ("onboard users invite acme colleague@acme.example --role auditor", "is invited to acme, as auditor"),
    ("onboard emails", "#action=confirm"),
    ('onboard emit examples/events/05-taken-subdomain.json --wait || echo "not onboarded"', "not onboarded"),
    ("onboard rejected", "routing.subdomain"),
]
"""What a reader looks for in what each command prints."""
README = (ROOT / "README.md").read_text()
OF_THE_README = {
    "onboard list": ("onboard list", 0, "acme"),
    "onboard show ID": ("onboard show acme", 0, "acme.app.example"),
    "onboard watch": ("onboard watch", 0, "acme"),
    "onboard resolve": ("onboard resolve --subdomain acme", 0, "acme"),
    "onboard emit FILE...": ("onboard emit examples/events/01-acme.json --wait", 0, "acme is COMPLETED"),
    "onboard listen": ("onboard listen & sleep 5; kill -INT $!; wait $!", 130, "Listening."),
    "onboard schema": ("onboard schema", 0, '"$schema"'),
    "onboard preview-email": ("onboard preview-email", 0, "Temporary password:"),
    "onboard retry ID...": ("onboard retry acme", 1, "only a FAILED tenant can be retried"),
    "onboard amend ID FILE": (
        "onboard amend acme examples/events/01-acme.json",
        1,
        "only a FAILED tenant can be amended",
    ),
    "onboard abandon ID": ("onboard abandon acme --dry-run", 1, "a tenant that went live is never abandoned"),
    "onboard stop ID": ("onboard stop acme", 1, "is COMPLETED; nothing runs for it"),
    "onboard resend-welcome ID": ("onboard resend-welcome acme", 1, "its admin has signed in already"),
    "onboard rejected": ("onboard rejected", 0, "routing.subdomain"),
    "onboard dlq": ("onboard dlq", 0, "intake: none"),
    "onboard replay --since TIME --until TIME": ("onboard replay --since 2h --until 1h --yes", 1, "archive"),
    "onboard doctor": ("onboard doctor", 0, "sender-identity"),
    "onboard converge": ("onboard converge --dry-run", 0, "0 would be changed, 4 as they should be"),
    "onboard pools": ("onboard pools", 0, "shared-001"),
    "onboard users": ("onboard users show acme founder@holding.example", 0, "ACTIVE"),
    "onboard domains": ("onboard domains", 0, "acme.example"),
    "onboard operators": ("onboard operators list", 0, "operator@ops.example"),
    "onboard token EMAIL": ("onboard token operator@ops.example < password", 0, "eyJ"),
    "onboard up": (UP, 0, ""),
    "onboard emails": ("onboard emails", 0, "Temporary password:"),
    "onboard demo": ("make demo", 0, "the retry did no finished step again"),
}
"""Each command of the README's tables as it is run beside the tutorial's stack, how it ends and what it says."""
RUN_ELSEWHERE = {
    "make diff STAGE=dev\nmake deploy STAGE=dev": "tests/e2e/test_deploy.py, which has an empty account for it",
    ".venv/bin/onboard up": "the tutorial, with the sample product",
}
"""Blocks of the README whose commands are not run for it, each with where they are."""
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
    assert [command for command, _ in SHOWN] == COMMANDS


def test_the_page_shows_the_event_that_it_sends() -> None:
    (shown,) = (block for language, block in BLOCKS if language == "json")
    assert shown == (ROOT / "examples/events/01-acme.json").read_text()


def test_the_tutorial_leads_from_a_clone_to_a_user_in_the_product(reader: Reader, browser: Browser) -> None:
    printed = [_looked_for(reader, command, shown) for command, shown in SHOWN]
    welcome, invitation = (printed[place] for place, (command, _) in enumerate(SHOWN) if command == "onboard emails")
    _signs_in(reader, browser, welcome)
    _joins(reader, browser, invitation)
    _sees_the_dashboard(reader, browser)


def test_every_command_of_the_readme_is_run() -> None:
    tables = re.findall(r"^\| `(onboard [^`]+)` \|", README, re.MULTILINE)
    assert tables == list(OF_THE_README)
    blocks = [block.strip() for block in re.findall(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)]
    commands = {block for block in blocks if re.match(r"(make|onboard|\.venv/\S+) ", block)}
    assert commands == {command for command, _, _ in OF_THE_README.values() if command in blocks} | RUN_ELSEWHERE.keys()


@pytest.mark.parametrize("row", [row for row in OF_THE_README if row != "onboard up"])
def test_a_command_of_the_readme_does_what_it_says(row: str, reader: Reader) -> None:
    """After the tutorial, so that there are a tenant whose admin has signed in, and a rejected event."""
    command, ends, says = OF_THE_README[row]
    (reader.folder / "password").write_text(reader.found(r"^  operator@ops\.example +password (\S+) ") + "\n")
    done = reader.run(command)
    assert (done.returncode, says in done.stdout + done.stderr) == (ends, True), done.stdout + done.stderr


def test_ctrl_c_ends_the_stack(reader: Reader) -> None:
    reader.first.process.send_signal(signal.SIGINT)
    assert reader.first.process.wait(SECONDS) == 0


def _looked_for(reader: Reader, command: str, shown: str) -> str:
    """Run a command until it prints what a reader looks for, as an email takes a second; return what it printed."""
    until = time.monotonic() + SECONDS
    while True:
        done = reader.run(command)
        printed = done.stdout + done.stderr
        assert done.returncode == 0, printed
        if shown in printed or not command.endswith("emails") or time.monotonic() > until:
            break
    assert shown in printed, printed
    return printed


def _joins(reader: Reader, browser: Browser, email: str) -> None:
    """Do what the page says of the link that a colleague is mailed."""
    (fragment,) = re.findall(r"https://acme\.app\.example/(#action=confirm&token=\S+)", email)
    page = browser.new_page()
    page.goto(reader.found(r"^Sample product: (\S+/),").replace("SUBDOMAIN", "acme") + fragment)
    page.locator("#confirm-email").fill("colleague@acme.example")
    page.locator("#confirm-password").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Confirm and sign in").click()
    expect(page.get_by_role("heading", name="Welcome to acme")).to_be_visible(timeout=SECONDS * 1000)
    expect(page.locator("dl").first).to_contain_text("auditor")
    page.close()


def _signs_in(reader: Reader, browser: Browser, email: str) -> None:
    """Do what the page says of the product, with what the email says."""
    (address,) = re.findall(r"^To: (\S+)$", email, re.MULTILINE)
    (password,) = PASSWORD_LINE.findall(email)
    page = browser.new_page()
    page.goto(reader.found(r"^Sample product: (\S+/),").replace("SUBDOMAIN", "acme"))
    page.locator("#email").fill(address)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("#new").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Welcome to acme")).to_be_visible(timeout=SECONDS * 1000)
    expect(page.locator(".projects li").first).to_contain_text("of acme")
    page.close()


def _sees_the_dashboard(reader: Reader, browser: Browser) -> None:
    """Sign in to the dashboard as the operator, by what was printed, and look for the tenant."""
    page = browser.new_page()
    page.goto(reader.found(r"^Dashboard: (\S+)$"))
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
