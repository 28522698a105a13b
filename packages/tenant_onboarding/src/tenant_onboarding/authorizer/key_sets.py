"""The public keys of user pools, fetched once in a while and never because a token asks for it.

PyJWT makes keys of what is fetched. Its PyJWKClient (2.15) would take an answer of any size, as slowly as it comes, and
ask again at each request while there is none; so fetching, and when, is ours.
"""

import http.client
import json
import threading
import urllib.request
from concurrent.futures import Future
from functools import lru_cache
from time import monotonic
from urllib.error import HTTPError
from urllib.parse import urlsplit

from jwt import PyJWK, PyJWKSet

KEY_SET = "{issuer}/.well-known/jwks.json"
"""Where Amazon Cognito has a user pool's keys."""
FRESH_SECONDS = 3_600.0
"""Cognito "might rotate signing keys" and says to cache them by `kid`; it has not been seen to rotate any."""
RENEWING_SECONDS = 300.0
"""So long before their end keys are fetched anew; the old ones are good meanwhile, should that fail."""
UNKNOWN_KEY_PAUSE_SECONDS = 60.0
"""So long after an answer that an unknown `kid` had asked for, none has it asked for again."""
FAILURE_PAUSE_SECONDS = 5.0
"""So long after a failure nobody waits for the next."""
TIMEOUT_SECONDS = 2.0
"""Whatever it takes to have an answer, nobody waits longer; API Gateway waits 10 s for an authorizer."""
MOST_BYTES = 65_536
"""A user pool's answer, two keys, has less than 1 KB."""
MOST_ISSUERS = 1_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class UnknownKeyError(Exception):
    """The issuer has no such key."""


class KeysUnavailableError(Exception):
    """The issuer's keys cannot be had; the text is the class of what went wrong, and names nobody."""


class KeySets:
    """The signature keys of any number of issuers. Threads may share it; they wait for each other's fetches."""

    def __init__(self, address: str = KEY_SET) -> None:
        """Take the keys from an address with `{issuer}`, `{region}` or `{userPoolId}` in it; ValueError if unsafe."""
        self._address = address
        self._of = lru_cache(maxsize=MOST_ISSUERS)(_KeySet)
        check(self._fill("https://issuer.example", "region", "pool"))

    def find(self, issuer: str, region: str, user_pool_id: str, key_id: str) -> PyJWK:
        """Return an issuer's key for RS256; raises UnknownKeyError or KeysUnavailableError."""
        return self._of(self._fill(issuer, region, user_pool_id)).find(key_id)

    def _fill(self, issuer: str, region: str, user_pool_id: str) -> str:
        try:
            return self._address.format(issuer=issuer, region=region, userPoolId=user_pool_id)
        except (AttributeError, LookupError) as error:
            raise ValueError("the address of keys may have {issuer}, {region} and {userPoolId} in it") from error


def check(address: str) -> None:
    """Let an address pass that nobody on the way can answer for; raises ValueError for another."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return
    if parts.scheme != "http" or not (host in LOOPBACK or host.endswith(".localhost")):
        raise ValueError("keys are fetched by https, but for those of this machine")


class _KeySet:
    """One issuer's keys by their ids."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fresh_until = self._renew_at = self._ask_again = 0.0
        self._failure = ""

    def find(self, key_id: str) -> PyJWK:
        with self._lock:
            now = monotonic()
            if now >= self._fresh_until:
                self._keys = {}
            due = now >= self._renew_at
            if now >= self._ask_again and (due or key_id not in self._keys):
                self._fetch(due=due)
            if key_id in self._keys:
                return self._keys[key_id]
            if self._failure:
                raise KeysUnavailableError(self._failure)
            raise UnknownKeyError

    def _fetch(self, *, due: bool) -> None:
        """Replace the keys; if that fails they stay.

        After a fetch that was due the next unknown key may have been published since, so it is looked for at once. Not
        so after a fetch for one: whoever makes up keys has them fetched once a minute, and once more an hour.
        """
        try:
            self._keys = _signature_keys(_download(self._address))
        except Exception as error:  # whatever it answers is no reason to be asked at each request
            self._failure = type(error).__name__
            self._ask_again = monotonic() + FAILURE_PAUSE_SECONDS
        else:
            self._failure = ""
            self._fresh_until = monotonic() + FRESH_SECONDS
            self._renew_at = self._fresh_until - RENEWING_SECONDS
            self._ask_again = 0.0 if due else monotonic() + UNKNOWN_KEY_PAUSE_SECONDS


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys are where they are said to be, or nowhere."""

    def redirect_request(self, *_: object) -> None:
        """Follow none, which makes it an HTTPError."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def _download(address: str) -> bytes:
    """Return what an address answers; raises TimeoutError after TIMEOUT_SECONDS.

    Time-outs of sockets begin anew with each byte of the headers, and looking up a name has none: so a thread does it,
    and is left behind.
    """
    answer: Future[bytes] = Future()
    threading.Thread(target=_answer, args=(address, answer), daemon=True).start()
    return answer.result(TIMEOUT_SECONDS)


def _answer(address: str, answer: Future[bytes]) -> None:
    try:
        answer.set_result(_read(address))
    except Exception as error:  # whoever waits gets it
        answer.set_exception(error)


def _read(address: str) -> bytes:
    check(address)
    until = monotonic() + TIMEOUT_SECONDS
    found = b""
    with _open(address) as response:
        while part := response.read1(MOST_BYTES):
            found += part
            if len(found) > MOST_BYTES:
                raise ValueError("too large")
            if monotonic() > until:
                raise TimeoutError
    return found


def _open(address: str) -> http.client.HTTPResponse:
    try:
        response: http.client.HTTPResponse = _OPENER.open(address, timeout=TIMEOUT_SECONDS)
    except HTTPError as error:
        error.close()
        raise
    return response


def _signature_keys(document: bytes) -> dict[str, PyJWK]:
    """Return the RSA keys for signatures with RS256; raises whatever comes of another document."""
    found = dict(json.loads(document))
    keys = {
        key.key_id: key
        for key in PyJWKSet.from_dict(found)
        if isinstance(key.key_id, str) and key.algorithm_name == "RS256" and key.public_key_use in ("sig", None)
    }
    if not keys:
        raise ValueError("no key for RS256")
    return keys
