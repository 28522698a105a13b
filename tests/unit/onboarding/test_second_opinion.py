"""pysaml2, which knows nothing of this project, lets in whom the judgement takes, and nobody whom it refuses."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.local.ministack import PROGRAM
from orchestrator.onboarding import provider_judgement
from tenant_onboarding.contracts.identity_providers import SamlProvider
from tenant_onboarding.contracts.saml_metadata import CERTIFICATE_MAX, HTTP_REDIRECT, PROTOCOL, alone, trimmed
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.saml_documents import ADDRESS, ENTITY_ID, Shape, certificate, in_days
from tests.unit.tenant_onboarding.sample_providers import SAML_DOCUMENT, event

LetsIn = Callable[[str, str], bool]
PYTHON = PROGRAM.with_name("python")
"""Of the environment that has pysaml2."""
NOT_ASKED: Any = None
"""The deployment's settings, which have no say in it."""
DIRECTORY = "0f8fad5b-d9cb-469f-a165-70867728950e"
ENTRA = "https://sts.windows.net/{tenantid}/"
GOOD, OTHER = certificate(-1, 365), certificate(-30, 30)
ENDED, LATER, JUNK = certificate(-365, -1), certificate(1, 365), "AAAA"
LONG = certificate(-1, 365, padding=4_000)

shapes = st.builds(
    Shape,
    entity_id=st.sampled_from([*[ENTITY_ID] * 8, ENTRA, ENTRA.format(tenantid=DIRECTORY), " ", "", None]),
    certificates=st.lists(st.sampled_from([GOOD, GOOD, OTHER, ENDED, LATER, JUNK, LONG]), max_size=3).map(tuple)
    | st.just((GOOD,)),
    use=st.sampled_from(["signing", "signing", "signing", None, "encryption"]),
    protocols=st.sampled_from([*[PROTOCOL] * 4, f"urn:oasis:names:tc:SAML:1.1:protocol {PROTOCOL}", "urn:1.1"]),
    address=st.sampled_from([*[ADDRESS] * 4, f" {ADDRESS}", f"{ADDRESS} ", "https://idp.acme.example/a b", " "]),
    binding=st.sampled_from([*[HTTP_REDIRECT] * 5, "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"]),
    ends=st.sampled_from([None, None, None, in_days(-1), in_days(30)]),
    list_ends=st.sampled_from([None, None, None, in_days(-1), in_days(30)]),
    role=st.sampled_from([*["IDPSSODescriptor"] * 5, "SPSSODescriptor"]),
    providers=st.sampled_from([1, 1, 1, 1, 1, 0, 2]),
    services=st.sampled_from([0, 0, 1, 2]),
    listed=st.booleans(),
    declaration=st.sampled_from(["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-16"?>']),
    around=st.sampled_from(["", "\n", " \r\n\t", "\ufeff"]),
)


def taken(document: str) -> SamlProvider | None:
    """Return the provider as it is kept if the judgement takes it."""
    try:
        request = TenantCreated.model_validate(event(SAML_DOCUMENT | {"metadataDocument": document}))
    except ValidationError:
        return None
    [provider] = request.identity_providers
    assert isinstance(provider, SamlProvider)
    wrong = list(provider_judgement.problems(NOT_ASKED, request, time.time()))
    return None if wrong else provider


@pytest.fixture(scope="module")
def lets_in() -> Iterator[LetsIn]:
    """Return what tells whether pysaml2 could send people to the one provider of a document, and verify its answer."""
    program = [str(PYTHON), "-W", "error", str(Path(__file__).with_name("second_opinion.py"))]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as asked:
        assert asked.stdin
        assert asked.stdout
        question, answer = asked.stdin, asked.stdout

        def ask(document: str, issuer: str) -> bool:
            question.write(f"{json.dumps([document, issuer, CERTIFICATE_MAX])}\n")
            question.flush()
            return bool(json.loads(answer.readline()))

        yield ask
        question.close()


@settings(max_examples=400, derandomize=True, database=None, deadline=None)
@given(shapes)
def test_the_judgement_and_pysaml2_agree(lets_in: LetsIn, shape: Shape) -> None:
    """By what Cognito would get where it is taken, by what there is where it is refused."""
    issuer = ((shape.entity_id or "").strip() or ENTITY_ID).format(tenantid=DIRECTORY)
    provider = taken(shape.document())
    document = alone(provider.metadata_document or "") if provider else trimmed(shape.document())
    assert lets_in(document, issuer) == (provider is not None)


def test_both_take_what_is_right(lets_in: LetsIn) -> None:
    assert taken(Shape().document())
    assert lets_in(Shape().document(), ENTITY_ID)
