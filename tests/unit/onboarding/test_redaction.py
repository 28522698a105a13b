"""What is refused is kept without the secrets that had no place in it, however they are wrapped."""

import json
import time
from typing import Any

import pytest

from orchestrator.onboarding.redaction import REMOVED, without_secrets
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.conftest import message, tenant_created
from tests.unit.identity.providers import PEM
from tests.unit.tenant_onboarding.sample_providers import LEAST

SECRET = "hunter2"
NAMES = [
    "clientSecret",
    "client_secret",
    "client-secret",
    "CLIENT_SECRET",
    "Client Secret",
    "secret",
    "secrets",
    "password",
    "Password",
    "adminPassword",
    "privateKey",
    "private_key",
    "apiKey",
    "api_key",
    "x-api-key",
    "accessToken",
    "token",
    "credential",
    "credentials",
]
VALUES: list[Any] = [
    SECRET,
    f'a "quoted" \\ {SECRET}',
    PEM + SECRET,
    {"value": SECRET},
    {"a": [{"b": SECRET}]},
    [SECRET],
    [[{"a": SECRET}]],
    {SECRET: 1},
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:30])
def test_what_a_secret_field_holds_is_removed_and_nothing_else(name: str, value: Any) -> None:
    detail = {"tenantId": "acme", "identityProviders": [{"name": "sso", name: value, "scopes": ["openid"]}]}
    kept = without_secrets(json.dumps(detail))
    assert SECRET not in kept
    assert json.loads(kept) == {
        "tenantId": "acme",
        "identityProviders": [{"name": "sso", name: REMOVED, "scopes": ["openid"]}],
    }


@pytest.mark.parametrize("value", [123456, 1.5, True, None, 0, ""], ids=repr)
def test_a_secret_may_be_of_any_kind(value: Any) -> None:
    assert json.loads(without_secrets(json.dumps({"pinToken": value, "n": 1}))) == {"pinToken": REMOVED, "n": 1}


@pytest.mark.parametrize(
    "body",
    [
        rf'{{"client\u0053ecret": "{SECRET}"}}',
        rf'{{"\u0063\u006c\u0069entSecret": {{"a": "{SECRET}"}}}}',
        r'{"password" : "\u0068unter2"}',
        f'{{"clientSecret":\n\t"{SECRET}"}}',
        f'{{"clientSecret": "{SECRET}", "clientSecret": "{REMOVED}"}}',
        f'{{"clientSecret": "{SECRET}", "clientSecret": "other"}}',
        f'{{"detail": {{"clientSecret": "{SECRET}"}}, "detail": {{}}}}',
        f'[[{{"apiKey": "{SECRET}"}}]]',
        f'{{"detail": {{"a": [1, {{"token": "{SECRET}"}}]}}, "n": NaN}}',
    ],
)
def test_no_spelling_of_json_hides_a_secret(body: str) -> None:
    kept = without_secrets(body)
    assert SECRET not in kept
    assert "unter2" not in kept


UNREADABLE = [
    f'{{"clientSecret": "{SECRET}"',
    f'{{"clientSecret": "{SECRET}',
    f'{{"a": 1, "client_secret" : "{SECRET}", }}',
    f'{{"privateKey": "a \\" {SECRET}", nonsense',
    f'{{"apiKey": "{SECRET}"}}}}',
    f'{{"API-KEY": "{SECRET}" ...',
    f'{{"credentials": "{SECRET}" ...',
    f'{{"secrets": "{SECRET}" ...',
    "[" * 100_000 + f'{{"password": "{SECRET}"}}',
    "[" * 100_000 + f'{{"password": "{SECRET}"}}' + "]" * 100_000,
    f'{{"n": {"9" * 5_000}, "password": "{SECRET}"}}',
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: body[-60:])
def test_of_what_cannot_be_read_the_text_of_secret_fields_is_removed(body: str) -> None:
    kept = without_secrets(body)
    assert SECRET not in kept
    assert REMOVED in kept
    assert kept[:5] == body[:5]


POLICY = {
    "minimumLength": 20,
    "requireLowercase": True,
    "requireUppercase": False,
    "requireNumbers": True,
    "requireSymbols": True,
    "temporaryPasswordValidityDays": 1,
    "passwordHistorySize": 5,
}
UNTOUCHED = [
    message(tenant_created(tier="silo", identityProviders=list(LEAST.values()), security={"passwordPolicy": POLICY})),
    message(tenant_created(tenantName="Secret & Password Ltd.", tier="gold")),
    json.dumps({"clientSecretArn": "arn:kept", "keyId": "K", "secretary": "Ada", "tokens": 3, "passwordless": True}),
    '{"a" :1,\n  "b": 1.50, "a": 2}',
    '{"text": "clientSecret"}',
    "",
    "nonsense",
    '{"detail": ',
    '"secret"',
    "[" * 100_000,
    "\ud800",
    '{"n": NaN}',
    "null",
]


@pytest.mark.parametrize("body", UNTOUCHED, ids=lambda body: ascii(body)[:40])
def test_a_message_without_a_secret_is_kept_as_it_came(body: str) -> None:
    assert without_secrets(body) == body


def test_no_field_of_our_own_contract_is_taken_for_a_secret() -> None:
    schema = json.dumps(TenantCreated.model_json_schema(by_alias=True))
    assert without_secrets(schema) == schema


def test_letters_beyond_ascii_stay_readable() -> None:
    kept = without_secrets(json.dumps({"name": "Zürich 名", "password": SECRET}, ensure_ascii=False))
    assert kept == f'{{"name": "Zürich 名", "password": "{REMOVED}"}}'


MEGABYTE = 1_000_000
HOSTILE = {
    "quotes": '"' * MEGABYTE,
    "names without an end": '"secret' * (MEGABYTE // 7),
    "one long name": f'"{"secret" * (MEGABYTE // 6)}": "',
    "a long readable name": f'{{"{"token" * (MEGABYTE // 5)}x": 1}}',
    "names and no values": '"secret":' * (MEGABYTE // 9),
    "white space before a colon": f'"secret"{" " * MEGABYTE}',
    "white space after a colon": f'"secret":{" " * MEGABYTE}',
    "white space and no colon": ('"secret"' + " " * 92) * (MEGABYTE // 100),
    "a value without an end": '"secret":"' + "a" * MEGABYTE,
    "a value of backslashes": '"secret":"' + "\\" * MEGABYTE,
    "values of backslashes": ('"secret":"' + "\\" * 41) * (MEGABYTE // 51),
    "many names": json.dumps({f"secret{number}": number for number in range(MEGABYTE // 20)}),
    "many objects": json.dumps([{"secret": 1}] * (MEGABYTE // 15)),
    "depth that can be read": '{"a":' * 900 + '{"secret": 1}' + "}" * 900,
    "depth that cannot": '{"a":' * (MEGABYTE // 5),
    "long names": f'"{"a" * 64}' * (MEGABYTE // 65),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_takes_no_longer_than_its_length(name: str) -> None:
    began = time.process_time()
    kept = without_secrets(HOSTILE[name])
    assert time.process_time() - began < 5
    assert isinstance(kept, str)
