"""What the SDK would do anew for each test or call, and no test sees: it is done once, or not at all.

Each session reads AWS's models from its disk, which takes as long as many tests do. Making a client takes longer than
most tests, so tests share each, and find it as if just made. The simulated AWS checks no signature and reads no user
agent: neither is worked out.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest import mock

import boto3
import botocore.session
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.config import Config
from botocore.loaders import Loader
from botocore.retries import quota
from botocore.useragent import UserAgentString

OURS = "patience-"
"""What the ids of handlers begin with that clients are given by the code itself, each time alike."""


@contextmanager
def models_read_once() -> Iterator[None]:
    """Let all sessions inside the block share what they read of the SDK's own data."""
    with ExitStack() as stack:
        for name in ("load_service_model", "load_data_with_path"):
            stack.enter_context(mock.patch.object(Loader, name, _read_once(getattr(Loader, name))))
        yield


def _read_once(read: Callable[..., Any]) -> Callable[..., Any]:
    found: dict[tuple[Any, ...], Any] = {}

    def once(self: Loader, *names: Any, **more: Any) -> Any:
        key = tuple(self.search_paths), names, tuple(sorted(more.items()))
        if key not in found:
            found[key] = read(self, *names, **more)
        return found[key]

    return once


@cache
def model_of(service: str) -> Any:
    """Return the SDK's model of a service."""
    return botocore.session.get_session().get_service_model(service)


class SharedClients:
    """What a session has made, one of each service, Region and configuration; used only while it stands in for it."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._made: dict[tuple[Any, ...], Any] = {}
        self._quotas: list[quota.RetryQuota] = []
        self._with_handlers: set[tuple[Any, ...]] = set()

    @contextmanager
    def standing_in(self) -> Iterator["SharedClients"]:
        """Let the session hand out shared clients and resources inside the block."""
        with (
            mock.patch.object(quota, "RetryQuota", self._noted(quota.RetryQuota)),
            mock.patch.object(self._session, "client", self._once(self._session.client)),
            mock.patch.object(self._session, "resource", self._once(self._session.resource)),
        ):
            yield self

    def rest(self) -> None:
        """Forget the failures of the calls before, and every client that was given handlers."""
        for each in self._quotas:
            each.release(each.INITIAL_CAPACITY)
        for key in self._with_handlers:
            self._made.pop(key, None)
        self._with_handlers.clear()

    def _noted(self, make: Callable[..., quota.RetryQuota]) -> Callable[..., quota.RetryQuota]:
        def noted(*arguments: Any) -> quota.RetryQuota:
            self._quotas.append(make(*arguments))
            return self._quotas[-1]

        return noted

    def _once(self, make: Any) -> Callable[..., Any]:
        def once(service: str, region_name: str | None = None, *, config: Config | None = None, **more: Any) -> Any:
            if more:  # a resource makes a client of its own
                return make(service, region_name=region_name, config=config, **more)
            key = make, service, region_name, config
            if key not in self._made:
                self._made[key] = make(service, region_name=region_name, config=config)
                self._watch(key)
            return self._made[key]

        return once

    def _watch(self, key: tuple[Any, ...]) -> None:
        """Notice handlers: those of one test would be called in all that follow."""
        meta = self._made[key].meta
        events = getattr(meta, "client", self._made[key]).meta.events
        for name in ("register", "register_first", "register_last", "unregister"):
            setattr(events, name, self._noticed(getattr(events, name), key))

    def _noticed(self, change: Callable[..., None], key: tuple[Any, ...]) -> Callable[..., None]:
        def noticed(*arguments: Any, **more: Any) -> None:
            if not str(more.get("unique_id", "")).startswith(OURS):
                self._with_handlers.add(key)
            change(*arguments, **more)

        return noticed


@contextmanager
def unsigned() -> Iterator[None]:
    """Let requests inside the block say whose they are without proving it, and not say which program sends them."""
    with (
        mock.patch.object(SigV4Auth, "add_auth", _name_signer),
        mock.patch.object(UserAgentString, "to_string", return_value="tests"),
    ):
        yield


_prove = SigV4Auth.add_auth


def _name_signer(self: SigV4Auth, request: AWSRequest) -> None:
    if type(self) is not SigV4Auth:  # that of S3 says too how a body is cut into chunks
        _prove(self, request)
        return
    request.context["timestamp"] = get_current_datetime().strftime(SIGV4_TIMESTAMP)
    del request.headers["Authorization"], request.headers["X-Amz-Date"]
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={self.scope(request)}, Signature=none"
