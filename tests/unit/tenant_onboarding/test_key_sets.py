"""Keys are fetched from where they belong, seldom, within bounds; what is not a key for RS256 is none."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from time import monotonic
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm

from orchestrator.identity.user_pool_addresses import issuer
from tenant_onboarding.authorizer import key_sets
from tenant_onboarding.authorizer.key_sets import KeySets, KeysUnavailableError, UnknownKeyError
from tests.unit.conftest import REGION
from tests.unit.tenant_onboarding.user_pools import SHARED, SILO, KeyServer, key_id, key_server, public_jwk, send

KID = key_id(SHARED)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as server:
        yield server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the key sets see, in seconds; add to its one value."""
    now = [1_000.0]
    monkeypatch.setattr(key_sets, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def keys(server: KeyServer) -> KeySets:
    return KeySets(server.address)


def find(keys: KeySets, user_pool_id: str = SHARED, kid: str = KID) -> PyJWK:
    return keys.find(issuer(REGION, user_pool_id), REGION, user_pool_id, kid)


def unavailable(keys: KeySets) -> str:
    with pytest.raises(KeysUnavailableError) as error:
        find(keys)
    return str(error.value)


def document(*keys: object) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def answers(body: bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: send(request, body, status, **headers)


def test_keys_are_fetched_once_for_each_issuer(keys: KeySets, server: KeyServer) -> None:
    for _ in range(3):
        assert find(keys).key_id == KID
        assert find(keys, SILO, key_id(SILO)).key_id == key_id(SILO)
    assert server.asked == [f"/{SHARED}/jwks.json", f"/{SILO}/jwks.json"]


def test_another_issuers_key_is_unknown(keys: KeySets) -> None:
    find(keys, SILO, key_id(SILO))
    with pytest.raises(UnknownKeyError):
        find(keys, SHARED, key_id(SILO))


def test_keys_are_fetched_anew_after_an_hour(keys: KeySets, server: KeyServer, clock: list[float]) -> None:
    find(keys)
    clock[0] += 3_299
    find(keys)
    assert len(server.asked) == 1
    clock[0] += 1
    for _ in range(3):
        find(keys)
    assert len(server.asked) == 2
    clock[0] += 3_299
    find(keys)
    assert len(server.asked) == 2


def test_old_keys_serve_to_their_end_while_no_new_ones_can_be_had(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    find(keys)
    server.answer = answers(b"", 503)
    clock[0] += 3_300
    for _ in range(3):
        assert find(keys)
    assert len(server.asked) == 2
    clock[0] += 299
    assert find(keys)
    assert len(server.asked) == 3
    clock[0] += 1
    assert unavailable(keys) == "HTTPError"
    server.answer = None
    clock[0] += 4
    assert find(keys)


def test_keys_that_are_renewed_are_good_for_another_hour(keys: KeySets, server: KeyServer, clock: list[float]) -> None:
    find(keys)
    clock[0] += 3_599
    find(keys)
    server.answer = answers(b"", 503)
    clock[0] += 3_599
    assert find(keys)
    clock[0] += 1
    unavailable(keys)


def ask_for_nobodys(keys: KeySets, times: int = 10) -> None:
    for number in range(times):
        with pytest.raises(UnknownKeyError):
            find(keys, kid=f"nobody-{number}")


def test_nobodys_key_id_has_keys_fetched_once_a_minute_at_most(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    """Beside the fetch that was due anyway."""
    ask_for_nobodys(keys)
    assert len(server.asked) == 2
    for minutes in range(1, 4):
        clock[0] += 60
        ask_for_nobodys(keys)
        assert len(server.asked) == 2 + minutes


def test_whoever_makes_up_key_ids_all_day_has_keys_fetched_as_often_as_is_bounded(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    seconds = 24 * 3_600
    for _ in range(0, seconds, 10):
        ask_for_nobodys(keys, times=1)
        clock[0] += 10
    assert len(server.asked) <= seconds / 60 + 2 * 24


def test_a_key_that_is_published_right_after_a_fetch_is_looked_for_at_once(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    """After the first fetch as after each that renews."""
    find(keys)
    server.answer = answers(document(public_jwk(SHARED), public_jwk(SILO)))
    assert find(keys, kid=key_id(SILO))
    assert len(server.asked) == 2
    server.answer = None
    clock[0] += 3_300
    find(keys)
    server.answer = answers(document(public_jwk(SHARED), public_jwk(SILO)))
    assert find(keys, kid=key_id(SILO))
    assert len(server.asked) == 4


def test_after_a_look_for_one_unknown_key_another_waits_a_minute(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    find(keys)
    ask_for_nobodys(keys, times=1)
    server.answer = answers(document(public_jwk(SHARED), public_jwk(SILO)))
    for seconds in (0, 59):
        clock[0] += seconds
        with pytest.raises(UnknownKeyError):
            find(keys, kid=key_id(SILO))
    clock[0] += 1
    assert find(keys, kid=key_id(SILO))


def test_a_new_key_is_found_and_an_old_one_is_gone(keys: KeySets, server: KeyServer, clock: list[float]) -> None:
    find(keys)
    server.answer = answers(document(public_jwk(SILO)))
    clock[0] += 60
    assert find(keys, kid=key_id(SILO))
    with pytest.raises(UnknownKeyError):
        find(keys)


def test_while_there_is_no_answer_it_is_asked_for_at_most_every_five_seconds(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    server.answer = answers(b"", 503)
    for _ in range(10):
        assert unavailable(keys) == "HTTPError"
    assert len(server.asked) == 1
    server.answer = None
    clock[0] += 5
    assert find(keys)
    with pytest.raises(UnknownKeyError):
        find(keys, kid="nobody")


def test_a_failing_look_for_a_new_key_takes_no_old_one_away(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    find(keys)
    server.answer = answers(b"", 503)
    clock[0] += 60
    with pytest.raises(KeysUnavailableError):
        find(keys, kid="new")
    assert find(keys)


def test_old_keys_are_not_used_when_no_new_ones_can_be_had(
    keys: KeySets, server: KeyServer, clock: list[float]
) -> None:
    find(keys)
    server.answer = answers(b"", 503)
    clock[0] += 3_600
    unavailable(keys)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"<html><body>Sign in to the network</body></html>", "JSONDecodeError"),
        (b"", "JSONDecodeError"),
        (b"[]", "PyJWKSetError"),
        (b"5", "TypeError"),
        (b"null", "TypeError"),
        (b"[" * 60_000, "RecursionError"),
        (b"\xff\xfe\xfd", "UnicodeDecodeError"),
        (b"{}", "PyJWKSetError"),
        (b'{"keys": {}}', "PyJWKSetError"),
        (b'{"keys": ["key"]}', "PyJWKSetError"),
        (b'{"keys": [{"kty": "RSA", "alg": [1]}]}', "TypeError"),
        (b" " * 65_537, "ValueError"),
    ],
)
def test_an_answer_that_holds_no_keys_is_none(keys: KeySets, server: KeyServer, body: bytes, failure: str) -> None:
    server.answer = answers(body)
    assert unavailable(keys) == failure


def elliptic() -> dict[str, Any]:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {**ECAlgorithm.to_jwk(public, as_dict=True), "use": "sig"}


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0", "alg": "RS256"},
        {"kid": 7},
        {"kid": None},
        elliptic(),
    ],
    ids=lambda change: " ".join(f"{name} {change[name]}" for name in ("kty", "use", "alg", "kid") if name in change),
)
def test_only_a_signature_key_for_rs256_is_one(keys: KeySets, server: KeyServer, change: dict[str, Any]) -> None:
    server.answer = answers(document(public_jwk(SILO) | change, public_jwk(SHARED)))
    assert find(keys)
    with pytest.raises(UnknownKeyError):
        find(keys, kid=key_id(SILO))


def test_a_redirect_is_not_followed(keys: KeySets, server: KeyServer) -> None:
    elsewhere = f"http://127.0.0.1:{server.port}/{SHARED}/elsewhere.json"
    server.answer = answers(b"", 302, Location=elsewhere)
    assert unavailable(keys) == "HTTPError"
    assert server.asked == [f"/{SHARED}/jwks.json"]


def test_an_answer_that_does_not_come_is_not_waited_for(
    keys: KeySets, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "TIMEOUT_SECONDS", 0.1)

    def keep_silent(request: BaseHTTPRequestHandler) -> None:
        server.leaving.wait(10)

    server.answer = keep_silent
    assert unavailable(keys) == "TimeoutError"


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for(
    keys: KeySets, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "TIMEOUT_SECONDS", 0.2)

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            if not server.leaving.wait(0.02):
                request.wfile.write(b" ")

    server.answer = drip
    assert unavailable(keys) == "TimeoutError"


def test_headers_that_come_byte_by_byte_are_not_waited_for(
    keys: KeySets, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "TIMEOUT_SECONDS", 0.2)

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not server.leaving.wait(0.02):
            request.wfile.write(b"a")

    server.answer = drip
    start = monotonic()
    assert unavailable(keys) == "TimeoutError"
    assert monotonic() - start < 5


def test_nobody_there_is_no_answer(server: KeyServer) -> None:
    assert unavailable(KeySets("http://127.0.0.1:1/jwks.json")) == "URLError"


def test_threads_share_one_fetch(keys: KeySets, server: KeyServer) -> None:
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        find(keys)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://keys.example/{userPoolId}",
        "http://127.0.0.1.example/",
        "http://localhost@keys.example/",
        "http://notlocalhost/",
        "https:///jwks.json",
        "ftp://127.0.0.1/jwks.json",
        "file:///etc/passwd",
        "data:application/json,{{}}",
        "{userPoolId}",
        "https://keys.example/{pool}",
        "https://keys.example/{0}",
        "https://keys.example/{issuer.nothing}",
        "https://keys.example/{",
        "",
    ],
)
def test_an_address_that_is_not_safe_is_refused(address: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever part is wrong
        KeySets(address)


@pytest.mark.parametrize(
    "address",
    [
        key_sets.KEY_SET,
        "https://keys.example/{region}/{userPoolId}",
        "http://127.0.0.1:4566/{userPoolId}",
        "http://[::1]:4566/{userPoolId}",
        "http://idp.localhost/{userPoolId}",
    ],
)
def test_an_address_that_is_safe_is_taken(address: str) -> None:
    KeySets(address)
