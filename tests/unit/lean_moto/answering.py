"""Which of moto's functions answers a call: found once for each URL and class, not at each call."""

import re
import sys
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import jsonpath_ng.ext
from botocore.awsrequest import AWSPreparedRequest
from moto import backend_index, backends
from moto.core import responses, utils
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, Request, normalize_request
from moto.core.responses import BaseResponse
from moto.utilities.aws_headers import gen_amzn_requestid_long
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

Answer = tuple[int, dict[str, str], str]
Answering = Callable[[Any, str, Any], Answer]

_plain_process_request = BotocoreStubber.process_request


def process_request(self: BotocoreStubber, request: AWSPreparedRequest) -> Any:
    """Answer a call, as moto does; services that moto leaves to AWS by its configuration are none of ours."""
    scheme, _, rest = request.url.partition("?")[0].partition("://")
    host, _, path = rest.partition("/")
    answering = _answering(f"{scheme}://{host}/") if not path else _found(f"{scheme}://{host}/{path}")
    if answering is None:
        return _plain_process_request(self, request)
    normalized = _posted(request, host) if not path and "?" not in request.url else normalize_request(request)
    try:
        return answering(normalized, normalized.raw_url, normalized.headers)
    except HTTPException as error:
        return error.code, error.get_headers(), error.get_body()


def _posted(request: AWSPreparedRequest, host: str) -> Request:
    """Return what moto makes of a body that is posted to a service's root, as most protocols do."""
    body, headers = request.body, request.headers
    content_type = _text(headers.get("Content-Type", ""))
    if request.method != "POST" or not isinstance(body, bytes) or not content_type.startswith("application/x-amz-json"):
        return normalize_request(request)
    environ: dict[str, Any] = {
        **_ENVIRON,
        "SERVER_NAME": host,
        "HTTP_HOST": host,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        if key not in environ:
            environ[f"HTTP_{key}"] = _text(value)
    posted = Request(environ)
    posted.__dict__.update(form=_NOTHING, files=_NOTHING, stream=environ["wsgi.input"], _cached_data=body)
    return posted


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


_NOTHING: ImmutableMultiDict[str, Any] = ImmutableMultiDict()
_ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "REQUEST_URI": "/",
    "RAW_URI": "/",
    "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "https",
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    PRESERVED_HEADER_NAMES_ENVIRON_KEY: {},
}


@cache
def _answering(url: str) -> Answering | None:
    return _found(url)


def _found(url: str) -> Answering | None:
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(url):
            for each, answering in _urls(service):
                if each.match(url):
                    return answering
    return None


@cache
def _urls(service: str) -> list[tuple[re.Pattern[str], Answering]]:
    found: Any = backends.get_backend(service)  # type: ignore[call-overload]  # the name of any service
    if isinstance(found, BackendDict):
        account = found[DEFAULT_ACCOUNT_ID]
        backend = account["us-east-1" if "us-east-1" in account else "aws"]
    else:
        backend = found["global"]
    return [(re.compile(url), answering) for url, answering in backend.urls.items()]


def enriched(headers: dict[str, Any], body: Any) -> tuple[dict[str, Any], Any]:
    """Give an answer its request's id, in the body only where there is a place for it."""
    if "status" in headers:
        headers["status"] = str(headers["status"])
    request_id = gen_amzn_requestid_long(headers)
    if isinstance(body, str) and "<RequestId>" in body:
        body = re.sub(r"(?<=<RequestId>).*(?=<\/RequestId>)", request_id, body)
    return headers, body


SHORT_WAYS: tuple[tuple[Any, str, Any], ...] = (
    (BotocoreStubber, "process_request", process_request),
    (BaseResponse, "_enrich_response", staticmethod(enriched)),
    (responses, "method_names_from_class", cache(lambda kind: frozenset(utils.method_names_from_class(kind)))),
    (jsonpath_ng.ext, "parse", cache(jsonpath_ng.ext.parser.parse)),
    (responses, "camelcase_to_underscores", cache(utils.camelcase_to_underscores)),
)
