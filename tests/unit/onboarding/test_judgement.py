"""What a list, the clock or policy has against a request is said at the door, once; what a tenant has, it keeps."""

import json
from typing import Any

import pytest

from orchestrator.aws.settings import Settings
from orchestrator.onboarding import judgement, request
from orchestrator.onboarding.envelope import RejectedError
from orchestrator.tenants import stored_requests
from tenant_onboarding.contracts.fields import RESERVED_SUBDOMAINS, RESERVED_TENANT_ID
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.conftest import tenant_created
from tests.unit.tenant_onboarding.judgement import judge as judge_form
from tests.unit.tenant_onboarding.sample_providers import SAML

NOW = 1_780_000_000.0
ANY_DIRECTORY = "https://login.microsoftonline.com/common/metadata"
TAKEN_BEFORE: dict[str, Any] = {
    "tenantId": RESERVED_TENANT_ID,
    "tenantName": "Z" + "\N{COMBINING ACUTE ACCENT}" * 150 + "\N{ZERO WIDTH SPACE}",
    "tier": "silo",
    "admin": {"email": "admin@acme.example"},
    "routing": {"subdomain": "www", "emailDomains": ["acme.example", "second.example"]},
    "identityProviders": [SAML, SAML | {"name": "_second", "metadataUrl": ANY_DIRECTORY}],
    "region": "eu-west-3",
}
"""What no rule of today lets in: a reserved id and host, unseen characters, any directory, a bad name."""


def stored(**changes: Any) -> TenantCreated:
    return stored_requests.read(json.dumps(TAKEN_BEFORE | changes))


def refused(settings: Settings, detail: Any, before: TenantCreated | None = None) -> list[str]:
    try:
        request.judge(settings, detail, NOW, before)
    except RejectedError as rejected:
        return [reason.field for reason in rejected.problems]
    return []


@pytest.mark.parametrize("name", sorted(RESERVED_SUBDOMAINS))
def test_a_reserved_subdomain_is_well_formed_and_refused_at_the_door(settings: Settings, name: str) -> None:
    detail = tenant_created(routing={"subdomain": name})
    assert judge_form(detail) == []
    message = "is reserved for the product's own hosts; choose another"
    asked = TenantCreated.model_validate(detail)
    assert judgement.problems(settings, asked, NOW) == [Reason(field="routing.subdomain", message=message)]


def test_a_reserved_id_is_well_formed_and_refused_at_the_door(settings: Settings) -> None:
    detail = tenant_created(tenantId=RESERVED_TENANT_ID)
    assert judge_form(detail) == []
    assert refused(settings, detail) == ["tenantId"]


def test_every_judge_is_told_the_time_that_intake_was_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []

    def clock(_settings: Settings, _request: TenantCreated, now: float) -> list[Reason]:
        told.append(now)
        return [Reason(field="admin.email", message=f"ended at {now:.0f}")]

    monkeypatch.setattr(judgement, "JUDGES", (clock,))
    assert refused(settings, tenant_created()) == ["admin.email"]
    assert told == [NOW]


def test_what_a_tenant_has_already_is_not_judged_again(settings: Settings) -> None:
    assert refused(settings, TAKEN_BEFORE | {"tenantName": "Acme"}, stored()) == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"tenantName": "A\N{ZERO WIDTH SPACE}"}, ["tenantName"]),
        ({"routing": {"subdomain": "api", "emailDomains": ["second.example"]}}, ["routing.subdomain"]),
        ({"routing": {"subdomain": "www", "emailDomains": ["second example"]}}, ["routing.emailDomains[0]"]),
        ({"identityProviders": [SAML | {"metadataUrl": f"{ANY_DIRECTORY}/x"}]}, ["identityProviders[0].metadataUrl"]),
        ({"identityProviders": [SAML | {"name": "_third"}]}, ["identityProviders[0].name"]),
        ({"region": "eu-west-9"}, ["region"]),
        ({"security": {"mfa": "SMS"}}, ["security.mfa"]),
        ({"tier": "bridge"}, ["region"]),
        ({"tier": "gold"}, ["tier"]),
        ({"colour": 1}, ["colour"]),
        ({"admin": 1}, ["admin"]),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_what_an_amendment_changes_is_judged_as_at_the_door(
    settings: Settings, changes: dict[str, Any], fields: list[str]
) -> None:
    assert refused(settings, TAKEN_BEFORE | changes, stored()) == fields


def test_what_is_wrong_between_fields_is_not_hidden_by_what_a_tenant_has_already(settings: Settings) -> None:
    providers = [*TAKEN_BEFORE["identityProviders"], SAML | {"metadataUrl": "https://third.acme.example/m"}]
    twice = TAKEN_BEFORE["routing"] | {"emailDomains": ["second.example", "acme.example", "acme.example"]}
    both = [SAML | {"name": "_second", "metadataDocument": "<x/>"}]
    assert refused(settings, TAKEN_BEFORE | {"identityProviders": providers}, stored()) == ["identityProviders[2].name"]
    assert refused(settings, TAKEN_BEFORE | {"routing": twice}, stored()) == ["routing.emailDomains[2]"]
    assert refused(settings, TAKEN_BEFORE | {"identityProviders": both}, stored(identityProviders=both)) == []


def test_what_an_amendment_changes_is_kept_in_the_form_of_today_beside_what_stays(settings: Settings) -> None:
    changes = {
        "admin": {"email": "Second@B\u00fccher.Example"},
        "routing": {"subdomain": "www", "emailDomains": ["acme.example", "Third.Example"]},
        "security": {"passwordPolicy": {"minimumLength": 14.0}},
    }
    kept = judgement.plain(request.judge(settings, TAKEN_BEFORE | changes, NOW, stored()))
    assert kept == TAKEN_BEFORE | {
        "admin": {"email": "second@xn--bcher-kva.example"},
        "routing": {"subdomain": "www", "emailDomains": ["acme.example", "third.example"]},
        "security": {"passwordPolicy": {"minimumLength": 14}},
    }
    assert type(kept["security"]["passwordPolicy"]["minimumLength"]) is int


def test_what_is_stored_is_read_back_as_it_was_taken() -> None:
    kept = stored()
    assert judgement.plain(kept) == TAKEN_BEFORE
    assert [type(each).__name__ for each in kept.identity_providers] == ["SamlProvider", "SamlProvider"]
    assert kept.routing.tenant_code is None


def test_a_stored_request_that_keeps_the_rules_is_read_as_the_contract_reads_it() -> None:
    detail = tenant_created(tier="silo", identityProviders=[SAML], security={"mfa": "ON"}, appClient={})
    assert stored_requests.read(json.dumps(detail)) == stored_requests.put_right(detail)
    assert stored_requests.put_right(detail) == TenantCreated.model_validate(detail)
