"""What customers install: two wheels, in an environment that has what they ask for, in an app with names of its own."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from packaging.requirements import Requirement

from infra import packages
from infra.wheelhouse import AUTHORIZER, WHEELHOUSE
from orchestrator.local.synth import NODE
from tenant_onboarding import cdk_code
from tenant_onboarding.cdk import HANDLER, TenantAuthorizer
from tests.infra import architecture_rules as rules
from tests.infra.customers import Environment, environment, normal
from tests.infra.source import ROOT
from tests.infra.template import Template, of_type

PROJECTS = {
    project: tomllib.loads((project / "pyproject.toml").read_text()) for project in (packages.SDK, packages.ASSET)
}
SDK: dict[str, Any] = PROJECTS[packages.SDK]["project"]
ASSET: dict[str, Any] = PROJECTS[packages.ASSET]["project"]
EXTRAS: dict[str, list[str]] = SDK["optional-dependencies"]
NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""
NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOBODY)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Both wheels, just built; skips where `make setup` has not fetched the packages."""
    if not WHEELHOUSE.exists():
        pytest.skip(f"{WHEELHOUSE} is not there: run `make setup`")
    return packages.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def archive(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the archive in the wheel unpacks to."""
    folder = tmp_path_factory.mktemp("authorizer")
    with zipfile.ZipFile(wheels[1]) as wheel:
        wheel.extract(f"{cdk_code.MODULE}/{cdk_code.ARCHIVE}", folder / "wheel")
    with zipfile.ZipFile(folder / "wheel" / cdk_code.MODULE / cdk_code.ARCHIVE) as packed:
        packed.extractall(folder / "lambda")
    return folder / "lambda"


@pytest.mark.parametrize(
    "requirement", sorted({*SDK["dependencies"], *(each for more in EXTRAS.values() for each in more)})
)
def test_what_the_sdk_asks_for_is_what_is_tested_here(requirement: str) -> None:
    """The repository's lock has a version that each requirement allows; our own are built here."""
    asked = Requirement(requirement)
    if asked.name == ASSET["name"]:
        assert asked.specifier == Requirement(f"{asked.name}=={ASSET['version']}").specifier
        return
    locked = rules.versions_of((ROOT / "requirements" / "dev.txt").read_text())
    assert asked.specifier.contains(locked[normal(asked.name)])
    assert any(each.operator == "<" for each in asked.specifier), "the next major version may break it"


def test_both_are_of_one_version_and_one_licence() -> None:
    """Construct and code are told one another's variables, so they go together."""
    assert SDK["version"] == ASSET["version"]
    licence = (ROOT / "LICENSE").read_bytes()
    assert [project for project in PROJECTS if (project / "LICENSE").read_bytes() != licence] == []


def test_the_wheel_has_all_of_the_source_and_says_that_it_is_typed(wheels: list[Path]) -> None:
    source = packages.SDK / "src"
    wanted = {str(path.relative_to(source)) for path in source.rglob("*") if path.suffix in {".py", ".typed"}}
    assert {name for name in zipfile.ZipFile(wheels[0]).namelist() if ".dist-info/" not in name} == wanted
    assert "tenant_onboarding/py.typed" in wanted


def test_the_archive_is_the_same_wherever_and_whenever_it_is_made(wheels: list[Path], tmp_path: Path) -> None:
    """Lambda gets the same bytes whoever built it, and they are those of the wheel."""
    again = tmp_path / "again.zip"
    before = os.umask(0o077)
    try:
        packages.pack(again)
    finally:
        os.umask(before)
    with zipfile.ZipFile(wheels[1]) as wheel:
        assert wheel.read(f"{cdk_code.MODULE}/{cdk_code.ARCHIVE}") == again.read_bytes()
    entries = zipfile.ZipFile(again).infolist()
    assert [each.filename for each in entries] == sorted(each.filename for each in entries)
    assert {(each.date_time, each.external_attr >> 16, each.compress_type) for each in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o644, zipfile.ZIP_STORED)
    }


def test_what_is_installed_here_is_made_of_the_source_that_is_here(wheels: list[Path]) -> None:
    """If not, the sample product would deploy an older authorizer: run `make setup`."""
    installed, made = cdk_code.archive().read_bytes(), packages.PREBUILT.read_bytes()
    assert sha256(installed).hexdigest() == sha256(made).hexdigest()


def test_exactly_the_locked_packages_and_our_modules_are_in_it(archive: Path) -> None:
    """No boto3, Powertools or pydantic, and of AWS's services only DynamoDB."""
    names = [path.name.removesuffix(".dist-info").rpartition("-") for path in archive.glob("*.dist-info")]
    assert {normal(name): version for name, _, version in names} == rules.versions_of(AUTHORIZER.read_text())
    source = packages.SDK / "src" / "tenant_onboarding"
    ours = {path.relative_to(archive / "tenant_onboarding") for path in (archive / "tenant_onboarding").rglob("*.py")}
    authorizer = {path.relative_to(source) for path in (source / "authorizer").glob("*.py")}
    assert ours == authorizer | {Path("__init__.py"), Path("names.py")}
    assert {path.name for path in (archive / "botocore" / "data").iterdir() if path.is_dir()} == {"dynamodb"}
    assert not {"boto3", "aws_lambda_powertools", "pydantic", "bin"} & {path.name for path in archive.iterdir()}


def test_licences_are_kept(archive: Path) -> None:
    licensed = {
        path.relative_to(archive).parts[0]
        for path in archive.rglob("*")
        if path.name.upper().startswith(("LICEN", "NOTICE"))
    }
    assert {path.name for path in archive.glob("*.dist-info")} <= licensed


STARTS = """
import sys, cryptography.hazmat.bindings._rust
sys.path[:0] = [{archive!r}]
from tenant_onboarding.authorizer import handler
import botocore, jwt
assert all(each.__file__.startswith({archive!r}) for each in (handler, botocore, jwt))
handler.verifier()
print(handler.handler({{"version": "2.0", "headers": {{}}}}, None))
"""
"""Compiled code, which is for Lambda's machine, comes from here."""


def start(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Start the authorizer in a folder as Lambda does, and let it answer a request without a token."""
    settings = {"ONBOARDING_ROUTES_TABLE": "routes", "ONBOARDING_APP_DOMAIN": "app.example"}
    settings |= {"AUTHORIZER_TOKEN_USES": "access", "AUTHORIZER_HOST_HEADER": "host", "AWS_DEFAULT_REGION": "eu-west-1"}
    program = [sys.executable, "-I", "-B", "-c", STARTS.format(archive=str(folder))]
    return subprocess.run(program, env=os.environ | settings, capture_output=True, text=True, check=False)


def test_the_authorizer_starts_from_it(archive: Path) -> None:
    """With the client of DynamoDB that it needs, of what is left of the SDK."""
    done = start(archive)
    assert done.returncode == 0, done.stderr[-2000:]
    line, answer = done.stdout.splitlines()
    assert json.loads(line)["reason"] == "NO_TOKEN"
    assert answer == "{'isAuthorized': False}"


APP = """
import handlers, infra
from aws_cdk import App, Stack
from tenant_onboarding.cdk import TenantAuthorizer

app = App()
TenantAuthorizer(Stack(app, "Product"), "Tenants", app_domain="app.example")
app.synth()
print(infra.WHOSE, handlers.WHOSE)
"""


@pytest.fixture(scope="module")
def customer(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A customer's environment for a CDK app."""
    return environment(tmp_path_factory.mktemp("customer") / "venv", wheels, ["cdk"])


def test_a_customers_app_with_names_of_its_own_synthesizes(customer: Environment, tmp_path: Path) -> None:
    """With no network, no compiler and no Docker: nothing is on the path, and Node is told to jsii alone."""
    for name in ("infra", "handlers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("WHOSE = 'mine'\n")
    (tmp_path / "app.py").write_text(APP)
    told = NETWORK | {"PATH": "/nowhere", "HOME": os.environ["HOME"], "JSII_NODE": str(NODE)}
    program = [str(customer.python), "app.py"]
    done = subprocess.run(
        program,
        cwd=tmp_path,
        env=told | {"CDK_OUTDIR": "out"},
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.splitlines()[-1] == "mine mine"
    template: Template = json.loads((tmp_path / "out" / "Product.template.json").read_text())
    (function,) = of_type(template, "AWS::Lambda::Function").values()
    assert function["Properties"]["Handler"] == HANDLER
    (asset,) = (tmp_path / "out").glob("asset.*")
    assert function["Properties"]["Code"]["S3Key"] == f"{asset.name.removeprefix('asset.')}.zip"
    assert (asset / Path(*HANDLER.split(".")[:-1])).with_suffix(".py").is_file()
    assert {oct(path.stat().st_mode & 0o777) for path in asset.rglob("*")} == {"0o644", "0o755"}
    assert start(asset).returncode == 0


def test_nothing_of_the_orchestrators_is_in_a_customers_environment(customer: Environment) -> None:
    assert {"tenant-onboarding-sdk", "tenant-onboarding-authorizer-asset", "aws-cdk-lib"} <= customer.names()
    assert not {"tenant-onboarding", "boto3", "pyjwt", "aws-lambda-powertools", "moto"} & customer.names()


CONTRACTS = """
from tenant_onboarding.contracts.detail_types import TenantCreated, json_schema
json_schema("TenantCreated")
acme = {"tenantId": "acme", "tenantName": "Acme", "tier": "pool", "routing": {"subdomain": "acme"}}
TenantCreated.model_validate(acme | {"admin": {"email": "admin@acme.example"}})
"""
PUBLISHER = """
import boto3
from tenant_onboarding.publisher import Publisher
Publisher("bus", source="billing", client=boto3.client("events", region_name="eu-west-1"))
"""
VERIFIER = """
import os
os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
from tenant_onboarding.authorizer.dynamodb import Reader
from tenant_onboarding.authorizer.key_sets import KeySets
from tenant_onboarding.authorizer.route_cache import RouteCache
from tenant_onboarding.authorizer.token_verifier import TokenVerifier
TokenVerifier(RouteCache(Reader(), "routes"), KeySets(), token_uses=["access"], app_domain=None)
"""
USED: dict[str, tuple[list[str], str]] = {
    "nothing": ([], CONTRACTS),
    "publisher": (["publisher"], PUBLISHER),
    "authorizer": (["authorizer"], VERIFIER),
}


@pytest.mark.parametrize(("extras", "program"), USED.values(), ids=USED)
def test_each_part_runs_with_what_its_extra_brings(
    extras: list[str], program: str, wheels: list[Path], tmp_path: Path
) -> None:
    made = environment(tmp_path / "venv", wheels, extras)
    done = subprocess.run([str(made.python), "-I", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    brought = {normal(Requirement(each).name) for extra in extras for each in EXTRAS[extra]}
    others = {normal(Requirement(each).name) for more in EXTRAS.values() for each in more} - brought
    assert not others & made.names()


def test_without_the_code_the_construct_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line that can be copied, and only if no other code is given."""
    monkeypatch.setattr(cdk_code, "MODULE", "not_installed_here")
    with pytest.raises(cdk_code.AssetMissingError, match="install its wheel from the files"):
        TenantAuthorizer(Stack(App(), "Product"), "Guard", app_domain="app.example")
