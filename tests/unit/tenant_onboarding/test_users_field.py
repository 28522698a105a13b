"""An event may say who may become a user of the tenant; by whose domains only if it names one."""

import pytest

from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.judgement import judge, schema_problems, short
from tests.unit.tenant_onboarding.sample_events import FULL, POOL, Json, changed

WITHOUT_DOMAIN = [POOL, changed("routing.emailDomains", []), FULL | {"routing": {"subdomain": "acme"}}]
DOMAIN_WORDS = "needs an email domain: name one in routing.emailDomains, or choose INVITE_ONLY or OPEN"
UNKNOWN_WORDS = "is not a field of this event; remove it"
CHOICES = "must be 'INVITE_ONLY', 'EMAIL_DOMAINS' or 'OPEN'"


def reasons(event: Json) -> list[tuple[str, str]]:
    """Return why an event is refused, each with the field."""
    return [(reason.field, reason.message) for reason in judge(event)]


@pytest.mark.parametrize("said", [{}, {"users": {}}, {"users": {"signUp": "INVITE_ONLY"}}], ids=short)
def test_nobody_but_the_invited_is_what_an_event_says_if_it_says_nothing(said: Json) -> None:
    assert TenantCreated.model_validate(POOL | said).users.signs_up == "INVITE_ONLY"
    assert schema_problems(POOL | said) == []


@pytest.mark.parametrize("sign_up", ["INVITE_ONLY", "EMAIL_DOMAINS", "OPEN"])
def test_with_a_domain_each_is_taken(sign_up: str) -> None:
    event = changed("users.signUp", sign_up)
    assert TenantCreated.model_validate(event).users.signs_up == sign_up
    assert schema_problems(event) == []


@pytest.mark.parametrize("event", WITHOUT_DOMAIN, ids=short)
def test_by_domains_needs_a_domain_and_the_others_do_not(event: Json) -> None:
    for sign_up in ("INVITE_ONLY", "OPEN"):
        assert reasons(event | {"users": {"signUp": sign_up}}) == []
    by_domains = event | {"users": {"signUp": "EMAIL_DOMAINS"}}
    assert reasons(by_domains) == [("users.signUp", DOMAIN_WORDS)]
    assert schema_problems(by_domains) != []


@pytest.mark.parametrize("value", ["open", "ANYBODY", "", " OPEN", None, True, ["OPEN"]], ids=short)
def test_anything_else_is_refused_by_model_and_schema(value: Json) -> None:
    event = changed("users.signUp", value)
    assert reasons(event) == [("users.signUp", CHOICES)]
    assert schema_problems(event) != []


@pytest.mark.parametrize("value", [None, "OPEN", ["OPEN"], 1], ids=short)
def test_users_is_an_object_of_what_there_is(value: Json) -> None:
    assert reasons(changed("users", value)) == [("users", "must be a JSON object")]
    assert reasons(changed("users", {"invite": True})) == [("users.invite", UNKNOWN_WORDS)]
