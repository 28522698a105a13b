"""The guide to the authorizer says what the code does: reasons, context and how long what is remembered."""

import re
from pathlib import Path

from tenant_onboarding.authorizer import handler as authorizer
from tenant_onboarding.authorizer import key_sets, registry, route_cache, token_verifier
from tenant_onboarding.authorizer.token_verifier import Identity, Reason
from tenant_onboarding.cdk import MOST_CACHED_SECONDS
from tenant_onboarding.contracts.fields import RESERVED_SUBDOMAINS
from tests.pages import TIERS_PAGE

GUIDE = (Path(__file__).parents[3] / "docs" / "authorizer.md").read_text()


def first_cells(heading: str) -> list[str]:
    """Return the first cell of each row of the table with such a heading."""
    table = GUIDE.split(f"\n{heading}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [row.split("|")[1].strip().strip("`") for row in table]


def test_every_reason_is_explained() -> None:
    assert first_cells("| reason | means |") == list(Reason)


def test_what_arrives_at_the_api_is_listed() -> None:
    identity = Identity(tenant_id="acme", tier="pool", role="member", groups=(), user_id="id", subject="user")
    assert first_cells("| field | is |") == list(authorizer.context_of(identity))


def test_the_figures_are_those_of_the_code() -> None:
    figures = re.findall(r"^\| .+ \| ([\d,]+) seconds \|$", GUIDE, re.MULTILINE)
    assert [float(figure.replace(",", "")) for figure in figures] == [
        route_cache.ROUTE_SECONDS,
        route_cache.NOTHING_SECONDS,
        key_sets.FRESH_SECONDS,
        key_sets.UNKNOWN_KEY_PAUSE_SECONDS,
        key_sets.FAILURE_PAUSE_SECONDS,
    ]
    assert f"with {token_verifier.LEEWAY_SECONDS} seconds for clocks" in GUIDE
    assert f"at most {MOST_CACHED_SECONDS} seconds |" in GUIDE
    assert f"forgotten, {route_cache.ROUTE_SECONDS:.0f} seconds later" in GUIDE
    assert f"at most {route_cache.NOTHING_SECONDS:.0f} seconds after" in GUIDE
    assert f"renewed in the last {key_sets.RENEWING_SECONDS:.0f} seconds of their hour" in GUIDE
    assert f"for keys longer than {key_sets.TIMEOUT_SECONDS:.0f} seconds" in GUIDE


def test_what_is_ours_to_mend_is_what_is_logged_as_an_error() -> None:
    (line,) = re.findall(r"^(.+) are faults on our side, at level `ERROR` in the log\.", GUIDE, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", line)) == authorizer.OURS


def test_the_names_of_a_shared_host_are_no_tenants() -> None:
    (line,) = re.findall(r"no\stenant\sgets\s(.+) and \[some more\]", GUIDE)
    assert set(re.findall(r"`(\w+)`", line)) < RESERVED_SUBDOMAINS


def test_whoever_checks_tokens_without_the_authorizer_is_told_of_every_route_that_lets_nobody_in() -> None:
    """Of a tenant that is kept out, whose route is its app client's or its own, and of the deployment's app clients."""
    steps = " ".join(TIERS_PAGE.split("Anything else that you put before an API")[1].split())
    assert steps.count(f"`state` must be `{registry.ACTIVE}`") == 2
    assert f"must not have `{registry.INTERNAL}`" in steps
