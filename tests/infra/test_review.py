"""cdk-nag finds nothing in any stack but what is acknowledged, and nothing is acknowledged that it does not find."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import App, Environment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from examples.product.stack import STACK_NAME as PRODUCT
from examples.product.stack import SampleProductStack
from examples.stripe.stack import STACK_NAME as STRIPE
from examples.stripe.stack import StripeAdapterStack
from infra.app import build
from infra.configuration.choices import Configuration
from infra.regional import TenantOnboardingRegionalStack
from infra.review import ACKNOWLEDGED, Finding, complaints, findings
from infra.stack import TenantOnboardingStack
from tenant_onboarding.names import STACK_NAME

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def found() -> Iterator[list[Finding]]:
    """What there is to find in the stacks of home, of another Region, and of the examples."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, context={"local": "true", "regions": REGION})
        configuration = Configuration.from_context(app)
        TenantOnboardingStack(app, STACK_NAME, configuration=configuration)
        TenantOnboardingRegionalStack(app, f"Regional-{REGION}", region=REGION, configuration=configuration)
        SampleProductStack(app, PRODUCT, token_use="access")
        StripeAdapterStack(app, STRIPE)
        yield list(findings(app))


def test_whatever_is_found_is_acknowledged_and_nothing_else(found: list[Finding]) -> None:
    assert list(complaints(found)) == []


CHOSEN = {
    "as it is": {"regions": REGION},
    "otherwise": {"secretPrefix": "sso/tenants", "parameterPrefix": "/shop/onboarding", "featurePlan": "LITE"},
    "the account API at a domain of its own": {
        "apiDomain": "accounts.product.example",
        "apiCertificate": f"arn:aws:acm:{REGION}:111122223333:certificate/1",
        "apiDomainOnly": "true",
    },
    "a stage that keeps its data": {"stage": "prod"},
}


@pytest.mark.parametrize("chosen", CHOSEN.values(), ids=CHOSEN.keys())
def test_whoever_adds_the_pack_to_the_app_is_told_of_nothing(chosen: dict[str, str], tmp_path: Path) -> None:
    """A finding that nobody acknowledged on its construct ends the synthesis."""
    app = build(outdir=str(tmp_path), context={"local": "true", **chosen})
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


def test_nor_where_account_and_region_are_known(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), context={"local": "true"})
    known = Environment(account="111122223333", region=REGION)
    TenantOnboardingStack(app, STACK_NAME, configuration=Configuration.from_context(app), env=known)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


def test_what_is_new_is_told_to_whoever_adds_the_pack(tmp_path: Path) -> None:
    app = build(outdir=str(tmp_path), context={"local": "true"})
    home = app.node.find_child(STACK_NAME)
    assert isinstance(home, Stack)
    s3.Bucket(home, "Bucket", removal_policy=RemovalPolicy.DESTROY)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        app.synth()


def test_every_stack_is_looked_at(found: list[Finding]) -> None:
    assert {finding.where.split("/")[0] for finding in found} == {STACK_NAME, f"Regional-{REGION}", PRODUCT, STRIPE}


def test_every_acknowledgement_has_a_reason_and_is_there_once() -> None:
    assert [each for each in ACKNOWLEDGED if len(each.reason.split()) < 6] == []
    assert len({each[:3] for each in ACKNOWLEDGED}) == len(ACKNOWLEDGED)


def test_each_acknowledgement_is_needed(found: list[Finding]) -> None:
    for each in ACKNOWLEDGED:
        left = [other for other in ACKNOWLEDGED if other is not each]
        said = list(complaints(found, left))
        assert said
        assert all(f"AwsSolutions-{each.rule} at " in line and "mend it" in line for line in said)


def test_a_new_finding_and_a_stale_acknowledgement_are_noticed() -> None:
    stack = Stack(App(), "Other")
    s3.Bucket(stack, "Bucket", removal_policy=RemovalPolicy.DESTROY)
    said = list(complaints(findings(stack), [ACKNOWLEDGED[0]]))
    assert any("AwsSolutions-S10 at Other/Bucket" in line for line in said)
    assert "is found no more" in said[-1]
