"""The bus: whose events it lets in, which of them reach intake, and how long they are kept."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.configuration.value_types import MOST_EMITTERS
from tests.infra.template import Template, chosen, many, of_type, only, text

OWN, BILLING, STRANGER = "own", "111122223333", "999988887777"
SOURCES = ("billing.app.example", "signup")
POLICY_BYTES = 10 * 1024
"""EventBridge: a bus's policy."""
PATTERN_CHARACTERS = 4096
"""EventBridge: an event pattern."""
LET_IN = [
    (OWN, "billing.app.example", "TenantCreated"),
    (OWN, "signup", "TenantCreated"),
    (OWN, "tenant.onboarding", "TenantOnboarded"),
    (BILLING, "billing.app.example", "TenantCreated"),
    (BILLING, "signup", "TenantCreated"),
]
KEPT_OUT = [
    (OWN, "onboard.cli", "TenantCreated"),
    (OWN, "billing.app.example.evil", "TenantCreated"),
    (BILLING, "tenant.onboarding", "TenantOnboarded"),
    (BILLING, "tenant.onboarding", "TenantCreated"),
    (BILLING, "billing.app.example", "TenantOnboarded"),
    (BILLING, "onboard.cli", "TenantCreated"),
    (BILLING, None, None),
    (STRANGER, "billing.app.example", "TenantCreated"),
    (STRANGER, "tenant.onboarding", "TenantOnboarded"),
]


@pytest.fixture(scope="module")
def synthesized_guarded() -> str:
    return json.dumps(chosen(eventSources=",".join(SOURCES), eventAccounts=BILLING))


@pytest.fixture
def guarded(synthesized_guarded: str) -> Template:
    """The template of a deployment that names sources and another account, to be spoilt."""
    template: Template = json.loads(synthesized_guarded)
    return template


def statements(template: Template) -> list[dict[str, Any]]:
    return [each["Properties"]["Statement"] for each in of_type(template, "AWS::Events::EventBusPolicy").values()]


def statement(template: Template, effect: str) -> dict[str, Any]:
    (found,) = (each for each in statements(template) if each["Effect"] == effect)
    return found


def holds(operator: str, key: str, wanted: Any, context: dict[str, list[str]]) -> bool:
    """Tell what IAM says of one condition on a key that may have several values, or none."""
    values, named = context.get(key, []), set(many(wanted))
    answers = {
        "ForAllValues:StringEquals": all(value in named for value in values),
        "ForAnyValue:StringNotEquals": any(value not in named for value in values),
        "Null": bool(values) == ("false" in named),
    }
    return answers[operator]


def applies(each: dict[str, Any], account: str, context: dict[str, list[str]]) -> bool:
    principals = many(each["Principal"]["AWS"]) if isinstance(each["Principal"], dict) else [each["Principal"]]
    named = {text(principal) for principal in principals}
    return (
        (f"arn:{{Partition}}:iam::{account}:root" in named or "*" in named)
        and each["Action"] == "events:PutEvents"
        and text(each["Resource"]) == "{Bus.Arn}"
        and all(
            holds(operator, key, wanted, context)
            for operator, keys in each.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def let_in(template: Template, account: str, source: str | None, detail_type: str | None) -> bool:
    """Tell whether an event gets onto the bus of somebody whom the IAM of their own account lets put events."""
    given = {"events:source": source, "events:detail-type": detail_type}
    context = {key: [value] for key, value in given.items() if value}
    effects = {each["Effect"] for each in statements(template) if applies(each, account, context)}
    return "Deny" not in effects and (account == OWN or "Allow" in effects)


def wrong(template: Template) -> list[tuple[Any, ...]]:
    """Return which events get in that must not, or do not that must."""
    return [each for each in LET_IN if not let_in(template, *each)] + [
        each for each in KEPT_OUT if let_in(template, *each)
    ]


def test_named_accounts_put_events_of_named_sources_and_nobody_puts_others(guarded: Template) -> None:
    assert wrong(guarded) == []


def test_of_another_account_every_entry_must_be_right(guarded: Template) -> None:
    """Should IAM be asked once for several entries, one wrong source among them is enough."""
    mixed = {"events:source": ["billing.app.example", "other"], "events:detail-type": ["TenantCreated"]}
    assert not applies(statement(guarded, "Allow"), BILLING, mixed)
    assert applies(statement(guarded, "Deny"), BILLING, mixed)


SPOILT: dict[str, Callable[[Template], object]] = {
    "any source of the account": lambda t: statement(t, "Allow")["Condition"]["ForAllValues:StringEquals"].pop(
        "events:source"
    ),
    "any event of the account": lambda t: statement(t, "Allow")["Condition"]["ForAllValues:StringEquals"].pop(
        "events:detail-type"
    ),
    "an event that says nothing": lambda t: statement(t, "Allow")["Condition"].pop("Null"),
    "every account": lambda t: statement(t, "Allow").update(Principal={"AWS": "*"}),
    "another account": lambda t: statement(t, "Allow").update(
        Principal={"AWS": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::{STRANGER}:root"]]}}
    ),
    "another bus": lambda t: statement(t, "Allow").update(Resource="*"),
    "any source of our own": lambda t: statement(t, "Deny").update(Effect="Allow"),
    "other sources of the other account only": lambda t: statement(t, "Deny").update(
        Principal=statement(t, "Allow")["Principal"]
    ),
    "not even ours": lambda t: statement(t, "Deny")["Condition"]["ForAnyValue:StringNotEquals"]["events:source"].pop(),
    "nobody at all": lambda t: statement(t, "Deny").pop("Condition"),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_policy_is_noticed(spoil: Callable[[Template], object], guarded: Template) -> None:
    spoil(guarded)
    assert wrong(guarded) != []


def test_intake_takes_and_the_archive_keeps_events_of_these_sources_only(guarded: Template) -> None:
    """Whoever put it there, and by whatever permission."""
    wanted = {"detail-type": ["TenantCreated"], "source": list(SOURCES)}
    _, rule = only(guarded, "AWS::Events::Rule", "TenantCreated")
    _, archive = only(guarded, "AWS::Events::Archive", "BusArchive")
    assert rule["EventPattern"] == archive["EventPattern"] == wanted


def test_without_sources_there_is_no_policy_and_any_source_is_taken(template: Template) -> None:
    assert statements(template) == []
    _, rule = only(template, "AWS::Events::Rule", "TenantCreated")
    _, archive = only(template, "AWS::Events::Archive", "BusArchive")
    assert rule["EventPattern"] == archive["EventPattern"] == {"detail-type": ["TenantCreated"]}


def test_without_other_accounts_none_is_let_in() -> None:
    assert [each["Effect"] for each in statements(chosen(eventSources="billing"))] == ["Deny"]


def test_who_emits_by_hand_finds_the_sources_that_are_taken() -> None:
    assert chosen(eventSources="billing,signup")["Outputs"]["EventSources"]["Value"] == "billing,signup"
    assert "EventSources" not in chosen()["Outputs"]


def test_the_archive_keeps_what_the_bus_gets_for_as_long_as_is_chosen(template: Template) -> None:
    _, archive = only(template, "AWS::Events::Archive", "BusArchive")
    assert (text(archive["SourceArn"]), archive["RetentionDays"]) == ("{Bus.Arn}", 90)
    assert only(chosen(archiveDays=7), "AWS::Events::Archive", "BusArchive")[1]["RetentionDays"] == 7


def test_an_archive_for_ever_cannot_be_chosen() -> None:
    """For EventBridge 0 days are for ever; here they are none."""
    assert of_type(chosen(archiveDays=0), "AWS::Events::Archive") == {}


def test_the_most_and_longest_names_fit_into_policy_and_pattern() -> None:
    sources = [f"{number:0100}" for number in range(MOST_EMITTERS)]
    template = chosen(eventSources=sources, eventAccounts=[f"{number:012}" for number in range(MOST_EMITTERS)])
    assert len(json.dumps(statements(template))) < POLICY_BYTES
    _, rule = only(template, "AWS::Events::Rule", "TenantCreated")
    assert len(json.dumps(rule["EventPattern"])) < PATTERN_CHARACTERS
