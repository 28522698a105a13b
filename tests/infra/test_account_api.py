"""The template obeys the rules of the account API, and each rule can tell when it does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.account_api import ANYBODYS, OF_SESSIONS
from orchestrator.users.contract import BASE_PATH
from tests.infra import account_api_rules as rules
from tests.infra.account_api_rules import API, AUTH, RULES
from tests.infra.template import Template, of_api
from tests.infra.template_rules import Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_obeys(rule: Rule, template: Template) -> None:
    """No rule has a complaint about what is synthesized."""
    assert rule(template) == []


def one(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of some resource of the API, to be spoilt."""
    return next(iter(of_api(template, kind, API).values()))


def route(template: Template, key: str) -> dict[str, Any]:
    """Return the properties of a route, to be spoilt."""
    return next(each for each in of_api(template, "Route", API).values() if each["RouteKey"] == key)


def bounds(template: Template, key: str) -> dict[str, int]:
    """Return the bounds of a route, to be spoilt."""
    found: dict[str, int] = one(template, "Stage")["RouteSettings"][key]
    return found


def log(template: Template, variable: str) -> None:
    """Log one thing more of each request."""
    settings = one(template, "Stage")["AccessLogSettings"]
    settings["Format"] = json.dumps(json.loads(settings["Format"]) | {"more": variable})


SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    "a token before there is any": (
        lambda t: route(t, f"POST {AUTH}/register").update(AuthorizationType="JWT"),
        rules.each_path_leads_to_its_function_and_asks_for_no_token,
    ),
    "another method": (
        lambda t: route(t, f"POST {AUTH}/confirm").update(RouteKey=f"ANY {AUTH}/confirm"),
        rules.each_path_leads_to_its_function_and_asks_for_no_token,
    ),
    "a path that is answered by nothing": (
        lambda t: route(t, "$default").update(RouteKey="GET /"),
        rules.each_path_leads_to_its_function_and_asks_for_no_token,
    ),
    "registrations that use up what confirming may": (
        lambda t: one(t, "Stage")["RouteSettings"].pop(f"POST {AUTH}/confirm"),
        rules.each_path_is_throttled_by_itself,
    ),
    "as many as anybody likes": (
        lambda t: bounds(t, f"POST {AUTH}/register").update(ThrottlingBurstLimit=5_000),
        rules.each_path_is_throttled_by_itself,
    ),
    "passwords faster than Cognito sets them": (
        lambda t: bounds(t, f"POST {AUTH}/reset-password").update(ThrottlingRateLimit=10),
        rules.each_path_is_throttled_by_itself,
    ),
    "sign-ins faster than leaves others enough": (
        lambda t: bounds(t, f"POST {AUTH}/sign-in").update(ThrottlingRateLimit=90, ThrottlingBurstLimit=90),
        rules.each_path_is_throttled_by_itself,
    ),
    "no bound of the rest": (
        lambda t: one(t, "Stage").pop("DefaultRouteSettings"),
        rules.each_path_is_throttled_by_itself,
    ),
    "no access log": (
        lambda t: one(t, "Stage").pop("AccessLogSettings"),
        rules.requests_are_logged_without_what_names_anybody,
    ),
    "where somebody is in the log": (
        lambda t: log(t, "$context.domainName"),
        rules.requests_are_logged_without_what_names_anybody,
    ),
    "every page": (
        lambda t: one(t, "Api").update(CorsConfiguration={"AllowOrigins": ["*"]}),
        rules.requests_are_logged_without_what_names_anybody,
    ),
}


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_template_is_noticed(spoil: Callable[[Template], object], rule: Rule, template: Template) -> None:
    """The rule complains about a template that breaks it."""
    spoil(template)
    assert rule(template) != []


def test_each_rule_is_shown_to_complain() -> None:
    """No rule is left without a template that breaks it."""
    assert {rule for _, rule in SPOILT.values()} == set(RULES)


def test_every_path_is_below_that_of_the_output() -> None:
    """Whoever has the address adds the rest of a path."""
    assert [path for path in (*ANYBODYS, *OF_SESSIONS) if not path.startswith(f"{BASE_PATH}/auth/")] == []
