"""An amendment may change metadata at any time, an abandonment forgets it, and no item is left of what was before."""

import re
from typing import Any

import pytest

from orchestrator.operations import amendments
from orchestrator.tenants import lifecycle, metadata
from tests.unit.conftest import tenant_created
from tests.unit.every_tier import CASES, world
from tests.unit.operations.amendment_desk import Desk, desk, fields
from tests.unit.operations.undoing import Undoing, undoing
from tests.unit.simulated_aws import Stack

__all__ = ["desk", "undoing", "world"]

BEFORE = {"stripeCustomer": "cus_1", "plan": "gold", "seller": "north"}
AFTER = {"stripeCustomer": "cus_2", "plan": "gold", "campaign": "spring"}


def found_by(stack: Stack) -> set[str]:
    """Return what acme is found by."""
    prefix = f"{metadata.METADATA}#"
    keys = [partition for partition, item in stack.items() if item == "acme" and partition.startswith(prefix)]
    return {partition.removeprefix(prefix) for partition in keys}


@pytest.mark.parametrize("step", ["AssignSharedPool", "CreateTenantAdmin", "CompleteOnboarding"])
def test_it_may_change_until_the_end_and_the_items_move_with_it(desk: Desk, step: str) -> None:
    detail = desk.stop_before(step, metadata=BEFORE)
    assert found_by(desk.stack) == {"stripeCustomer=cus_1", "plan=gold", "seller=north"}
    answer = desk.amend(detail | {"metadata": AFTER})
    assert answer.attempt == 2
    assert [(each.field, each.before, each.after) for each in answer.changes] == [
        ("metadata.stripeCustomer", "cus_1", "cus_2"),
        ("metadata.seller", "north", None),
        ("metadata.campaign", None, "spring"),
    ]
    assert found_by(desk.stack) == {"stripeCustomer=cus_2", "plan=gold", "campaign=spring"}
    assert desk.go_on()["metadata"] == AFTER
    assert desk.stack.receive(detail | {"metadata": AFTER}, "event-2") == "repeated"


def test_a_tenant_from_before_there_was_any_can_get_some(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    record = {name: value for name, value in desk.stack.record().items() if name != "metadata"}
    desk.clients.dynamodb.put_item(TableName="tenants", Item=record)
    assert desk.amend(detail | {"metadata": AFTER}).attempt == 2
    assert found_by(desk.stack) == {"stripeCustomer=cus_2", "plan=gold", "campaign=spring"}


def test_a_preview_and_a_refusal_move_nothing(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin", metadata=BEFORE)
    before = desk.everything()
    assert desk.preview(detail | {"metadata": AFTER}).attempt == 2
    assert fields(desk.amend(detail | {"metadata": AFTER | {"mail": "a@acme.example"}})) == ["metadata.mail"]
    assert desk.everything() == before


def test_more_than_one_transaction_takes_is_refused_in_words(desk: Desk) -> None:
    """All providers, domains and metadata of the largest bridge tenant cannot change at once."""
    old, new = (_largest(word) for word in ("old", "new"))
    detail = desk.stop_before("AssignSharedPool", **old)
    before = desk.everything()
    for ask in (desk.preview, desk.amend):
        answer = ask(detail | new)
        assert (answer.attempt, answer.message, fields(answer)) == (0, amendments.CANNOT, ["detail"])
        (reason,) = answer.reasons
        assert re.fullmatch(r"differs in 1\d\d keys, and at most 97 can move at once; change fewer .*", reason.message)
    assert desk.everything() == before
    answer = desk.amend(detail | {name: new[name] for name in ("identityProviders", "metadata")})
    assert answer.attempt == 2, answer.reasons


def _largest(word: str) -> dict[str, Any]:
    providers = [
        {"name": f"{word}{number}", "type": "SAML", "metadataUrl": f"https://{word}{number}.acme.example/metadata"}
        for number in range(20)
    ]
    domains = [f"{word}{number}.example" for number in range(20)]
    return {
        "tier": "bridge",
        "routing": {"subdomain": f"acme-{word}", "emailDomains": domains},
        "identityProviders": providers,
        "metadata": {f"{word}{number}": word for number in range(10)},
    }


def test_an_abandonment_forgets_it_and_leaves_no_item(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding", metadata=BEFORE)
    stack = undoing.world.stack
    assert len(found_by(stack)) == 3
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert found_by(stack) == set()
    assert "metadata" not in undoing.record
    (told,) = stack.published("TenantAbandoned")
    assert told["metadata"] == BEFORE


def test_an_id_that_is_used_again_has_the_new_ones_alone(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding", metadata=BEFORE)
    undoing.abandon()
    undoing.undo()
    stack = undoing.world.stack
    stack.change(statusChangedAt="2026-01-01T00:00:00.000Z")
    assert stack.receive(tenant_created(metadata=AFTER), "event-2") == "started"
    assert found_by(stack) == {"stripeCustomer=cus_2", "plan=gold", "campaign=spring"}
    assert stack.record()["metadata"] == AFTER
