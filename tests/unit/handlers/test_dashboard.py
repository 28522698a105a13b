"""The dashboard's function serves the page and its parts, each with what confines it, and nothing else of the disk."""

import gzip
import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from handlers import dashboard
from handlers.api_parameters import MOST_ROWS
from infra import dashboard_page
from orchestrator.operations.bulk_retries import A_SECOND

SOURCE = dashboard.FOLDER
VENDOR = SOURCE / "vendor"
KEPT = (dashboard.page, dashboard.parts, dashboard.policy, dashboard.version)
SETTINGS = {
    "DASHBOARD_ADDRESS": "https://api.example/",
    "DASHBOARD_CLIENT_ID": "client",
    "DASHBOARD_ISSUER": "https://issuer.example/pool",
    "DASHBOARD_SIGN_IN_ADDRESS": "https://sign-in.example",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as it is deployed."""
    folder = tmp_path_factory.mktemp("deployed") / "dashboard"
    dashboard_page.fill(folder)
    return folder


@pytest.fixture(autouse=True)
def deployed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """What infra puts beside the function, and writes into its environment."""
    monkeypatch.setattr(dashboard, "FOLDER", folder)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield
    _forget()


def _forget() -> None:
    for each in KEPT:
        each.cache_clear()


def get(path: str, **headers: str) -> dict[str, Any]:
    """Return the answer to a request."""
    return dashboard.handler({"rawPath": path, "headers": headers}, None)


def part(name: str, **headers: str) -> dict[str, Any]:
    """Return the answer to a request for a part of the page that is there now."""
    return get(f"/dashboard/{dashboard.version()}/{name}", **headers)


class Elements(HTMLParser):
    """The elements of the page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def elements() -> list[tuple[str, dict[str, str | None]]]:
    """What the page consists of."""
    return Elements(get("/")["body"]).found


def test_the_page_knows_where_to_sign_in(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    (told,) = [each["content"] for tag, each in elements if tag == "meta" and each.get("name") == "settings"]
    assert json.loads(told or "") == {
        "address": "https://api.example/",
        "clientId": "client",
        "issuer": "https://issuer.example/pool",
        "signInAddress": "https://sign-in.example",
    }


def test_a_setting_cannot_leave_its_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_CLIENT_ID", '"><script>')
    assert "<script>" not in get("/")["body"]


def test_the_page_refers_to_every_part_and_to_nothing_else(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    """Each is a request, so there are two: the script and the icon."""
    referred = [each["href"] for tag, each in elements if tag == "link"]
    assert referred == [f"dashboard/{dashboard.version()}/{name}" for name in ("icon.svg", "main.js")]
    assert [place for place in referred if get(f"/{place}")["statusCode"] != 200] == []
    assert {"icon.svg", "main.js"} == dashboard.parts().keys()
    assert not re.search(r"@import|url\(", standing("style"))


def test_the_script_imports_nothing_more() -> None:
    """Or the browser would ask for it, once it has read the script."""
    script = part("main.js")["body"]
    assert "oauth4webapi" in script
    assert re.findall(r"^import\b|^export\b.* from\b|\bimport\(|\bnew Worker\b", script, re.MULTILINE) == []
    assert re.findall(r"^export \{\n  begin\n\};$", script, re.MULTILINE)


def test_what_stands_in_the_page_is_as_we_wrote_it() -> None:
    assert standing("style") == (SOURCE / "dashboard.css").read_text()
    assert standing("script") == (SOURCE / "start.js").read_text()


def standing(tag: str) -> str:
    """Return what the one element of this name in the page holds."""
    (found,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", get("/")["body"], re.DOTALL)
    return str(found)


def test_nothing_in_the_page_needs_an_exception_from_the_policy(
    elements: list[tuple[str, dict[str, str | None]]],
) -> None:
    """One style and one script stand in the page itself, which the policy names, and nothing comes from elsewhere."""
    assert [(tag, each) for tag, each in elements if tag in ("script", "style")] == [
        ("style", {}),
        ("script", {"type": "module"}),
    ]
    names = {name for _, each in elements for name in each}
    assert [name for name in names if name == "style" or name.startswith("on")] == []
    assert [each for _, each in elements if ":" in (each.get("src") or each.get("href") or "")] == []


def test_the_policy_names_our_own_scripts_our_own_style_and_the_sign_in_address_alone() -> None:
    policy = dict(each.split(" ", 1) for each in get("/")["headers"]["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'self' {digest_of('script')}",
        "style-src": digest_of("style"),
        "img-src": "'self'",
        "connect-src": "'self' https://sign-in.example",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
    }


def digest_of(tag: str) -> str:
    """Return how a policy names what stands in the page."""
    return f"'sha256-{b64encode(hashlib.sha256(standing(tag).encode()).digest()).decode()}'"


@pytest.mark.parametrize(
    ("path", "cache_control"), [("/", "no-cache"), ("main.js", "public, max-age=31536000, immutable")]
)
def test_a_part_is_kept_for_ever_and_the_page_never(path: str, cache_control: str) -> None:
    answer = get(path) if path == "/" else part(path)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Cache-Control"] == cache_control
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
    assert answer["headers"]["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("main.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_a_part_says_what_it_is(name: str, media_type: str, folder: Path) -> None:
    answer = part(name)
    assert answer["headers"]["Content-Type"] == f"{media_type}; charset=utf-8"
    assert answer["body"] == (folder / name).read_text()


def test_who_can_unpack_it_gets_it_packed() -> None:
    plain, packed = part("main.js"), part("main.js", **{"accept-encoding": "br, gzip"})
    assert packed["headers"]["Content-Encoding"] == "gzip"
    assert packed["isBase64Encoded"] is True
    assert gzip.decompress(b64decode(packed["body"])).decode() == plain["body"]
    assert len(b64decode(packed["body"])) < len(plain["body"]) / 3


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/000000000000/main.js",
        "/dashboard//main.js",
        "/dashboard/{version}/index.html",
        "/dashboard/{version}/start.js",
        "/dashboard/{version}/dashboard.css",
        "/dashboard/{version}/vendor/README.md",
        "/dashboard/{version}/../handlers/dashboard.py",
        "/dashboard/{version}//etc/passwd",
        "/dashboard/{version}/%2e%2e/pyproject.toml",
        "/dashboard/{version}/",
        "/handlers/dashboard.py",
    ],
)
def test_nothing_else_is_served(path: str) -> None:
    answer = get(path.format(version=dashboard.version()))
    assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (404, "no-store")


def test_another_content_has_another_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So nobody is shown the parts of one deployment in the page of another."""
    before = dashboard.version()
    parts = dict(dashboard.parts()) | {"main.js": dashboard.Part("text/javascript", b"changed")}
    monkeypatch.setattr(dashboard, "parts", lambda: parts)
    assert dashboard.version.__wrapped__() != before


def test_the_libraries_are_as_their_packages_have_them() -> None:
    """Every script of somebody else's has the checksum that was noted when it was taken, and each is noted."""
    lines = [line.split("  ./") for line in (VENDOR / "SHA256SUMS").read_text().splitlines()]
    noted = {name: checksum for checksum, name in lines}
    found = {
        file.relative_to(VENDOR).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*.js")
    }
    assert found == noted
    versions = (VENDOR / "README.md").read_text()
    assert all(f"| `{name.split('/')[0]}` |" in versions for name in found)
    assert {file.parent.name for file in VENDOR.glob("*/LICENSE*")} == {name.split("/")[0] for name in found}


def test_no_event_that_api_gateway_may_send_is_an_error() -> None:
    assert dashboard.handler({"rawPath": "/"}, None)["statusCode"] == 200
    assert dashboard.handler({"rawPath": "", "headers": {}}, None)["statusCode"] == 200


def test_the_documents_say_how_often_it_asks() -> None:
    """The figures of the page are those of its script."""
    words = " ".join((SOURCE.parent / "docs" / "dashboard.md").read_text().split())
    script = (SOURCE / "main.js").read_text() + (SOURCE / "poll.js").read_text()
    figures = dict(re.findall(r"const (SECONDS_\w+|SLOWEST_SECONDS) = (\d+);", script))
    assert f"every {figures['SECONDS_WHILE_UNDER_WAY']} seconds while a tenant is under way" in words
    assert f"every {figures['SECONDS_AT_REST']} seconds otherwise" in words
    assert (figures["SLOWEST_SECONDS"], "2 seconds later, then 4, and so on up to a minute" in words) == ("60", True)


def test_a_bulk_retry_has_the_commands_pace_and_the_documents_figures() -> None:
    words = " ".join((SOURCE.parent / "docs" / "dashboard.md").read_text().split())
    script = (SOURCE / "bulk_retry.js").read_text() + (SOURCE / "views" / "bulk_retry.js").read_text()
    figures = {name: float(value) for name, value in re.findall(r"const (\w+) = ([\d.]+);", script)}
    assert figures["EACH_MILLISECONDS"] == figures["EACH_SECONDS"] * 1000 == 1000 / A_SECOND
    assert f"It takes the {figures['MOST']:,.0f} that failed last at most" in words
    assert (A_SECOND, "two a second" in words, figures["A_PAGE"]) == (2, True, MOST_ROWS)


@pytest.mark.parametrize("path", ["/", "/dashboard/gone/main.js"])
def test_head_is_answered_as_get_is_but_for_the_body(path: str) -> None:
    asked = {"rawPath": path, "headers": {}, "requestContext": {"http": {"method": "HEAD"}}}
    assert dashboard.handler(asked, None) == get(path) | {"body": "", "isBase64Encoded": False}
