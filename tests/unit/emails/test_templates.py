"""Templates of one's own: which locale a tenant gets, what is refused before a deployment, and the preview."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import program
from orchestrator.cli.terminal import CommandError
from orchestrator.emails import samples
from orchestrator.emails.rendering import (
    EMAILS,
    LAST_RESORT,
    OF_PEOPLE,
    PARTS,
    TEMPLATES,
    Email,
    locale_of,
    lookup,
    render,
)
from orchestrator.emails.template_check import NEEDED, PLACEHOLDERS, complaints
from tenant_onboarding.contracts.tenant_created import TenantCreated

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/emails"
GERMAN = (EXAMPLE, TEMPLATES)
DOCUMENT = (ROOT / "docs/email.md").read_text()

GERMAN_SUBJECTS: dict[Email, str] = {
    "first_sign_in": "ist bereit",
    "connect": "ist bereit",
    "invitation": "Ihre Einladung",
    "registration": "Ihre Adresse",
    "already_registered": "ein Konto",
    "reset": "Neues Passwort",
}

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what puts a template into a folder of one's own, and returns the folder."""

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1") if "\xff" in text else text.encode())
        return tmp_path

    return put


def changed(name: str, before: str, after: str) -> str:
    """Return one of our templates, in English, with something changed."""
    text = (TEMPLATES / LAST_RESORT / name).read_text()
    assert before in text
    return text.replace(before, after)


def shown(email: Email, locale: str | None, folders: tuple[Path, ...]) -> tuple[str, str, str]:
    """Return subject, text and HTML of a sample."""
    mail = render(email, locale, folders, **samples.values(samples.tenant(email), email=email))
    return mail["Subject"]["Data"], mail["Body"]["Text"]["Data"], mail["Body"]["Html"]["Data"]


@pytest.mark.parametrize("folder", [TEMPLATES, EXAMPLE], ids=["ours", "the example"])
def test_what_is_shipped_can_be_mailed(folder: Path) -> None:
    assert complaints(folder) == []


def test_our_own_templates_have_every_email() -> None:
    assert {path.name for path in (TEMPLATES / LAST_RESORT).iterdir()} == {
        "layout.html",
        *(f"{email}.{part}" for email in EMAILS for part in PARTS),
    }


@pytest.mark.parametrize(
    ("locale", "looked_in"),
    [
        (None, ["en"]),
        ("en-GB", ["en-GB", "en"]),
        ("de-AT", ["de-AT", "de", "en"]),
        ("zh-Hant-TW", ["zh-Hant-TW", "zh-Hant", "zh", "en"]),
    ],
)
def test_the_most_special_locale_is_looked_for_first(locale: str | None, looked_in: list[str]) -> None:
    assert list(lookup(locale)) == looked_in


@pytest.mark.parametrize("email", EMAILS)
@pytest.mark.parametrize(("locale", "found"), [(None, "en"), ("fr", "en"), ("de", "de"), ("de-AT", "de")])
def test_an_email_is_wholly_in_the_locale_found(email: Email, locale: str | None, found: str) -> None:
    assert locale_of(email, locale, GERMAN) == found
    words = (GERMAN_SUBJECTS[email], "Guten Tag", "Guten Tag")
    german = [word in part for part, word in zip(shown(email, locale, GERMAN), words, strict=True)]
    assert german == [found == "de"] * 3
    assert f'<html lang="{found}">' in shown(email, locale, GERMAN)[2]


def test_a_locale_without_an_email_leaves_it_to_the_next(write: Write) -> None:
    for part in PARTS:
        folder = write(f"de-AT/connect.{part}", (EXAMPLE / f"de/connect.{part}").read_text())
    assert complaints(folder) == []
    folders = (folder, EXAMPLE, TEMPLATES)
    assert [locale_of(email, "de-AT", folders) for email in ("connect", "first_sign_in")] == ["de-AT", "de"]


def test_a_file_of_ones_own_takes_the_place_of_ours(write: Write) -> None:
    folder = write("en/layout.html", changed("layout.html", "Hello", "Welcome aboard"))
    assert complaints(folder) == []
    assert "Welcome aboard" in shown("first_sign_in", None, (folder, TEMPLATES))[2]
    assert "Welcome aboard" not in shown("first_sign_in", None, (TEMPLATES,))[2]


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("first_sign_in.txt", "x", "first_sign_in.txt: is not in the folder of a locale, such as de/first_sign_in.txt"),
        ("de_AT/connect.txt", "x", "de_AT/connect.txt: de_AT is not a locale as it is written, such as de or de-AT"),
        ("de-at/connect.txt", "x", "de-at/connect.txt: de-at is not a locale as it is written, such as de or de-AT"),
        ("en/welcome.txt", "x", "en/welcome.txt: is no template; there are first_sign_in.subject.txt, "),
        ("en/connect.txt", "\xff", "en/connect.txt: is not UTF-8"),
        ("en/connect.txt", "a\n{% if x", "en/connect.txt, line 2: "),
        ("en/connect.txt", "a\n{{ password }}", "en/connect.txt, line 2: there is no password; there are acs_"),
        ("en/layout.html", "a\n\n{{ email }}", "en/layout.html, line 3: there is no email; there are admin_name, "),
        (
            "en/connect.txt",
            changed("connect.txt", "{{ provider.label }}", "{{ provider.lable }}"),
            "en/connect.txt, line 8: 'dict object' has no attribute 'lable'",
        ),
        (
            "en/first_sign_in.txt",
            "Hello {{ admin_name.upper() }} {{ email }} {{ password }} {{ sign_in_address }}",
            "en/first_sign_in.txt, line 1: 'None' has no attribute 'upper'",
        ),
        ("en/first_sign_in.html", '\n{% include "no.html" %}', "en/first_sign_in.html, line 2: "),
        (
            "en/first_sign_in.txt",
            "{{ email.__class__.__mro__ }}",
            "en/first_sign_in.txt, line 1: access to attribute '__class__' of 'str' object is unsafe.",
        ),
        (
            "en/first_sign_in.html",
            changed("first_sign_in.html", "{{ tenant_name }}", "{{ tenant_name|safe }}"),
            "en/first_sign_in.html: shows a name as HTML, not as text; leave out ",
        ),
        ("en/first_sign_in.subject.txt", "{{ tenant_name }}\nBcc: x", "en/first_sign_in.subject.txt: a subject is "),
        ("en/first_sign_in.subject.txt", " ", "en/first_sign_in.subject.txt: a subject is one line"),
        ("de/connect.txt", "x", "de/connect.subject.txt: is missing; a locale that has an email has all of "),
    ],
)
def test_a_mistake_is_told_by_file_and_line(write: Write, name: str, text: str, complaint: str) -> None:
    found = complaints(write(name, text))
    assert len(found) == 1
    assert found[0].startswith(complaint)


@pytest.mark.parametrize(("email", "placeholder"), [(email, each) for email in EMAILS for each in NEEDED[email]])
@pytest.mark.parametrize("part", ["txt", "html"])
def test_what_an_email_is_for_cannot_be_left_out(write: Write, email: Email, placeholder: str, part: str) -> None:
    name = f"en/{email}.{part}"
    text = (TEMPLATES / name).read_text().replace(f"{{{{ {placeholder} }}}}", "").replace(f", {placeholder})", ", 0)")
    assert complaints(write(name, text)) == [f"{name}: does not show {{{{ {placeholder} }}}}"]


def test_a_readme_may_stand_beside_the_locales(write: Write) -> None:
    assert complaints(write("README.md", "Ours.")) == []


def test_the_document_lists_every_placeholder_of_each_email() -> None:
    rows = [row.split("|")[1:3] for row in DOCUMENT.split("| placeholder | in | is |\n|---|---|---|\n")[1].splitlines()]
    told: dict[str, set[str]] = {email: set() for email in EMAILS}
    for names, where in (row for row in rows if len(row) == 2):  # the table
        for email in EMAILS if where.strip() == "all" else where.replace("`", "").replace(" ", "").split(","):
            told[email] |= {name.strip(" `") for name in names.split(",")}
        if names.strip() == "`valid_until`":
            break
    assert told == {email: set(names) for email, names in PLACEHOLDERS.items()}


@pytest.mark.parametrize(
    ("given", "kept"), [("de", "de"), ("DE-at", "de-AT"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")]
)
def test_a_locale_is_kept_as_it_is_written(given: str, kept: str) -> None:
    tenant = TenantCreated.model_validate(samples.TENANT | {"admin": {"email": "a@acme.example", "locale": given}})
    assert tenant.admin.locale == kept


@pytest.mark.parametrize("given", ["", "d", "deutsch", "de_AT", "de-", "de-AT-1996", "../de", "de\n", "x-klingon"])
def test_what_is_no_locale_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="must be a locale such as de or de-AT"):
        TenantCreated.model_validate(samples.TENANT | {"admin": {"email": "a@acme.example", "locale": given}})


def preview(*arguments: str) -> str:
    """Return what the command prints; raises CommandError."""
    result = CliRunner().invoke(program.app, ["preview-email", *arguments])
    if isinstance(result.exception, CommandError):
        raise result.exception
    assert (result.exception, result.exit_code) == (None, 0)
    return result.stdout


def test_a_preview_needs_no_aws(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    document = json.loads(preview("--templates", str(EXAMPLE), "--locale", "de-AT", "--html", str(page), "--json"))
    subject, text, html = shown("first_sign_in", "de", GERMAN)
    assert document == {"email": "first_sign_in", "locale": "de", "subject": subject, "text": text, "html": html}
    assert page.read_text() == html


def test_a_preview_of_an_event_is_of_the_email_that_its_tenant_gets(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(samples.TENANT | {"admin": {"email": "ada@acme.example", "locale": "de"}}))
    document = json.loads(preview("--event", str(event), "--templates", str(EXAMPLE), "--json"))
    assert (document["email"], document["locale"]) == ("first_sign_in", "de")
    assert "ada@acme.example" in document["text"]
    federated = json.loads(preview("--event", str(ROOT / "examples/events/07-umbrella.json"), "--json"))
    assert (federated["email"], federated["locale"]) == ("connect", "en")
    assert "UmbrellaSSO" in federated["text"]


@pytest.mark.parametrize("email", OF_PEOPLE)
def test_peoples_emails_are_previewed_like_any_other(email: Email) -> None:
    """Also with the names of an event, of whose tenant they are."""
    arguments = ("--email", email, "--locale", "de", "--templates", str(EXAMPLE), "--json")
    subject, text, html = shown(email, "de", GERMAN)
    document = json.loads(preview(*arguments))
    assert document == {"email": email, "locale": "de", "subject": subject, "text": text, "html": html}
    of_umbrella = json.loads(preview(*arguments, "--event", str(ROOT / "examples/events/07-umbrella.json")))
    assert (of_umbrella["email"], "https://umbrella.app.example" in of_umbrella["text"]) == (email, True)


@pytest.mark.parametrize("email", [each for each in OF_PEOPLE if each != "invitation"])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_who_may_be_anybody_is_not_named(email: Email, locale: str) -> None:
    """Only whoever invites gives a name; in any other email it would be what an unproved caller had typed."""
    values = samples.values(samples.tenant(email), email=email)
    assert values["admin_name"] is None
    assert "None" not in "".join(shown(email, locale, GERMAN))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--email", "farewell"], "must be one of first_sign_in, connect, invitation, "),
        (["--locale", "German"], "--locale German: is no locale such as de or de-AT"),
        (["--templates", "nowhere"], "--templates nowhere: there is no such folder"),
        (["--event", str(ROOT / "examples/events/04-invalid.json")], "coupon is not a field of this event"),
        (["--html", "/nowhere/page.html"], "--html /nowhere/page.html: No such file or directory"),
    ],
)
def test_a_preview_that_cannot_be_says_why(arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError) as refused:
        preview(*arguments)
    assert why in str(refused.value)


def test_a_preview_refuses_what_synthesis_would(write: Write) -> None:
    folder = write("en/connect.txt", "{{ nothing }}")
    with pytest.raises(CommandError) as refused:
        preview("--templates", str(folder))
    assert str(refused.value).startswith(f"{folder}/en/connect.txt, line 1: there is no nothing; ")
