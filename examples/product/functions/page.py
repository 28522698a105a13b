"""The page and its parts, for anybody: they hold no tenant's data, which the page asks the product's API for.

The page is told the host name by which it was asked for, and where to find the resolver, the account API and Cognito.
"""

import json
import os
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

FOLDER = Path(__file__).parent.parent / "page"
PAGE = "index.html"
PARTS = "/parts/"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
VARIABLES = {
    "configUrl": "PRODUCT_CONFIG_URL",
    "cognitoAddress": "PRODUCT_COGNITO_ADDRESS",
    "signInAddress": "PRODUCT_SIGN_IN_ADDRESS",
    "callbackPath": "PRODUCT_CALLBACK_PATH",
    "accountApi": "PRODUCT_ACCOUNT_API",
}
"""What the page is told, each by the environment variable that says it."""
REGIONS = "PRODUCT_REGIONS"
"""Where tenants have user pools beside the product's own Region, with commas between."""
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {origins}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
"""Nothing runs but our own files, nothing makes markup of text, and nothing is sent but to who must have it."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Return the page, one of its parts, or that there is nothing."""
    path = event["rawPath"]
    if path in ("", "/", os.environ[VARIABLES["callbackPath"]]):
        policy = {"Content-Security-Policy": POLICY.format(origins=" ".join(origins()))}
        return _answer(200, "text/html", page(event["headers"].get("host", "")), "no-cache", policy)
    name = path.removeprefix(f"{PARTS}{version()}/")
    if name in parts():
        forever = "public, max-age=31536000, immutable"
        return _answer(200, MEDIA_TYPES[Path(name).suffix], parts()[name], forever)
    return _answer(404, "text/plain", "There is nothing here.\n", "no-store")


def page(host: str) -> str:
    """Return the page for a host name, whatever that name says."""
    settings = {name: os.environ[variable] for name, variable in VARIABLES.items()} | {"host": host}
    told = {"folder": f"{PARTS}{version()}", "settings": escape(json.dumps(settings))}
    return Template((FOLDER / PAGE).read_text(encoding="utf-8")).substitute(told)


def origins() -> list[str]:
    """Return whom the page may ask: the two APIs, and in each Region Cognito's API and the user pools' domains.

    An API at the product's own addresses is no other origin: a path says where it is.
    """
    config, account, cognito, sign_in = (
        os.environ[VARIABLES[name]] for name in ("configUrl", "accountApi", "cognitoAddress", "signInAddress")
    )
    asked = {"{0.scheme}://{0.netloc}".format(urlsplit(each)): None for each in (config, account) if each[:1] != "/"}
    for region in (os.environ["AWS_REGION"], *filter(None, os.environ[REGIONS].split(","))):
        asked[cognito.replace("{region}", region)] = None
        asked[sign_in.replace("{domain}", f"*.auth.{region}.amazoncognito.com")] = None
    return list(asked)


@cache
def parts() -> dict[str, str]:
    """Return every part by its path below the folder of the page."""
    files = [file for file in sorted(FOLDER.rglob("*")) if file.suffix in MEDIA_TYPES]
    return {file.relative_to(FOLDER).as_posix(): file.read_text(encoding="utf-8") for file in files}


@cache
def version() -> str:
    """Return the name of what all parts hold: an address with it never changes its content."""
    return sha256(json.dumps(parts()).encode()).hexdigest()[:12]


def _answer(
    status: int, media_type: str, body: str, cache_control: str, more: dict[str, str] | None = None
) -> dict[str, Any]:
    told = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": cache_control}
    return {"statusCode": status, "headers": HEADERS | told | (more or {}), "body": body}
