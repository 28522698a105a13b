"""Forged, confused, look-alike and malformed tokens: each is refused, and none has keys fetched from where it says."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from orchestrator.aws.clients import Clients
from orchestrator.identity.user_pool_addresses import issuer
from tenant_onboarding.authorizer.token_verifier import Reason
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws
from tests.unit.tenant_onboarding.user_pools import (
    BRIDGE_CLIENT,
    POOL_CLIENT,
    SHARED,
    SILO,
    SILO_CLIENT,
    Door,
    claims_of,
    key_id,
    open_door,
    private_key,
    public_jwk,
    segment,
    send,
    signed,
    token_of,
)


@pytest.fixture
def door(clients: Clients, wire: Wire, kept: KeptAws) -> Iterator[Door]:
    with open_door(clients, wire, kept) as door:
        yield door


@pytest.mark.parametrize(
    "claims",
    [
        {"client_id": None},
        {"aud": POOL_CLIENT},
        {"aud": "https://api.product.example"},
        {"client_id": None, "aud": [POOL_CLIENT]},
        {"client_id": None, "aud": [POOL_CLIENT, SILO_CLIENT]},
        {"client_id": [POOL_CLIENT]},
        {"client_id": ""},
        {"client_id": f"{POOL_CLIENT}#"},
        {"client_id": f"x#{POOL_CLIENT}"},
        {"client_id": f"{POOL_CLIENT}\n"},
        {"client_id": "a" * 129},
        {"client_id": "nobody"},
        {"client_id": SILO_CLIENT},
        {"client_id": {"S": POOL_CLIENT}},
    ],
)
def test_an_app_client_that_is_not_the_user_pools_is_unknown(claims: dict[str, Any], door: Door) -> None:
    assert door.refusal(token_of("acme", **claims)) == (Reason.UNKNOWN_CLIENT, {})
    assert door.keys.asked == []


def test_a_token_of_another_user_pool_with_the_same_client_id_is_not_taken_for_it(door: Door) -> None:
    claims = claims_of("acme", iss=issuer(REGION, SILO))
    assert door.reason(signed(claims, SILO)) == Reason.UNKNOWN_CLIENT
    assert door.reason(signed(claims_of("acme"), SILO)) == Reason.UNKNOWN_KEY
    assert door.reason(signed(claims_of("acme"), SILO, kid=key_id(SHARED))) == Reason.INVALID_TOKEN


GOOD = issuer(REGION, SHARED)
LOOK_ALIKES = [
    f"{GOOD}/",
    f"{GOOD} ",
    f"{GOOD}\n",
    f"{GOOD}?",
    f"{GOOD}#",
    f"{GOOD}/x/..",
    GOOD.upper(),
    GOOD.replace("https", "http"),
    GOOD.replace("https", "HTTPS"),
    GOOD.replace("cognito", "Cognito"),
    GOOD.replace("https://", "https://issuer-"),
    GOOD.replace("https://cognito-idp.", f"https://issuer-cognito-idp.{REGION}."),
    GOOD.replace("https://", "https://user@"),
    GOOD.replace("https://", "https://keys.example@"),
    GOOD.replace("https://", "https://keys.example/"),
    GOOD.replace(".com/", ".com@keys.example/"),
    GOOD.replace(".com/", ".com.keys.example/"),
    GOOD.replace(".com/", ".com:443/"),
    GOOD.replace(".com/", ".com//"),
    GOOD.replace(".com/", ".com./"),
    GOOD.replace(".com/", ".com.cn/"),
    GOOD.replace(".com/", ".com/keys/"),
    GOOD.replace(".com/", ".com\\"),
    GOOD.replace("amazonaws", "amazonaws\u200b"),
    GOOD.replace("cognito", "c\u043egnito"),
    GOOD.replace("amazonaws.com", "keys.example"),
    GOOD.replace("cognito-idp.", "evil.cognito-idp."),
    GOOD.replace(REGION, "us-east-1", 1),
    GOOD.replace(f"{REGION}.amazonaws", f"x.{REGION}.amazonaws"),
    issuer(REGION, SILO),
    SHARED,
    "",
    None,
    [GOOD],
    {"iss": GOOD},
    7,
]


@pytest.mark.parametrize("look_alike", LOOK_ALIKES, ids=ascii)
def test_an_issuer_that_only_looks_alike_is_refused_before_any_key_is_fetched(look_alike: object, door: Door) -> None:
    claims = claims_of("acme") | {"iss": look_alike}
    header = {"alg": "RS256", "kid": key_id(SHARED)}
    unsigned = f"{segment(header)}.{segment(claims)}".encode()
    algorithm = jwt.get_algorithm_by_name("RS256")
    token = f"{unsigned.decode()}.{segment(algorithm.sign(unsigned, private_key(SHARED)))}"
    assert door.reason(token) in (Reason.UNKNOWN_ISSUER, Reason.UNKNOWN_CLIENT)
    assert door.keys.asked == []


def forged(header: object, claims: object = None, signature: bytes = b"signature") -> str:
    body = claims if isinstance(claims, bytes) else segment(claims or claims_of("acme")).encode()
    return f"{segment(header)}.{body.decode()}.{segment(signature)}"


def confused() -> str:
    """Return a token signed by HMAC with the public key for a secret, which everybody has."""
    public = private_key(SHARED).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, body, _ = forged({"alg": "HS256", "kid": key_id(SHARED)}).split(".")
    algorithm = jwt.get_algorithm_by_name("HS256")
    return f"{header}.{body}.{segment(algorithm.sign(f'{header}.{body}'.encode(), public))}"


def by(algorithm: str, **header: Any) -> str:
    return jwt.encode(claims_of("acme"), private_key(SHARED), algorithm, headers={"kid": key_id(SHARED)} | header)


def deep(levels: int) -> bytes:
    return segment(b'{"a":' * levels + b"1" + b"}" * levels).encode()


HEADER = {"alg": "RS256", "kid": key_id(SHARED)}
MALFORMED: dict[str, Callable[[], str]] = {
    **{
        f"alg {alg!r}": partial(forged, {"alg": alg, "kid": key_id(SHARED)})
        for alg in ("none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", None, [], ["RS256"], 0)
    },
    "alg none without a signature": lambda: forged({"alg": "none", "kid": key_id(SHARED)}, signature=b""),
    "RS256 without a signature": lambda: forged(HEADER, signature=b""),
    "no alg": lambda: forged({"kid": key_id(SHARED)}),
    "HS256 with the public key": confused,
    **{alg: partial(by, alg) for alg in ("RS384", "RS512", "PS256")},
    "crit": lambda: forged(HEADER | {"crit": ["exp"]}),
    "b64": lambda: forged(HEADER | {"b64": False, "crit": ["b64"]}),
    "no kid": lambda: forged({"alg": "RS256"}),
    "an empty kid": lambda: forged(HEADER | {"kid": ""}),
    "a long kid": lambda: forged(HEADER | {"kid": "k" * 129}),
    "a kid with a line break": lambda: forged(HEADER | {"kid": "k\nk"}),
    "a kid that is a list": lambda: forged(HEADER | {"kid": [key_id(SHARED)]}),
    "a header that is a list": lambda: forged([HEADER]),
    "claims that are a list": lambda: forged(HEADER, ["claims"]),
    "claims that are text": lambda: forged(HEADER, segment("claims").encode()),
    "no JSON": lambda: forged(HEADER, segment(b"{'iss': 1}").encode()),
    "no UTF-8": lambda: forged(HEADER, segment(b"\xff\xfe\xfd\x00").encode()),
    "a number of 5,000 digits": lambda: forged(HEADER, segment(b'{"a": ' + b"1" * 5_000 + b"}").encode()),
    "a part of base64 that has no length": lambda: forged(HEADER, b"abcde"),
    "padding": lambda: forged(HEADER) + "==",
    "two parts": lambda: forged(HEADER).rpartition(".")[0],
    "four parts": lambda: forged(HEADER) + ".x",
    "five parts, encrypted": lambda: "a.b.c.d.e",
    "nothing": lambda: "",
    "dots": lambda: "..",
    "a space within": lambda: forged(HEADER).replace(".", " ."),
    "a line break after": lambda: token_of("acme") + "\n",
    "beyond ASCII": lambda: forged(HEADER) + "\u00e9",
    "too long": lambda: token_of("acme", more="x" * 10_240),
    "1,200 levels deep": lambda: forged(HEADER, deep(1_200)),
}


@pytest.mark.parametrize("make", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_signed_token_costs_no_read_and_no_fetch(make: Callable[[], str], door: Door) -> None:
    assert door.refusal(make()) == (Reason.MALFORMED_TOKEN, {})
    assert door.wire.operations() == []
    assert door.keys.asked == []


def tampered(**claims: Any) -> str:
    header, _, signature = token_of("acme").split(".")
    return f"{header}.{segment(claims_of('acme') | claims)}.{signature}"


def twice(first: str, then: str) -> str:
    """Return a token whose claims name the tenant two times, with the signature of an honest one."""
    header, _, signature = token_of("globex").split(".")
    body = json.dumps(claims_of("globex", tenantId=None)).removesuffix("}")
    claims = f'{body}, "tenantId": "{first}", "tenantId": "{then}"}}'
    return f"{header}.{segment(claims.encode())}.{signature}"


def embedded(**header: Any) -> str:
    """Return a token signed by a key of the forger's own, which it says where to find."""
    return jwt.encode(claims_of("acme"), private_key("forger"), "RS256", headers={"kid": key_id(SHARED)} | header)


FORGED: dict[str, Callable[[], str]] = {
    "another tenant": lambda: tampered(tenantId="globex"),
    "another role": lambda: tampered(tenantRole="owner"),
    "another end": lambda: tampered(exp=int(time.time()) + 99_999),
    "an end that was changed": lambda: token_of("acme")[:-8] + "AAAAAAAA",
    "the signature of another token": lambda: (
        f"{token_of('acme').rpartition('.')[0]}.{token_of('globex').rpartition('.')[2]}"
    ),
    "the tenant named twice": lambda: twice("globex", "acme"),
    "the tenant named twice, the other way round": lambda: twice("acme", "globex"),
    "no signature worth the name": lambda: forged(HEADER),
    "a key of its own": embedded,
    "a key of its own in the header": lambda: embedded(jwk=public_jwk("forger")),
    "a key of its own at an address": lambda: embedded(jku="https://forger.example/jwks.json"),
    "a certificate of its own": lambda: embedded(x5u="https://forger.example/key.pem", x5c=["MII"]),
}


@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED)
def test_what_the_user_pool_did_not_sign_is_invalid(make: Callable[[], str], door: Door) -> None:
    reason, about = door.refusal(make())
    assert reason == Reason.INVALID_TOKEN
    assert about["userPoolId"] == SHARED
    assert "user" not in about
    assert door.keys.asked == [f"/{SHARED}/jwks.json"]


def test_a_bit_more_in_the_signature_is_not_another_token(door: Door) -> None:
    """The last character of base64 has bits that mean nothing; one token has one spelling."""
    token = token_of("acme")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert door.reason(token[:-1] + alphabet[alphabet.index(token[-1]) + 1]) == Reason.INVALID_TOKEN


def test_a_key_that_is_too_short_is_not_used(door: Door) -> None:
    short = generate_private_key(public_exponent=65_537, key_size=1_024)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key())) | {"kid": "short"}
    door.keys.answer = lambda request: send(request, json.dumps({"keys": [jwk]}).encode())
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode(claims_of("acme"), short, "RS256", headers={"kid": "short"})
    assert door.refusal(token)[1]["error"] == "InvalidKeyError"


def test_the_kid_of_another_user_pool_is_unknown(door: Door) -> None:
    reason, about = door.refusal(signed(claims_of("hooli"), SHARED, kid=key_id(SILO)), "hooli")
    assert reason == Reason.UNKNOWN_KEY
    assert about == {"userPoolId": SHARED, "appClientId": BRIDGE_CLIENT, "tenantId": "hooli"}
