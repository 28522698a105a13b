"""Our emails are sent safely, and what becomes of them reaches one function: ours, of this stack, and no others."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from infra import ROOT
from infra.bundling import EMAIL_TEMPLATES
from infra.email_templates import checked
from orchestrator.emails import reports
from orchestrator.local.assembly import stacks
from orchestrator.local.synth import synthesize
from tests.infra.template import Template, chosen, functions, of_type, text

EVENTS = [json.loads(path.read_text()) for path in sorted((ROOT / "tests/events/ses").glob("*.json"))]
DETAIL_TYPES = {
    "bounce": "Email Bounced",
    "complaint": "Email Complaint Received",
    "delivery": "Email Delivered",
    "deliveryDelay": "Email Delivery Delayed",
    "reject": "Email Rejected",
}
"""SES's names of what an event destination matches, and EventBridge's of the events."""


def matches(pattern: Any, value: Any) -> bool:  # Any: JSON
    """Tell whether EventBridge would match: each name that a pattern has, and of several values any."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(matches(each, value.get(name)) for name, each in pattern.items())
    values = value if isinstance(value, list) else [value]
    return any(each in pattern for each in values)


@pytest.fixture
def pattern(template: Template) -> Any:  # Any: JSON
    """The pattern of the rule, for a stack whose configuration set is that of the samples."""
    (rule,) = [each["Properties"] for name, each in of_type(template, "AWS::Events::Rule").items() if "Email" in name]
    found = copy.deepcopy(rule["EventPattern"])
    sets = [{"Ref": name} for name in of_type(template, "AWS::SES::ConfigurationSet")]
    assert found["detail"]["mail"]["tags"]["ses:configuration-set"] == sets
    found["detail"]["mail"]["tags"]["ses:configuration-set"] = ["ConfigSet", "People"]
    return found


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event["detail-type"]))
def test_an_event_as_documented_reaches_the_function(event: Any, pattern: Any) -> None:
    """Of welcome emails and of people's mail, each with its own configuration set."""
    assert matches(pattern, event)
    of_people = copy.deepcopy(event)
    of_people["detail"]["mail"]["tags"] |= {"email": ["people"], "ses:configuration-set": ["People"]}
    assert matches(pattern, of_people)


@pytest.mark.parametrize(
    "change",
    [
        {"email": ["newsletter"]},
        {"email": None},
        {"ses:configuration-set": ["AnotherSet"]},
        {"ses:configuration-set": None},
    ],
)
def test_what_is_told_of_other_mail_does_not(change: dict[str, Any], pattern: Any) -> None:
    event = copy.deepcopy(EVENTS[0])
    event["detail"]["mail"]["tags"] |= change
    assert not matches(pattern, event)


@pytest.mark.parametrize("change", [{"source": "mine"}, {"detail-type": "Email Opened"}])
def test_other_events_do_not(change: dict[str, str], pattern: Any) -> None:
    assert not matches(pattern, EVENTS[0] | change)


def test_the_rule_is_on_the_default_bus_and_leads_to_the_functions_queue(template: Template) -> None:
    """SES knows no other bus; what the queue cannot be given is a dead letter of the rules, as of every rule."""
    (rule,) = [each["Properties"] for name, each in of_type(template, "AWS::Events::Rule").items() if "Email" in name]
    assert "EventBusName" not in rule
    (target,) = rule["Targets"]
    assert text(target["Arn"]) == "{MailFeedbackQueue.Arn}"
    assert text(target["DeadLetterConfig"]["Arn"]) == "{RuleDeadLetters.Arn}"
    fed = {
        text(each["Properties"]["EventSourceArn"]): text(each["Properties"]["FunctionName"])
        for each in of_type(template, "AWS::Lambda::EventSourceMapping").values()
    }
    assert fed["{MailFeedbackQueue.Arn}"] == "{6 of {MailFeedbackAlias} at :}:live"


def test_ses_publishes_what_the_function_reads_and_tracks_nobody(template: Template) -> None:
    destinations = [
        each["Properties"] for each in of_type(template, "AWS::SES::ConfigurationSetEventDestination").values()
    ]
    sets = [{"Ref": name} for name in of_type(template, "AWS::SES::ConfigurationSet")]
    assert [each["ConfigurationSetName"] for each in destinations] == sets
    published, peoples = [each["EventDestination"] for each in destinations]
    assert published == peoples
    assert {DETAIL_TYPES[name] for name in published["MatchingEventTypes"]} == set(reports.DETAIL_TYPES)
    assert published["Enabled"] is True
    assert text(published["EventBridgeDestination"]["EventBusArn"]).endswith(":event-bus/default")


def test_an_email_goes_over_tls_only_and_not_to_whom_it_bounced(template: Template) -> None:
    made, peoples = [each["Properties"] for each in of_type(template, "AWS::SES::ConfigurationSet").values()]
    assert made == peoples
    assert made["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    assert set(made["SuppressionOptions"]["SuppressedReasons"]) == {"BOUNCE", "COMPLAINT"}
    assert made["ReputationOptions"] == {"ReputationMetricsEnabled": True}


def told_sets(template: Template) -> list[str]:
    """Return the logical names of the configuration sets."""
    return list(of_type(template, "AWS::SES::ConfigurationSet"))


def test_what_sends_mail_is_told_its_own_configuration_set_and_nothing_else_is(template: Template) -> None:
    """People's mail has one of its own: what becomes of it does not spoil that of welcome emails."""
    name = "ONBOARDING_CONFIGURATION_SET"
    told = {each: found["Environment"]["Variables"].get(name) for each, (_, found) in functions(template).items()}
    (welcomes,), (peoples,) = (
        [each for each in told_sets(template) if ("People" in each) is of] for of in (False, True)
    )
    assert {each: value for each, value in told.items() if value} == {
        "welcome": {"Ref": welcomes},
        "proof_requests": {"Ref": peoples},
    }


def test_an_identity_is_made_where_that_is_chosen_and_says_what_to_publish(template: Template) -> None:
    assert not of_type(template, "AWS::SES::EmailIdentity")
    making = chosen(createSenderIdentity="true", sender="hello@mail.app.example")
    ((name, identity),) = of_type(making, "AWS::SES::EmailIdentity").items()
    assert identity["Properties"]["EmailIdentity"] == "mail.app.example"
    assert identity["DeletionPolicy"] == "RetainExceptOnCreate"
    records = [making["Outputs"][f"SenderDnsRecord{number}"]["Value"]["Fn::Join"][1] for number in (1, 2, 3)]
    assert records == [
        [
            {"Fn::GetAtt": [name, f"DkimDNSTokenName{number}"]},
            " CNAME ",
            {"Fn::GetAtt": [name, f"DkimDNSTokenValue{number}"]},
        ]
        for number in (1, 2, 3)
    ]
    welcome = functions(making)["placement"][1]["Environment"]["Variables"]
    assert text(welcome["ONBOARDING_SENDER_IDENTITY_ARN"]).endswith(":identity/mail.app.example")


def test_templates_of_ones_own_are_packed_beside_ours() -> None:
    (home, *_) = stacks(synthesize({"emailTemplates": "examples/emails"}))
    (asset, *_) = [path for path in home.template.parent.glob("asset.*") if (path / EMAIL_TEMPLATES).is_dir()]
    assert {path.name for path in (asset / EMAIL_TEMPLATES).iterdir()} == {"de", "en"}
    for name in ("connect.txt", "first_sign_in.html"):
        assert (asset / EMAIL_TEMPLATES / "de" / name).read_text() == (ROOT / "examples/emails/de" / name).read_text()


def test_a_folder_with_mistakes_ends_synthesis_with_a_line_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.email_templates.ROOT", tmp_path)
    with pytest.raises(SystemExit) as absent:
        checked("emails")
    assert str(absent.value) == "context emailTemplates: there is no folder emails in this repository"
    (tmp_path / "emails/de").mkdir(parents=True)
    (tmp_path / "emails/de/connect.txt").write_text("{{ nothing }}")
    (tmp_path / "emails/de/other.txt").write_text("")
    with pytest.raises(SystemExit) as wrong:
        checked("emails")
    assert [line.split(": ")[1] for line in str(wrong.value).splitlines()] == [
        "emails/de/other.txt",
        "emails/de/connect.txt, line 1",
    ]
    assert checked("") is None
