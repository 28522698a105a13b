"""The welcome emails say where and how to sign in, and nothing of a tenant can change what they are."""

from html.parser import HTMLParser
from typing import Any, Literal

import pytest
from jinja2 import UndefinedError

from orchestrator.emails.rendering import render
from orchestrator.identity.temporary_passwords import SYMBOLS

Template = Literal["first_sign_in", "connect"]
ADDRESSED = {
    "tenant_name": "Acme Inc.",
    "admin_name": "Ada",
    "sign_in_address": "https://acme.app.product.example",
}


def provider(label: str, kind: str) -> dict[str, Any]:
    """Return a provider as the step that made it has noted it."""
    scopes = [] if kind == "SAML" else ["openid", "email"]
    return {"label": label, "type": kind, "claims": {"email": f"{kind}-mail", "name": "display:name"}, "scopes": scopes}


VALUES: dict[Template, dict[str, Any]] = {
    "first_sign_in": {**ADDRESSED, "email": "ada@acme.example", "password": "Ab1!#%+-=?@_xyzQ", "password_days": 7},
    "connect": {
        **ADDRESSED,
        "providers": [provider("AcmeSSO", "SAML"), provider("AcmeLogin", "OIDC")],
        "entity_id": "urn:amazon:cognito:sp:eu-central-1_A",
        "acs_address": "https://t-1.auth.product.example/saml2/idpresponse",
        "redirect_address": "https://t-1.auth.product.example/oauth2/idpresponse",
    },
}
TEMPLATES: tuple[Template, ...] = ("first_sign_in", "connect")
NASTY = "<script>alert('x')</script> & \"Söhne\""
each_template = pytest.mark.parametrize("template", TEMPLATES)
each_body = pytest.mark.parametrize("body", ["text", "html"])


def bodies(template: Template, **changes: object) -> dict[str, str]:
    """Return subject, text and HTML of an email."""
    mail = render(template, **(VALUES[template] | changes))
    return {
        "subject": mail["Subject"]["Data"],
        "text": mail["Body"]["Text"]["Data"],
        "html": mail["Body"]["Html"]["Data"],
    }


def connect(*types: str) -> dict[str, str]:
    """Return the email to a tenant with a provider of each of these types."""
    return bodies("connect", providers=[provider(f"Acme{kind}", kind) for kind in types])


class Page(HTMLParser):
    """What a mail program sees of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.links: list[str | None] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in {"br", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


# every email


@each_template
@each_body
@pytest.mark.parametrize("value", ADDRESSED)
def test_both_bodies_name_the_tenant_its_admin_and_where_to_sign_in(template: Template, body: str, value: str) -> None:
    assert ADDRESSED[value] in bodies(template)[body]


@each_template
def test_the_html_links_to_the_sign_in_address_and_nowhere_else(template: Template) -> None:
    page = Page(bodies(template)["html"])
    assert page.links == [ADDRESSED["sign_in_address"]]
    assert page.tags.isdisjoint({"img", "link", "script", "style"})


@each_template
def test_the_html_closes_what_it_opens(template: Template) -> None:
    assert Page(bodies(template)["html"]).open == []


@each_template
@pytest.mark.parametrize("value", ["tenant_name", "admin_name"])
def test_html_shows_a_name_as_it_is_and_runs_nothing(template: Template, value: str) -> None:
    shows_as_it_is(bodies(template, **{value: NASTY})["html"])


def shows_as_it_is(html: str) -> None:
    """Assert that the nasty name is text and nothing but text."""
    assert NASTY not in html
    assert "&lt;script&gt;" in html
    page = Page(html)
    assert "script" not in page.tags
    assert NASTY in " ".join(page.texts)


@each_template
@pytest.mark.parametrize("value", ["tenant_name", "admin_name"])
def test_text_and_subject_are_not_escaped(template: Template, value: str) -> None:
    mail = bodies(template, **{value: NASTY})
    assert NASTY in mail["text"]
    assert (NASTY in mail["subject"]) == (value == "tenant_name")


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        ("first_sign_in", "Acme Inc. is ready: your first sign-in"),
        ("connect", "Acme Inc. is ready: connect your identity provider"),
    ],
)
def test_the_subject_is_one_line_that_says_what_to_do(template: Template, subject: str) -> None:
    assert bodies(template)["subject"] == subject


@each_template
@pytest.mark.parametrize("name", [None, ""])
def test_an_admin_without_a_name_is_greeted_without_one(template: Template, name: str | None) -> None:
    mail = bodies(template, admin_name=name)
    assert mail["text"].startswith("Hello,\n")
    assert ">Hello,<" in mail["html"]


@pytest.mark.parametrize(
    ("template", "missing"), [(template, value) for template in TEMPLATES for value in sorted(VALUES[template])]
)
def test_a_value_that_is_missing_is_an_error_not_a_gap(template: Template, missing: str) -> None:
    with pytest.raises(UndefinedError, match=missing):
        render(template, **{name: value for name, value in VALUES[template].items() if name != missing})


@each_template
def test_every_part_names_its_character_set(template: Template) -> None:
    mail = render(template, **VALUES[template])
    parts = [mail["Subject"], mail["Body"]["Text"], mail["Body"]["Html"]]
    assert [part["Charset"] for part in parts] == ["UTF-8"] * 3


# the first sign-in


@each_body
@pytest.mark.parametrize("value", ["email", "password"])
def test_both_bodies_hold_what_a_first_sign_in_needs(body: str, value: str) -> None:
    assert VALUES["first_sign_in"][value] in bodies("first_sign_in")[body]


@each_body
@pytest.mark.parametrize(("days", "said"), [(1, "for 1 day;"), (2, "for 2 days;"), (365, "for 365 days;")])
def test_both_bodies_say_how_long_the_password_is_good(body: str, days: int, said: str) -> None:
    assert said in bodies("first_sign_in", password_days=days)[body]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_symbol_of_a_password_is_changed_by_html(symbol: str) -> None:
    assert f">Ab1{symbol}x<" in bodies("first_sign_in", password=f"Ab1{symbol}x")["html"]


# connecting an identity provider

SAML = ("urn:amazon:cognito:sp:eu-central-1_A", "https://t-1.auth.product.example/saml2/idpresponse")
OAUTH = ("https://t-1.auth.product.example/oauth2/idpresponse",)


@each_body
@pytest.mark.parametrize(
    ("types", "needed", "needless"),
    [
        (["SAML"], SAML, OAUTH),
        (["OIDC"], OAUTH, SAML),
        (["Google"], OAUTH, SAML),
        (["SAML", "SignInWithApple"], (*SAML, *OAUTH), ()),
    ],
)
def test_a_tenant_reads_what_its_providers_need_and_no_more(
    body: str, types: list[str], needed: tuple[str, ...], needless: tuple[str, ...]
) -> None:
    content = connect(*types)[body]
    assert all(value in content for value in needed)
    assert not any(value in content for value in needless)
    assert all(f"Acme{kind}" in content for kind in types)


@each_body
def test_each_of_several_providers_has_its_own_part(body: str) -> None:
    content = connect("SAML", "OIDC", "SAML")[body]
    assert [content.count(value) for value in (*SAML, *OAUTH)] == [2, 2, 1]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("SAML", ["Attribute for email:  SAML-mail", "Attribute for name:  display:name"]),
        ("OIDC", ["Scopes:  openid email", "Claim for email:  OIDC-mail", "Claim for name:  display:name"]),
        ("Google", ["Scopes:  openid email", "Claim for email:  Google-mail", "Claim for name:  display:name"]),
    ],
)
def test_a_tenant_reads_what_its_provider_is_to_send_by_its_exact_name(kind: str, lines: list[str]) -> None:
    content = connect(kind)
    assert [line.strip() for line in content["text"].splitlines() if line.strip() in lines] == lines
    for line in lines:
        name, _, value = line.partition(":  ")
        assert f">{name}</span><br><code" in content["html"]
        assert f">{value}</code>" in content["html"]


def test_of_a_provider_from_before_its_claims_were_noted_nothing_is_said_of_them() -> None:
    content = bodies("connect", providers=[provider("AcmeLogin", "OIDC") | {"claims": {}, "scopes": []}])
    assert not [word for word in ("Claim for", "Scopes") if word in content["text"] + content["html"]]


@each_body
def test_the_facts_come_before_the_sign_in_that_needs_them(body: str) -> None:
    content = connect("SAML")[body]
    assert content.index(SAML[1]) < content.index(ADDRESSED["sign_in_address"])


def test_html_shows_the_label_of_a_provider_as_it_is_and_runs_nothing() -> None:
    shows_as_it_is(bodies("connect", providers=[provider(NASTY, "SAML")])["html"])


def test_a_tenant_that_connects_its_provider_gets_no_password() -> None:
    assert "Temporary password" not in bodies("connect")["text"] + bodies("connect")["html"]
