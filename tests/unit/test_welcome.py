"""The welcome email says where and how to sign in, and nothing of a tenant can change what it is."""

from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from orchestrator.cognito import TEMPORARY_PASSWORD_DAYS
from orchestrator.steps.send_welcome_email import SYMBOLS
from orchestrator.welcome import render

VALUES = {
    "tenant_name": "Acme Inc.",
    "admin_name": "Ada",
    "sign_in_address": "https://acme.app.product.example",
    "email": "ada@acme.example",
    "password": "Ab1!#%+-=?@_xyzQ",
}
NASTY = "<script>alert('x')</script> & \"Söhne\""


def bodies(**changes: str | None) -> dict[str, str]:
    """Return subject, text and HTML of the email."""
    mail = render(**(VALUES | changes))
    return {
        "subject": mail["Subject"]["Data"],
        "text": mail["Body"]["Text"]["Data"],
        "html": mail["Body"]["Html"]["Data"],
    }


class Page(HTMLParser):
    """What a mail program sees of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.mark.parametrize("body", ["text", "html"])
@pytest.mark.parametrize("value", ["sign_in_address", "email", "password", "tenant_name", "admin_name"])
def test_both_bodies_hold_all_that_a_first_sign_in_needs(body: str, value: str) -> None:
    content = bodies()[body]
    assert VALUES[value] in content
    assert f"{TEMPORARY_PASSWORD_DAYS} days" in content


def test_the_html_links_to_the_sign_in_address_and_nowhere_else() -> None:
    assert Page(bodies()["html"]).links == [VALUES["sign_in_address"]]


@pytest.mark.parametrize("value", ["tenant_name", "admin_name"])
def test_html_shows_a_name_as_it_is_and_runs_nothing(value: str) -> None:
    html = bodies(**{value: NASTY})["html"]
    assert NASTY not in html
    assert "&lt;script&gt;" in html
    page = Page(html)
    assert "script" not in page.tags
    assert NASTY in " ".join(page.texts)


@pytest.mark.parametrize("value", ["tenant_name", "admin_name"])
def test_text_and_subject_are_not_escaped(value: str) -> None:
    mail = bodies(**{value: NASTY})
    assert NASTY in mail["text"]
    assert (NASTY in mail["subject"]) == (value == "tenant_name")


def test_the_subject_is_one_line() -> None:
    assert bodies()["subject"] == "Acme Inc. is ready: your first sign-in"


@pytest.mark.parametrize("name", [None, ""])
def test_an_admin_without_a_name_is_greeted_without_one(name: str | None) -> None:
    mail = bodies(admin_name=name)
    assert mail["text"].startswith("Hello,\n")
    assert ">Hello,<" in mail["html"]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_symbol_of_a_password_is_changed_by_html(symbol: str) -> None:
    assert f">Ab1{symbol}x<" in bodies(password=f"Ab1{symbol}x")["html"]


@pytest.mark.parametrize("missing", sorted(VALUES))
def test_a_value_that_is_missing_is_an_error_not_a_gap(missing: str) -> None:
    with pytest.raises(UndefinedError, match=missing):
        render(**{name: value for name, value in VALUES.items() if name != missing})


def test_every_part_names_its_character_set() -> None:
    mail = render(**VALUES)
    parts = [mail["Subject"], mail["Body"]["Text"], mail["Body"]["Html"]]
    assert [part["Charset"] for part in parts] == ["UTF-8"] * 3
