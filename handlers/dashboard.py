"""The dashboard: the page and its parts, served to anybody, for they hold no data; the status API has that.

Each request runs the function, so there are few: the style stands in the page, and the parts' addresses name what they
hold, so a browser keeps them until they change and asks for the page alone.
"""

import gzip
import json
import os
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from handlers.web_answers import finished

FOLDER = Path(__file__).parent.parent / "dashboard"
PAGE = "index.html"
START = "start.js"
STYLE = "dashboard.css"
WITHIN = (START, STYLE)
"""What stands in the page itself, so that it is there when the page is."""
MEDIA_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml"}
VARIABLES = {
    "address": "DASHBOARD_ADDRESS",
    "clientId": "DASHBOARD_CLIENT_ID",
    "issuer": "DASHBOARD_ISSUER",
    "signInAddress": "DASHBOARD_SIGN_IN_ADDRESS",
}
"""What the page is told, each by the environment variable that says it."""
FOR_EVER = "public, max-age=31536000, immutable"
NOT_THERE = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
UNPACKS = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' {start}",
    "style-src": "{style}",
    "img-src": "'self'",
    "connect-src": "'self' {sign_in}",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "lit-html",
}
"""Nothing runs but our own files and the script that stands in the page, and no style counts but the one that does;
lit-html alone may make markup of text, and does so of its templates only."""


@dataclass
class Part:
    """A file of the page, as it is sent."""

    media_type: str
    content: bytes

    @cached_property
    def compressed(self) -> str:
        """The content as API Gateway takes binary data."""
        return b64encode(gzip.compress(self.content, mtime=0)).decode()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Return the page, one of its parts, or that there is no such part."""
    return finished(event, _answer_to(event))


def _answer_to(event: dict[str, Any]) -> dict[str, Any]:
    path = event["rawPath"]
    if path in ("", "/"):
        return _answer(event, page(), "no-cache", {"Content-Security-Policy": policy()})
    part = parts().get(path.removeprefix(f"/dashboard/{version()}/"))
    if part is None:  # a page from before a deployment asks for parts that are no longer there
        return {"statusCode": 404, "headers": HEADERS | NOT_THERE, "body": "There is no such part.\n"}
    return _answer(event, part, FOR_EVER)


@cache
def page() -> Part:
    """Return the page, which knows where its parts are and where to sign in."""
    settings = {name: os.environ[variable] for name, variable in VARIABLES.items()}
    told = {"folder": f"dashboard/{version()}", "settings": escape(json.dumps(settings))}
    text = Template(_text(PAGE)).substitute(told, start=_text(START), style=_text(STYLE))
    return Part("text/html", text.encode())


@cache
def policy() -> str:
    """Return what the browser holds the page to."""
    told = {"sign_in": os.environ[VARIABLES["signInAddress"]], "start": _hash(START), "style": _hash(STYLE)}
    return "; ".join(f"{name} {value}" for name, value in POLICY.items()).format(**told)


@cache
def parts() -> dict[str, Part]:
    """Return every part by its path below the folder of the page."""
    files = [file for file in sorted(FOLDER.rglob("*")) if file.suffix in MEDIA_TYPES and file.name not in WITHIN]
    return {file.relative_to(FOLDER).as_posix(): Part(MEDIA_TYPES[file.suffix], file.read_bytes()) for file in files}


@cache
def version() -> str:
    """Return the name of what all parts hold."""
    digest = sha256()
    for name, part in parts().items():
        digest.update(name.encode() + b"\0" + part.content + b"\0")
    return digest.hexdigest()[:12]


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(name: str) -> str:
    """Return how the policy names what stands in the page."""
    return f"'sha256-{b64encode(sha256(_text(name).encode()).digest()).decode()}'"


def _answer(
    event: dict[str, Any], part: Part, cache_control: str, more: dict[str, str] | None = None
) -> dict[str, Any]:
    headers = {
        "Content-Type": f"{part.media_type}; charset=utf-8",
        "Cache-Control": cache_control,
        "Vary": "Accept-Encoding",
        **HEADERS,
        **(more or {}),
    }
    if not UNPACKS.search(event.get("headers", {}).get("accept-encoding", "")):
        return {"statusCode": 200, "headers": headers, "body": part.content.decode()}
    return {
        "statusCode": 200,
        "headers": headers | {"Content-Encoding": "gzip"},
        "body": part.compressed,
        "isBase64Encoded": True,
    }
