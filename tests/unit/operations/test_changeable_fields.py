"""Each field of a request may change until a step that builds it into something is done or in doubt."""

from typing import Any

import pytest

from orchestrator.onboarding import changeable_fields, intake, request
from orchestrator.operations.amendments import CANNOT
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Record
from tenant_onboarding.contracts.fields import TIERS
from tests import pages
from tests.unit.conftest import tenant_created
from tests.unit.operations.amendment_desk import ADMIN, ELSEWHERE, MENDED, ROUTING, SAML, SECOND, Desk, desk
from tests.unit.tenant_onboarding.event_fields import FIELDS

__all__ = ["desk"]

DOCUMENTED = "| field | may change until this is done or in doubt |"


def test_every_field_of_the_contract_has_a_decision_and_no_other() -> None:
    """Whoever adds a field says which steps build it into something; the tenant's id alone never changes."""
    assert set(changeable_fields.HELD_BY) == set(FIELDS) - {"tenantId"}
    assert {step for holders in changeable_fields.HELD_BY.values() for step in holders} == set(changeable_fields.HOLDER)
    assert set(changeable_fields.HOLDER) <= {step for tier in TIERS for step in all_steps(tier)}


def test_operations_says_which_steps_hold_which_field() -> None:
    told = {
        field: set(pages.names(cell)) & set(changeable_fields.HOLDER)
        for shown, cell in pages.rows(pages.OPERATIONS, DOCUMENTED)
        for field in changeable_fields.HELD_BY
        if any(field.startswith(name) for name in pages.names(shown))
    }
    assert told == {field: set(holders) for field, holders in changeable_fields.HELD_BY.items()}


def all_steps(tier: Any) -> set[str]:
    return {step for federated in (False, True) for step in tiers.path(tier, federated=federated)}


POLICY = {
    "minimumLength": 20,
    "requireLowercase": False,
    "requireUppercase": False,
    "requireNumbers": False,
    "requireSymbols": False,
    "temporaryPasswordValidityDays": 3,
    "passwordHistorySize": 4,
}
EVERYWHERE: dict[str, tuple[dict[str, Any], str]] = {
    "tenantName": ({"tenantName": "Acme Ltd."}, ""),
    "routing.subdomain": ({"routing": ROUTING | {"subdomain": "acme-new"}}, "CreateAppClient"),
    "routing.tenantCode": ({"routing": ROUTING | {"tenantCode": "ACME-43"}}, "RegisterRouting"),
    "routing.emailDomains": ({"routing": ROUTING | {"emailDomains": ["acme.example"]}}, ""),
    "admin.email": ({"admin": ADMIN | {"email": "other@acme.example"}}, "CreateTenantAdmin"),
    "admin.name": ({"admin": ADMIN | {"name": "Other"}}, "CreateTenantAdmin"),
    "admin.locale": ({"admin": ADMIN | {"locale": "de-AT"}}, ""),
    "metadata": ({"metadata": {"stripeCustomer": "cus_2"}}, ""),
    "users.signUp": ({"users": {"signUp": "OPEN"}}, "RegisterRouting"),
}
OWN_CLIENTS: dict[str, tuple[dict[str, Any], str]] = EVERYWHERE | {
    "appClient.callbackUrls": ({"appClient": {"callbackUrls": ["https://acme.example/in"]}}, "CreateAppClient"),
    "appClient.logoutUrls": ({"appClient": {"logoutUrls": ["https://acme.example/out"]}}, "CreateAppClient"),
}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, tuple[dict[str, Any], str]]]] = {
    "pool": (
        {"tier": "pool"},
        EVERYWHERE
        | {
            "routing.subdomain": (EVERYWHERE["routing.subdomain"][0], "RegisterRouting"),
            "tier": ({"tier": "silo"}, "AssignSharedPool"),
            "tier, the plan's name": ({"tier": "basic"}, ""),
        },
    ),
    "bridge": (
        {"tier": "bridge"},
        OWN_CLIENTS
        | {
            "tier": ({"tier": "silo"}, "AssignSharedPool"),
            "identityProviders, the first one": ({"identityProviders": [SAML]}, "AssignSharedPool"),
        },
    ),
    "bridge with SAML": (
        {"tier": "bridge", "identityProviders": [SAML]},
        OWN_CLIENTS
        | {
            "admin.email": (EVERYWHERE["admin.email"][0], "SendWelcomeEmail"),
            "admin.name": (EVERYWHERE["admin.name"][0], ""),
            "tier": ({"tier": "silo"}, "AssignSharedPool"),
            "identityProviders, its address": ({"identityProviders": [MENDED]}, "CreateIdentityProviders"),
            "identityProviders, another": ({"identityProviders": [SECOND]}, "CreateIdentityProviders"),
            "identityProviders, one more": ({"identityProviders": [SAML, SECOND]}, "AssignSharedPool"),
            "identityProviders, none": ({"identityProviders": []}, "AssignSharedPool"),
        },
    ),
    "silo": (
        {"tier": "silo"},
        OWN_CLIENTS
        | {
            "tier": ({"tier": "bridge"}, "CreateUserPool"),
            "region": ({"region": ELSEWHERE}, "CreateUserPool"),
            "security.mfa": ({"security": {"mfa": "ON"}}, "ConfigureUserPool"),
            **{
                f"security.passwordPolicy.{name}": ({"security": {"passwordPolicy": {name: value}}}, "CreateUserPool")
                for name, value in POLICY.items()
            },
            "identityProviders, the first one": ({"identityProviders": [SAML]}, "CreateAppClient"),
        },
    ),
    "silo with SAML": (
        {"tier": "silo", "identityProviders": [SAML]},
        {
            "identityProviders, one more": ({"identityProviders": [SAML, SECOND]}, "CreateIdentityProviders"),
            "identityProviders, none": ({"identityProviders": []}, "CreateIdentityProviders"),
        },
    ),
}
"""By kind of tenant: each field, a change of it, and the step that, once done, forbids it; none for never."""
SETS_ANEW = {
    "ConfigureUserPool": {"security.mfa"},
    "CreateIdentityProviders": {"identityProviders, its address", "identityProviders, one more"},
}
"""What may change while the step that would forbid it is in doubt: it brings up to it what it made before."""


def test_each_field_is_tried_on_some_kind_of_tenant() -> None:
    tried = {name.split(",")[0] for _, changed in CHANGES.values() for name in changed}
    assert tried == set(changeable_fields.HELD_BY)


def refused(desk: Desk, kind: str, record: Record) -> set[str]:
    """Try every change of a kind of tenant, as its record stands; return those that are refused, each in good words."""
    changes, changed = CHANGES[kind]
    settings = desk.stack.settings.model_copy(update={"regions": (ELSEWHERE,)})
    before = request.judge(settings, tenant_created(**changes), 0)
    found = set()
    for name, (change, _) in changed.items():
        detail = tenant_created(**(changes | change))
        after, field = request.judge(settings, detail, 0), name.split(",")[0]
        differences = changeable_fields.differences(settings, record, before, after)
        assert {each.held_as for each in differences} == {field}, name
        asked = request.asked_for(settings, after, detail)
        for reason in changeable_fields.contradictions(desk.clients, record, asked, before, after, differences):
            assert reason.field.startswith(field)
            assert reason.message.endswith("abandon the tenant, then emit it anew: onboard abandon acme")
            found.add(name)
    return found


@pytest.mark.parametrize("kind", CHANGES)
def test_each_field_may_change_until_a_step_that_holds_it_is_done_or_in_doubt(kind: str, desk: Desk) -> None:
    """At each step: before it is begun, refused by AWS, begun by somebody who died, and done."""
    changes, changed = CHANGES[kind]
    assert desk.stack.receive(tenant_created(**changes)) == intake.STARTED
    done: set[str] = set()
    for step in desk.path:
        record = desk.stack.record()

        def at(status: str, begun: int, settled: int, record: Record = record, step: str = step) -> Record:
            entry = {"status": status, "begun": begun, "settled": settled}
            return record | {"steps": record["steps"] | {step: entry}}

        held = {name for name, (_, holder) in changed.items() if holder in done}
        its_own = {name for name, (_, holder) in changed.items() if holder == step}
        assert refused(desk, kind, record) == held
        of_several_calls = its_own if step == "CreateTenantAdmin" else set()
        assert refused(desk, kind, at("FAILED", 1, 1)) == held | of_several_calls, step
        for status, begun, settled in (("RUNNING", 1, 0), ("FAILED", 2, 1), ("PENDING", 2, 1)):
            assert refused(desk, kind, at(status, begun, settled)) == held | its_own - SETS_ANEW.get(step, set()), step
        desk.run(step)
        done.add(step)
    assert refused(desk, kind, desk.stack.record()) == {name for name, (_, holder) in changed.items() if holder}


def test_a_reason_says_what_holds_the_field_and_what_to_do(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin", tier="bridge")
    answer = desk.amend(detail | {"routing": {"subdomain": "acme-new"}})
    assert (answer.attempt, answer.message) == (0, CANNOT)
    assert [reason.model_dump() for reason in answer.reasons] == [
        {
            "field": "routing.subdomain",
            "message": "is part of the tenant's app client already; abandon the tenant, then emit it anew: "
            "onboard abandon acme",
        }
    ]
