"""The sample product's functions: the page with what confines it, and a tenant's own data for who is let in."""

import hashlib
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from examples.product import bundling
from examples.product.functions import me, page
from infra.bundling import FOLDERS
from orchestrator.local.ministack import ROOT

VENDOR = bundling.HERE / "page" / "vendor"
SETTINGS = {
    "PRODUCT_CONFIG_URL": "https://onboarding.example/config",
    "PRODUCT_ACCOUNT_API": "https://accounts.example/account/v1",
    "PRODUCT_COGNITO_ADDRESS": "https://cognito-idp.{region}.amazonaws.com",
    "PRODUCT_SIGN_IN_ADDRESS": "https://{domain}",
    "PRODUCT_CALLBACK_PATH": "/auth/callback",
    "PRODUCT_REGIONS": "eu-west-1",
    "AWS_REGION": "us-east-1",
}
IMPORT = re.compile(r"""(?:import|from)\s*["'](\.[^"']+)["']""")


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as it is deployed."""
    folder = tmp_path_factory.mktemp("product")
    bundling.fill(folder)
    return folder


@pytest.fixture(autouse=True)
def deployed(bundled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's function as infra sets it up."""
    monkeypatch.setattr(page, "FOLDER", bundled / "page")
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    yield
    page.parts.cache_clear()
    page.version.cache_clear()


def get(path: str, host: str = "acme.app.example") -> dict[str, Any]:
    return page.handler({"rawPath": path, "headers": {"host": host}}, None)


def told(host: str = "acme.app.example") -> dict[str, str]:
    (content,) = re.findall(r'<meta name="settings" content="([^"]*)">', get("/", host)["body"])
    settings: dict[str, str] = json.loads(unescape(content))
    return settings


@pytest.mark.parametrize("path", ["/", "/auth/callback"])
def test_the_page_is_at_the_root_and_where_providers_lead_back_to(path: str) -> None:
    answer = get(path)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert answer["headers"]["Cache-Control"] == "no-cache"


def test_the_page_is_told_its_host_and_whom_to_ask() -> None:
    assert told() == {
        "host": "acme.app.example",
        "configUrl": "https://onboarding.example/config",
        "cognitoAddress": "https://cognito-idp.{region}.amazonaws.com",
        "signInAddress": "https://{domain}",
        "callbackPath": "/auth/callback",
        "accountApi": "https://accounts.example/account/v1",
    }


def test_a_host_name_cannot_leave_its_attribute() -> None:
    host = '"><script>alert(1)</script>'
    assert told(host)["host"] == host
    assert "<script>alert" not in get("/", host)["body"]


def test_the_policy_names_our_own_files_and_whom_the_page_asks_in_each_region() -> None:
    policy = dict(each.split(" ", 1) for each in get("/")["headers"]["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": (
            "'self' https://onboarding.example https://accounts.example"
            " https://cognito-idp.us-east-1.amazonaws.com https://*.auth.us-east-1.amazoncognito.com"
            " https://cognito-idp.eu-west-1.amazonaws.com https://*.auth.eu-west-1.amazoncognito.com"
        ),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_an_account_api_at_the_products_own_addresses_is_no_other_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCT_ACCOUNT_API", "/account/v1")
    assert page.origins()[0] == "https://onboarding.example"
    assert page.origins()[1].startswith("https://cognito-idp.")
    assert told()["accountApi"] == "/account/v1"


def test_whatever_the_page_refers_to_is_there() -> None:
    referred = re.findall(r'(?:href|src)="([^"]+)"', get("/")["body"])
    assert len(referred) == 3
    for place in referred:
        answer = get(place)
        assert answer["statusCode"] == 200, place
        assert "immutable" in answer["headers"]["Cache-Control"]


def test_every_script_imports_what_is_there() -> None:
    parts = page.parts()
    scripts = {name: content for name, content in parts.items() if name.endswith(".js") and "vendor" not in name}
    lost = [
        (name, imported)
        for name, script in scripts.items()
        for imported in IMPORT.findall(script)
        if imported.removeprefix("./") not in parts
    ]
    assert lost == []
    assert "vendor/oauth4webapi/index.js" in parts


def test_nothing_in_the_page_needs_an_exception_from_the_policy() -> None:
    text = get("/")["body"]
    assert "<style" not in text
    assert re.findall(r"<script(?![^>]* src=)", text) == []
    assert re.findall(r"\s(?:style|on\w+)=", text) == []


@pytest.mark.parametrize("path", ["/parts/x/main.js", "/parts/../functions/page.py", "/auth", "/index.html"])
def test_nothing_else_is_there(path: str) -> None:
    answer = get(path)
    assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (404, "no-store")
    assert get(path, "other.app.example") == answer


def test_the_library_is_the_one_that_was_looked_at() -> None:
    sums = (line.split() for line in (VENDOR / "SHA256SUMS").read_text().splitlines())
    listed = {name.removeprefix("./"): digest for digest, name in sums}
    found = {
        file.relative_to(VENDOR).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*.js")
    }
    assert found == listed
    for name in listed:
        assert list((VENDOR / name).parent.glob("LICENSE*"))
        assert f"`{name.split('/')[0]}`" in (VENDOR / "README.md").read_text()


def test_nothing_of_the_orchestrator_is_deployed_with_the_product(bundled: Path) -> None:
    assert {path.name for path in bundled.iterdir()} == {"functions", "page"}
    modules = {path.relative_to(bundled).as_posix() for path in bundled.rglob("*.py")}
    assert modules == {"functions/__init__.py", "functions/me.py", "functions/page.py"}
    source = "".join((bundled / name).read_text() for name in modules)
    assert not re.findall(r"^\s*(?:from|import) (?:orchestrator|handlers|infra|examples)\b", source, re.MULTILINE)


def test_nothing_of_the_product_is_deployed_with_the_orchestrator() -> None:
    assert not [folder for folder in FOLDERS if (ROOT / "examples").is_relative_to(ROOT / folder)]


CALLER = {
    "tenantId": "acme",
    "tier": "pool",
    "role": "admin",
    "groups": ["acme"],
    "userId": "1-2-3",
    "subject": "1-2-3",
}


def asked(caller: dict[str, Any], **event: Any) -> dict[str, Any]:
    answer = me.handler({**event, "requestContext": {"authorizer": {"lambda": caller}}}, None)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Cache-Control"] == "no-store"
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def test_the_caller_is_told_who_they_are_and_what_their_tenant_has() -> None:
    answer = asked(CALLER)
    projects = answer.pop("projects")
    assert answer == CALLER
    assert len(set(projects)) == me.SHOWN
    assert all(project.endswith(" of acme") for project in projects)


def test_no_other_tenant_can_be_asked_for() -> None:
    others = {"tenantId": "globex"}
    event = {
        "rawQueryString": "tenantId=globex",
        "queryStringParameters": others,
        "headers": others,
        "pathParameters": others,
        "body": json.dumps(others),
    }
    assert asked(CALLER, **event) == asked(CALLER)
    assert asked(CALLER | others)["projects"] != asked(CALLER)["projects"]


def test_who_was_not_judged_by_the_authorizer_gets_nothing() -> None:
    with pytest.raises(KeyError):
        me.handler({"requestContext": {}}, None)
