"""What could let nobody in is refused at the door, as far as a certificate, a date or a template shows it."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.onboarding.provider_judgement import ANY_DIRECTORY, ENTRA_HOSTS, PLACEHOLDER, problems, warnings
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.saml_documents import Shape, certificate, in_days
from tests.unit.tenant_onboarding.sample_events import Json
from tests.unit.tenant_onboarding.sample_providers import OIDC, SAML, SAML_DOCUMENT, event

NOT_ASKED: Any = None
"""The deployment's settings, which have no say in it."""
DIRECTORY = "0f8fad5b-d9cb-469f-a165-70867728950e"
GOOD, ENDED, LONG_ENDED = certificate(-1, 365), certificate(-365, -1), certificate(-900, -400)
LATER, JUNK, NO_BASE64 = certificate(1, 365), "AAAA", "-----BEGIN"


def date(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")


def request(*providers: dict[str, Any]) -> TenantCreated:
    return TenantCreated.model_validate(event(*providers))


def document(shape: Shape) -> Json:
    return SAML_DOCUMENT | {"metadataDocument": shape.document()}


def said(provider: dict[str, Any]) -> list[Reason]:
    return list(problems(NOT_ASKED, request(provider), time.time()))


IN_FORCE = "must hold a signing certificate that is in force: its own"


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (Shape(certificates=[JUNK]), "must hold a signing certificate: what is in its X509Certificate is none"),
        (Shape(certificates=[GOOD[:-8]]), "must hold a signing certificate: what is in its X509Certificate is none"),
        (Shape(certificates=[ENDED]), f"{IN_FORCE} ended on {date(-1)}"),
        (Shape(certificates=[LONG_ENDED, ENDED]), f"{IN_FORCE} ended on {date(-1)}"),
        (Shape(certificates=[JUNK, ENDED]), f"{IN_FORCE} ended on {date(-1)}"),
        (Shape(certificates=[ENDED], use=None), f"{IN_FORCE} ended on {date(-1)}"),
        (Shape(certificates=[LATER, ENDED]), f"{IN_FORCE} begins on {date(1)}"),
        *(
            (shape, f"must be metadata that is in force: by its own validUntil it ended on {date(-1)}")
            for shape in (
                Shape(ends=in_days(-1)),
                Shape(role_ends=in_days(-1)),
                Shape(list_ends=in_days(-1), listed=True),
                Shape(list_ends=in_days(-1), ends=in_days(9), services=1),
            )
        ),
        (Shape(entity_id="https://sts.windows.net/{tenantid}/"), ANY_DIRECTORY),
        (Shape(address="https://login.microsoftonline.com/common/saml2"), ANY_DIRECTORY),
        (Shape(entity_id="https://idp.acme.example/{realm}"), PLACEHOLDER),
    ],
)
def test_a_document_that_lets_nobody_in_is_refused_with_the_reason(shape: Shape, message: str) -> None:
    assert said(document(shape)) == [Reason(field="identityProviders[0].metadataDocument", message=message)]


@pytest.mark.parametrize(
    "shape",
    [
        Shape(),
        Shape(certificates=[ENDED, GOOD]),
        Shape(certificates=[GOOD, LATER, JUNK]),
        Shape(ends=in_days(1), role_ends=in_days(1)),
        Shape(list_ends=in_days(1), services=2),
        Shape(entity_id=f"https://sts.windows.net/{DIRECTORY}/"),
        Shape(entity_id="urn:acme:idp", address=f"https://login.microsoftonline.com/{DIRECTORY.upper()}/saml2"),
        Shape(entity_id="https://[", address="https://idp.acme.example/common/saml2"),
    ],
)
def test_a_document_that_lets_people_in_is_taken(shape: Shape) -> None:
    assert said(document(shape)) == []


ENTRA = [
    *(f"https://login.microsoftonline.com/{folder}/v2.0" for folder in ("common", "organizations", "consumers")),
    "https://login.microsoftonline.com/%7Btenantid%7D/v2.0",
    "https://LOGIN.microsoftonline.com:443/Common/v2.0",
    "https://login.microsoftonline.com/your-tenant-id/v2.0",
    "https://login.microsoftonline.com",
    *(f"https://{host}/common" for host in sorted(ENTRA_HOSTS)),
]


@pytest.mark.parametrize("address", ENTRA)
def test_an_address_of_entras_for_any_directory_is_refused(address: str) -> None:
    """Answers bear the id of the directory that somebody is in, so none would fit."""
    metadata = f"{address.removesuffix('/v2.0')}/federationmetadata/2007-06/federationmetadata.xml"
    for provider, field in ((OIDC | {"issuer": address}, "issuer"), (SAML | {"metadataUrl": metadata}, "metadataUrl")):
        assert said(provider) == [Reason(field=f"identityProviders[0].{field}", message=ANY_DIRECTORY)]


@pytest.mark.parametrize(
    "issuer",
    [
        f"https://login.microsoftonline.com/{DIRECTORY}/v2.0",
        "https://login.microsoftonline.com/acme.example/v2.0",
        f"https://sts.windows.net/{DIRECTORY}",
        "https://idp.acme.example/common/v2.0",
        "https://idp.acme.example",
    ],
)
def test_an_address_that_names_a_directory_or_is_another_vendors_is_taken(issuer: str) -> None:
    assert said(OIDC | {"issuer": issuer}) == []
    assert said(SAML | {"metadataUrl": issuer}) == []


def test_a_placeholder_in_an_address_is_refused() -> None:
    [reason] = said(OIDC | {"issuer": "https://idp.acme.example/realms/%7Brealm-name%7D"})
    assert reason == Reason(field="identityProviders[0].issuer", message=PLACEHOLDER)


def test_each_provider_is_judged_by_its_place() -> None:
    several = [document(Shape(entity_id=f"urn:{number}", certificates=[ENDED])) for number in range(3)]
    found = problems(
        NOT_ASKED,
        request(*(each | {"name": f"sso-{number}"} for number, each in enumerate(several))),
        time.time(),
    )
    assert [reason.field for reason in found] == [
        f"identityProviders[{number}].metadataDocument" for number in range(3)
    ]


def test_a_certificate_is_in_force_until_its_last_second() -> None:
    asked = request(document(Shape(certificates=[GOOD])))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin, end = midnight - timedelta(days=1), midnight + timedelta(days=365)

    def refused(moment: datetime) -> bool:
        return bool(list(problems(NOT_ASKED, asked, moment.timestamp())))

    second = timedelta(seconds=1)
    assert [refused(each) for each in (begin - second, begin, end - second, end)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("certificates", "messages"),
    [
        ([GOOD], []),
        ([GOOD, LATER], []),
        (
            [LONG_ENDED, ENDED, GOOD],
            [f"holds a signing certificate that ended on {date(-1)} beside one that is in force"],
        ),
        ([GOOD, JUNK], ["holds an X509Certificate that is none"]),
        ([GOOD, NO_BASE64], ["holds an X509Certificate that is none"]),
    ],
)
def test_what_is_useless_beside_a_good_certificate_is_warned_of(certificates: list[str], messages: list[str]) -> None:
    asked = request(SAML, document(Shape(certificates=certificates)) | {"name": "second"})
    found = list(warnings(asked, time.time()))
    assert found == [Reason(field="identityProviders[1].metadataDocument", message=message) for message in messages]


def test_what_reads_certificates_is_loaded_for_an_event_that_has_some_only() -> None:
    """It is slow to load, and few events need it."""
    program = (
        "import json, sys, time; from orchestrator.onboarding import provider_judgement as p;"
        " from tenant_onboarding.contracts.tenant_created import TenantCreated as T;"
        " r = T.model_validate(json.loads(sys.stdin.read())); list(p.problems(None, r, 0)); list(p.warnings(r, 0));"
        " sys.exit('cryptography' in sys.modules)"
    )
    for provider, loaded in ((OIDC, 0), (SAML, 0), (SAML_DOCUMENT, 1)):
        ran = subprocess.run([sys.executable, "-c", program], input=json.dumps(event(provider)), text=True, check=False)
        assert ran.returncode == loaded
