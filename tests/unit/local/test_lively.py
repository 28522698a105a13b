"""The tenants that `onboard up --demo` brings are what it says of them; tests/e2e sees them come."""

import json

from orchestrator.aws.settings import Settings
from orchestrator.cli.local import UNSENT
from orchestrator.local import lively
from orchestrator.local.lively import AMENDED, AT_ONCE, NEWCOMERS, PAUSE_SECONDS, newcomers, secretless
from orchestrator.local.ministack import ROOT
from orchestrator.local.proof import EXAMPLES
from orchestrator.tenants import tiers
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated


def words_of(document: str) -> str:
    return " ".join((ROOT / document).read_text().split())


def reasons(settings: Settings, detail: lively.Detail) -> list[Reason]:
    """Return why a deployment refuses an event that the contract accepts."""
    request = TenantCreated.model_validate(detail)
    tier = tiers.of_plan(settings, request.tier)
    return [*tiers.problems_at_sight(settings, detail), *tiers.problems(settings, tier, request)]


def test_all_newcomers_are_accepted_and_no_two_want_the_same(settings: Settings) -> None:
    found = list(newcomers())
    assert len(found) == NEWCOMERS
    assert [each for detail in found for each in reasons(settings, detail)] == []
    others = [json.loads(file.read_text()) for file in EXAMPLES.glob("*.json")]
    for name in ("tenantId", "tenantName"):
        taken = {detail[name] for detail in others} | {lively.SECRETLESS, *lively.UNMAILED}
        assert len({detail[name] for detail in found} - taken) == NEWCOMERS
    assert len({detail["routing"]["subdomain"] for detail in found}) == NEWCOMERS
    assert {detail["tier"] for detail in found} == {"pool", "bridge", "silo"}


def test_the_event_to_try_beside_them_is_accepted_and_nobody_elses(settings: Settings) -> None:
    tenant_id, file = UNSENT
    unsent = json.loads((ROOT / file).read_text())
    others = [*newcomers(), *(json.loads(each.read_text()) for each in EXAMPLES.glob("*.json"))]
    assert (unsent["tenantId"], reasons(settings, unsent)) == (tenant_id, [])
    assert tenant_id not in {detail["tenantId"] for detail in others}
    assert unsent["routing"]["subdomain"] not in {detail["routing"]["subdomain"] for detail in others}


def test_the_readme_says_how_they_come() -> None:
    minutes = NEWCOMERS // AT_ONCE * PAUSE_SECONDS / 60
    assert (AT_ONCE, minutes) == (4, 2)
    assert f"four at once every {PAUSE_SECONDS} seconds for two minutes" in words_of("README.md")


def test_newcomers_are_the_same_every_time() -> None:
    assert list(newcomers()) == list(newcomers())


def test_the_corrected_event_differs_in_the_provider_only(settings: Settings) -> None:
    wrong, corrected = secretless(settings), json.loads((ROOT / AMENDED).read_text())
    assert reasons(settings, wrong) == reasons(settings, corrected) == []
    assert {name for name in wrong if wrong[name] != corrected[name]} == {"identityProviders"}
    assert wrong.keys() == corrected.keys()
    assert [provider["type"] for provider in corrected["identityProviders"]] == ["SAML"]
    assert wrong["tenantId"] == lively.SECRETLESS
