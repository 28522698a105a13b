"""The account API of the deployed template, by HTTP, with IAM enforced: whoever proves an address becomes a user."""

import pytest
from botocore.exceptions import ClientError

from tests.e2e.accounts import FIRST, SECOND, Somebody
from tests.e2e.world import World, federated, tenant


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_somebody_registers_confirms_and_forgets_the_password(everything: World, tier: str) -> None:
    tenant_id = f"registers-{tier}"
    everything.onboard(tenant(tenant_id, tier=tier, users={"signUp": "OPEN"}))
    jane = Somebody(everything, tenant_id, f"jane@{tenant_id}.example")

    link = jane.link("register", name="Jane Doe")
    assert (link["host"], link["action"]) == (jane.host, "confirm")
    assert jane.click(link, "short").status_code == 400
    made = jane.click(link, FIRST)
    assert made.status_code == 201
    claims = jane.sign_in(FIRST).claims
    assert (claims["tenantId"], claims["tenantRole"], claims["userId"]) == (tenant_id, "member", made.json()["userId"])
    assert jane.click(link, SECOND).status_code == 410

    again = jane.link("forgot-password")
    assert (again["host"], again["action"]) == (jane.host, "reset")
    assert jane.click(again, SECOND).status_code == 204
    assert jane.sign_in(SECOND).claims["userId"] == made.json()["userId"]
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        jane.sign_in(FIRST)


def test_a_secret_of_one_tenant_is_none_of_another(everything: World) -> None:
    """Not at another host, and not for another purpose."""
    for tenant_id in ("links-one", "links-two"):
        everything.onboard(tenant(tenant_id, users={"signUp": "OPEN"}))
    jane = Somebody(everything, "links-one", "jane@links-one.example")
    link = jane.link("register")
    wrong = [
        jane.ask(
            "confirm", host=f"links-two.{everything.stack.settings.app_domain}", token=link["token"], password=FIRST
        ),
        jane.ask("confirm", host="nowhere.example", token=link["token"], password=FIRST),
        jane.ask("confirm", token="A" * 22, password=FIRST),
        jane.ask("reset-password", token=link["token"], password=FIRST),
    ]
    assert {(answer.status_code, answer.text) for answer in wrong} == {(410, wrong[0].text)}
    assert jane.click(link, FIRST).status_code == 201


def test_a_federated_tenant_says_where_to_go(everything: World) -> None:
    everything.onboard(federated("goes-elsewhere"))
    somebody = Somebody(everything, "goes-elsewhere", "jane@goes-elsewhere.example")
    answer = somebody.ask("confirm", token="A" * 22, password=FIRST)
    assert (answer.status_code, answer.json()["signInAddress"]) == (409, f"https://{somebody.host}")
    assert somebody.ask("register", email=somebody.email).status_code == 202


def test_a_large_body_and_one_that_claims_a_role_are_refused(everything: World) -> None:
    somebody = Somebody(everything, "early-0", "jane@early-0.example")
    assert somebody.ask("register", email=somebody.email, name="n" * 1_000_000).status_code == 413
    assert somebody.ask("register", email=somebody.email, role="admin").status_code == 400
    assert somebody.ask("register", email=somebody.email, tenantId="early-1").status_code == 400
