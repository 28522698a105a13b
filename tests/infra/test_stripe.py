"""The Stripe adapter's template: which subscriptions become which detail, and nothing is lost on the way."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from examples.stripe.stack import SOURCE, STACK_NAME
from orchestrator.local import assembly
from orchestrator.local.rewrites import rewrite
from orchestrator.local.synth import synthesize
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.infra.source import ROOT
from tests.infra.template import many
from tests.infra.template_differences import ENDPOINT, differences

Template = dict[str, Any]
README = (ROOT / "examples/stripe/README.md").read_text()
SAMPLE = json.loads((ROOT / "examples/stripe/customer.subscription.created.json").read_text())
DEAD_LETTERS = re.compile("DeadLetters")


@pytest.fixture(scope="module")
def adapter() -> Template:
    template: Template = json.loads(
        assembly.find(synthesize(app="examples.stripe.app"), STACK_NAME).template.read_text()
    )
    return template


def of_type(adapter: Template, kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in adapter["Resources"].values() if each["Type"] == kind]


def found(event: Any, path: str) -> Any:
    """Return what a JSON path without frills leads to."""
    for name in path.removeprefix("$.").split("."):
        event = event[name]
    return event


def test_both_rules_listen_on_stripes_bus_and_lose_nothing(adapter: Template) -> None:
    rules = of_type(adapter, "AWS::Events::Rule")
    patterns = {rule["EventPattern"]["detail-type"][0]: rule["EventPattern"]["detail"]["data"] for rule in rules}
    in_use = {"status": ["active", "trialing"], "metadata": {"tenantId": [{"exists": True}]}}
    assert patterns == {
        "customer.subscription.created": {"object": in_use},
        "customer.subscription.updated": {"object": in_use, "previous_attributes": {"status": ["incomplete"]}},
    }
    (asked,) = of_type(adapter, "AWS::Lambda::EventInvokeConfig")
    lost = [asked["DestinationConfig"]["OnFailure"]["Destination"]]
    for rule in rules:
        assert rule["EventBusName"] == {"Ref": "StripeBus"}
        (target,) = rule["Targets"]
        lost.append(target["DeadLetterConfig"]["Arn"])
    assert len(lost) == 3
    assert all(DEAD_LETTERS.match(each["Fn::GetAtt"][0]) for each in lost)


def test_the_input_transformers_make_a_detail_that_the_contract_accepts(adapter: Template) -> None:
    """As EventBridge does: each value that is not in quotes is put in as JSON."""
    for rule in of_type(adapter, "AWS::Events::Rule"):
        transformer = rule["Targets"][0]["InputTransformer"]
        made = transformer["InputTemplate"]
        for name, path in transformer["InputPathsMap"].items():
            made = made.replace(f"<{name}>", json.dumps(found(SAMPLE, path)))
        assert TenantCreated.model_validate_json(made).model_dump(by_alias=True, exclude_unset=True) == {
            "tenantId": "vandelay",
            "tenantName": 'Vandelay "Latex" Industries',
            "tier": "basic",
            "admin": {"email": "admin@vandelay.example"},
            "routing": {"subdomain": "vandelay"},
            "metadata": {
                "stripeCustomer": SAMPLE["detail"]["data"]["object"]["customer"],
                "stripeSubscription": SAMPLE["detail"]["data"]["object"]["id"],
            },
        }
        metadata = {path.rpartition(".")[2] for path in transformer["InputPathsMap"].values() if ".metadata." in path}
        assert metadata == set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))


def test_the_function_may_put_events_on_the_onboarding_bus_and_nothing_else(adapter: Template) -> None:
    (policy,) = of_type(adapter, "AWS::IAM::Policy")
    granted = {
        action: json.dumps(each["Resource"])
        for each in policy["PolicyDocument"]["Statement"]
        for action in many(each["Action"])
    }
    assert granted.keys() == {"events:PutEvents", "sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
    assert '{"Ref": "EventBusName"}' in granted["events:PutEvents"]
    assert "DeadLetters" in granted["sqs:SendMessage"]


def test_it_runs_locally_as_it_is_deployed(adapter: Template) -> None:
    local, dropped = rewrite(adapter, ENDPOINT)
    assert dropped == []
    assert {each.path[2:] for each in differences(adapter, local)} == {("Properties", "Runtime")}


def test_what_the_guide_names_is_there(adapter: Template) -> None:
    for name in (*adapter["Parameters"].keys() - {"BootstrapVersion"}, *adapter["Outputs"], SOURCE):
        assert f"`{name}`" in README, name


class Bus:
    """Answers PutEvents, or says that it did not take the entry."""

    def __init__(self, code: str | None = None) -> None:
        self.code, self.entries = code, list[dict[str, Any]]()

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        self.entries += Entries
        return {"FailedEntryCount": int(bool(self.code)), "Entries": [{"ErrorCode": self.code} if self.code else {}]}


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function's module as Lambda loads it: alone."""
    path = Path(ROOT / "examples/stripe/functions/publish.py")
    spec = importlib.util.spec_from_file_location("publish", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("ADAPTER_EVENT_BUS", "TenantOnboardingBus")
    monkeypatch.setenv("ADAPTER_SOURCE", SOURCE)
    return module


def test_the_function_passes_on_what_it_is_given(publish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus()
    monkeypatch.setattr(publish, "client", lambda: bus)
    publish.handler({"tenantId": ""}, None)
    (entry,) = bus.entries
    assert (entry["EventBusName"], entry["Source"]) == ("TenantOnboardingBus", "stripe")
    assert (entry["DetailType"], json.loads(entry["Detail"])) == ("TenantCreated", {"tenantId": ""})


def test_what_the_bus_does_not_take_is_an_error_without_a_name_in_it(
    publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "client", lambda: Bus("InternalFailure"))
    with pytest.raises(RuntimeError, match=r"^PutEvents: InternalFailure$"):
        publish.handler({"admin": {"email": "admin@vandelay.example"}}, None)
