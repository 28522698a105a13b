"""`onboard users import` and `export`: what is said of a file's people, and who may read what is written."""

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.command_line import Run, deploy, outputs_of
from tests.unit.cli.command_line import run as onboard
from tests.unit.every_tier import world
from tests.unit.users.conftest import live
from tests.unit.users.people import ADMIN, People

__all__ = ["live", "onboard", "world"]


@pytest.fixture
def people(live: Callable[..., People]) -> People:
    """The people of acme, whose stack a command line finds by its outputs; a day has room for two invitations."""
    found = live("pool")
    found.settings = found.settings.model_copy(update={"mails_per_tenant_day": 2})
    deploy("TenantOnboarding", outputs_of(found.settings))
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of people, in a folder with a space in its name."""
    folder = tmp_path / "some people"
    folder.mkdir()
    return folder / "people.csv"


def test_a_file_is_checked_imported_and_gone_on_with(people: People, file: Path, onboard: Run) -> None:
    file.write_text("email,name\njane@acme.example,=1+1\njoe@acme.example,\njoan@acme.example,\n", encoding="utf-8")
    ran = onboard("users", "import", "acme", str(file), "--dry-run")
    assert (ran.code, ran.out) == (0, f"3 people of {file} can be invited to acme; 0 cannot\n")
    ran = onboard("users", "import", "acme", str(file))
    assert (ran.code, ran.out.splitlines()[0]) == (1, "2 people are invited to acme; 0 were before")
    assert ran.out.splitlines()[1].endswith(f"tomorrow, UTC: onboard users import acme '{file}'")
    people.receive_all()
    assert len(people.tokens()) == 2
    again = json.loads(onboard("users", "import", "acme", str(file), "--json").out)
    assert again == {"tenantId": "acme", "invited": 0, "before": 2, "left": 1, "refused": []}


def test_what_is_wrong_is_told_by_line(people: People, file: Path, onboard: Run) -> None:
    file.write_text(f"email,role\n{ADMIN},\nx,\njane@acme.example,owner\n", encoding="utf-8")
    ran = onboard("users", "import", "acme", str(file))
    assert ran.code == 1
    assert f"line 2: {ADMIN} is a user of the tenant already" in ran.err
    assert "line 3: x email" in ran.err
    assert "line 4: jane@acme.example role must be one of admin, member" in ran.err


@pytest.mark.parametrize("content", [b"name\nJane\n", b"\xff\xfe", None])
def test_what_is_no_such_file_is_told(content: bytes | None, people: People, file: Path, onboard: Run) -> None:
    if content is not None:
        file.write_bytes(content)
    ran = onboard("users", "import", "acme", str(file))
    assert ran.code == 1
    assert ran.out == ""


def test_whoever_is_exported_is_in_the_file_for_its_owner_alone(people: People, file: Path, onboard: Run) -> None:
    file.write_text("email,name\njane@acme.example,=1+1\n", encoding="utf-8")
    onboard("users", "import", "acme", str(file))
    out = file.with_name("out.csv")
    out.write_text("what was there")
    out.chmod(0o644)
    assert onboard("users", "export", "acme", "--output", str(out)).out == f"2 people of acme are in {out}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    found = {each["email"]: each for each in csv.DictReader(out.read_text(encoding="utf-8").splitlines())}
    assert found.keys() == {ADMIN, "jane@acme.example"}
    assert found["jane@acme.example"]["name"] == "'=1+1", "no spreadsheet computes it"
    assert [each["status"] for each in json.loads(onboard("users", "export", "acme", "--json").out)] == [
        found[email]["status"] for email in sorted(found, key=lambda each: found[each]["userId"])
    ]
    assert "hashed" not in onboard("users", "export", "acme").out
