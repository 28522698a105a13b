"""What real events bring, one line for each: what becomes of it, and why."""

import json
from pathlib import Path

import pytest

from tests.unit.onboarding.intake_events import reasons_of
from tests.unit.simulated_aws import Stack, stack

__all__ = ["stack"]

EVENTS = Path(__file__).parents[2] / "events/tenant_created"
DOCUMENT = "identityProviders[0].metadataDocument"

BECOMES: dict[str, tuple[str, str, str]] = {
    "callback-mobile-and-local": ("rejected", "appClient.callbackUrls[1]", "http://localhost"),
    "email-domain-of-a-university": ("started", "", "what DNS proves is the university's, whatever a list says"),
    "email-domain-unicode": ("started", "", "it is kept as DNS has it"),
    "id-like-an-option": ("rejected", "tenantId", "no hyphen at either end"),
    "id-of-two-letters": ("started", "", "there are companies of that name"),
    "name-150-marks": ("rejected", "tenantName", "combining marks in a row"),
    "name-persian": ("started", "", "a joiner between letters belongs to the spelling"),
    "name-sinhala": ("started", "", "and so it does between a mark and a letter"),
    "number-14": ("started", "", "it is a number"),
    "number-14.0": ("started", "", "it is the same number"),
    "oidc-entra-common": ("rejected", "identityProviders[0].issuer", "directory"),
    "saml-aggregate-of-one": ("started", "", "a list of one provider is that provider"),
    "saml-entra-any-directory": ("rejected", DOCUMENT, "directory"),
    "saml-expired-certificate": ("rejected", DOCUMENT, "2023"),
    "saml-good": ("started", "", "its certificate is in force"),
    "saml-good-renewed": ("started", "", "so is the next one"),
    "saml-line-break-first": ("started", "", "white space around a document is dropped"),
    "saml-no-certificate": ("rejected", DOCUMENT, "certificate"),
    "saml-service-provider-metadata": ("rejected", DOCUMENT, "service provider"),
}
"""The answer, and of a rejection the field and words that tell what is wrong; otherwise why it is taken."""


def event(name: str) -> dict[str, object]:
    return dict(json.loads((EVENTS / f"{name}.json").read_text()))


def test_every_event_has_its_line() -> None:
    assert BECOMES.keys() == {path.stem for path in EVENTS.glob("*.json")}


@pytest.mark.parametrize("name", BECOMES)
def test_it_becomes_what_its_line_says(stack: Stack, name: str) -> None:
    answer, field, words = BECOMES[name]
    assert stack.receive(event(name)) == answer
    if field:
        assert words in reasons_of(stack)[field]


def test_http_localhost_is_taken_where_the_deployment_says_so(stack: Stack) -> None:
    developing = Stack(
        stack.clients, stack.settings.model_copy(update={"local_callbacks": True}), stack.wire, stack.read_bus
    )
    assert developing.receive(event("callback-mobile-and-local")) == "started"


def test_a_number_with_a_fraction_of_nothing_is_the_same_content(stack: Stack) -> None:
    assert stack.receive(event("number-14"), "first") == "started"
    assert stack.receive(event("number-14.0"), "second") == "repeated"
