"""Every command that a page gives to be typed is run by a test, or taken by what it is typed to, as it stands."""

import re

import pytest

from tests.guide_blocks import blocks
from tests.pages import ROOT
from tests.unit.documents.typed import Typed, named, typed, wrong_aws, wrong_onboard

FOLDERS = ("docs", "examples", "packages/tenant_onboarding")
FILES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(path for each in FOLDERS for path in (ROOT / each).rglob("*.md")),
)
PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in FILES if "node_modules" not in path.parts}
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
CHECKED = {"onboard", ".venv/bin/onboard", "aws", "make", ".venv/bin/pytest"}
PRINTED = {
    *("failed", "ok", "The", "1650", "400", "2633", "Sample", "stages.toml:", "context"),  # by a command
    *("app", "holders:"),  # the same
    *("billing", "EMITTERS", "cli", "┌────────────────", "Stripe"),  # pictures
    *("GET", "https://{domain}/oauth2/authorize?client_id={appClientId}&response_type=code&scope=openid+email+profile"),
    *("{tenantId:", "{type:", "regions", "examples/emails/", "tenants.logged_errors.create_alarm", "filter"),
    "_tenant-onboarding.acme.example",
}
"""The first words of blocks that nobody types into a shell."""
ELSEWHERE = {
    "cat": "the tutorial's, run by tests/first_hour",
    "cd": "tests/infra/test_product.py holds the files to the sums",
    "cut": "of a line that test_erasure_guide.py runs",
    "curl": "the status API's, asked the same by tests/e2e/test_status_api.py, and the product's by test_up.py",
    "echo": "of the shell",
    "find": "as cd",
    "jq": "of a line that test_erasure_guide.py runs",
    "left": "a function of the page's script, which test_undoing_guide.py runs whole",
    "node": "tests/unit/examples/test_publishers.py runs it",
    "npx": "a deployment to AWS; tests/infra/test_product.py and test_stripe.py make the same app",
    "openssl": "as cut",
    "pip": "tests/infra/test_packages.py installs the wheels",
    "printf": "as cut",
    "python": "tests/unit/examples/test_publishers.py runs it",
    "sed": "fills in a policy, which tests/infra/people.py does alike",
    "sh": "tests/unit/examples/test_publishers.py runs it",
    "sha256sum": "as cd",
    "sort": "as cd",
    "tr": "of a script that test_rollback_guide.py runs whole, and as cut",
}
"""The commands that this file does not hold to what they are typed to, each with what does."""


def of_block(page: str, block: str) -> list[Typed]:
    """Return the commands of a block; none of what is printed, which no shell could read either."""
    if block.split(maxsplit=1)[0].replace('"', "").partition("(")[0] in PRINTED:
        return []
    return list(typed(page, block))


def blocks_of(text: str) -> list[str]:
    return [each for language in ("", "sh", "bash") for each in blocks(text, language)]


COMMANDS = [command for page, text in PAGES.items() for block in blocks_of(text) for command in of_block(page, block)]
NAMED = [command for page, text in PAGES.items() for command in named(page, text)]


def of_program(*names: str) -> list[Typed]:
    return [each for each in (*COMMANDS, *NAMED) if each.words[0].removeprefix(".venv/bin/") in names]


def shown(command: Typed) -> str:
    return f"{command.page}: {' '.join(command.words)}"


def test_every_command_of_every_page_is_held_to_something() -> None:
    """A block that begins with another word shows what is printed, and is listed as such."""
    known = CHECKED | ELSEWHERE.keys()
    assert {shown(each) for each in COMMANDS if each.words[0] not in known} == set()
    assert {each.words[0] for each in COMMANDS} >= ELSEWHERE.keys() - {"left"}, "an exception that excepts nothing"


@pytest.mark.parametrize("command", of_program("onboard"), ids=shown)
def test_the_parser_of_onboard_takes_what_the_pages_give_to_it(command: Typed) -> None:
    assert wrong_onboard(command) == ""


@pytest.mark.parametrize("command", of_program("aws"), ids=shown)
def test_aws_has_the_operations_and_options_that_the_pages_name(command: Typed) -> None:
    assert wrong_aws(command) == ""


@pytest.mark.parametrize("command", of_program("make"), ids=shown)
def test_make_has_the_targets_that_the_pages_name(command: Typed) -> None:
    assert command.words[1] in TARGETS


@pytest.mark.parametrize("command", of_program("pytest"), ids=shown)
def test_pytest_is_given_folders_that_there_are(command: Typed) -> None:
    assert (ROOT / command.words[-1]).is_dir()


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("onboard shoow acme", "No such command 'shoow'"),
        ("onboard show", "Missing argument 'ID'"),
        ("X=$(onboard list --limit many)", "--limit"),
        ('aws sqs purge "$(aws sqs list-queue)"', "no operation sqs purge"),
        ("for each in $all; do\n  aws sqs delete-queue --queue $each\ndone", "sqs delete-queue has no --queue"),
    ],
)
def test_what_nothing_would_take_is_noticed(block: str, says: str) -> None:
    found = [wrong_aws(each) if each.words[0] == "aws" else wrong_onboard(each) for each in typed("a page", block)]
    assert says in "; ".join(found)
