"""The code that is deployed: ours without the local tools, and the locked packages built for Lambda."""

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bundling import NOT_DEPLOYED
from orchestrator.local.synth import CONTEXT
from orchestrator.settings import STACK_NAME
from tests.infra.source import ROOT, imports, modules, tree
from tests.infra.template import Template, functions

UNREACHABLE = re.compile(
    "Failed to fetch|error sending request|dns error|tunnel error|timed out|the network was disabled"
)
MOST_BYTES = 250 * 1024 * 1024
"""AWS Lambda: code and layers, unzipped."""
AARCH64 = 0xB7
VERSION = re.compile("CurrentVersion[0-9A-F]{8}[0-9a-f]{32}")
"""CDK names the published version of a function after what is in it."""
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly as it is deployed; skips where the package registry is out of reach."""
    folder = tmp_path_factory.mktemp("deployed") / "cdk.out"
    environment = os.environ | {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": "{}"}
    app = [sys.executable, "-m", "infra.app"]
    done = subprocess.run(app, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode and (reason := UNREACHABLE.search(done.stderr)):
        pytest.skip(f"the package registry cannot be reached: {reason[0]}")
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def asset(deployed: Path) -> Path:
    """The folder of the one code asset."""
    (folder,) = deployed.glob("asset.*")
    return folder


def normal(name: str) -> str:
    """Return a package's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_exactly_the_locked_packages_are_there(asset: Path) -> None:
    """What runs is what the lock names, in those versions, and no development tool."""
    locked = dict(PINNED.findall((ROOT / "requirements" / "runtime.txt").read_text()))
    names = [path.name.removesuffix(".dist-info").rpartition("-") for path in asset.glob("*.dist-info")]
    assert {normal(name): version for name, _, version in names} == locked


def test_every_top_level_name_belongs_to_a_package(asset: Path) -> None:
    """Nothing is left over from installing, and nobody's tests come along."""
    recorded = {"dashboard", "handlers", "orchestrator"}
    for record in asset.glob("*.dist-info/RECORD"):
        recorded |= {line.split(",")[0].split("/")[0] for line in record.read_text().splitlines()}
    found = {path.name for path in asset.iterdir()}
    assert found <= recorded
    assert found & {"tests", "test", "bin", "infra", "pytest", "moto", "aws_cdk"} == set()


def test_compiled_code_is_for_the_functions_machine(asset: Path) -> None:
    """Each shared object is for aarch64 and CPython 3.13; another would fail at the first import."""
    objects = sorted(path for path in asset.rglob("*") if path.suffix in {".so", ".pyd", ".dylib"})
    assert objects
    for path in objects:
        header = path.read_bytes()[:20]
        assert header[:4] == b"\x7fELF", path.name
        assert struct.unpack_from("<H", header, 18)[0] == AARCH64, path.name
        assert ".cpython-313-aarch64-linux-gnu." in path.name or ".abi3." in path.name, path.name


def test_what_is_deployed_leaves_the_local_tools_out(asset: Path) -> None:
    """Our source is whole but for the local stack and the CLI, and nothing is compiled."""
    kept = {
        str(path.relative_to(ROOT))
        for package in ("handlers", "orchestrator")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    kept = {name for name in kept if not set(Path(name).parts) & set(NOT_DEPLOYED)}
    found = {
        str(path.relative_to(asset))
        for package in ("handlers", "orchestrator")
        for path in (asset / package).rglob("*")
        if path.is_file()
    }
    assert found == kept
    assert list(asset.rglob("__pycache__")) == []


def test_every_import_of_deployed_code_is_there(asset: Path) -> None:
    """Nothing that only the development environment has is imported by what is deployed."""
    missing = {
        f"{module} imports {name}"
        for module, path in modules("handlers", "orchestrator").items()
        if (asset / path.relative_to(ROOT)).exists()
        for name in imports(tree(path), typing_too=False)
        for top in [name.split(".")[0]]
        if top not in sys.stdlib_module_names and not (asset / top).is_dir() and not (asset / f"{top}.py").is_file()
    }
    assert missing == set()


def test_it_fits_into_a_function(asset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lambda takes 250 MB unzipped."""
    size = sum(path.stat().st_size for path in asset.rglob("*") if path.is_file())
    with capsys.disabled():
        print(f"\nThe deployed code has {size / 1024 / 1024:.1f} MB unzipped.")  # noqa: T201  # for whoever watches it grow
    assert size < MOST_BYTES


def test_the_local_run_changes_no_more_than_it_says(deployed: Path, template: Template) -> None:
    """The local template is the deployed one but for the asset and the settings in `CONTEXT`."""
    real: Template = json.loads((deployed / f"{STACK_NAME}.template.json").read_text())
    real, template = (json.loads(VERSION.sub("CurrentVersion", json.dumps(each))) for each in (real, template))
    changed = {f"ONBOARDING_{re.sub('(?=[A-Z])', '_', key).upper()}" for key in CONTEXT}
    for each in (real, template):
        for _, properties in functions(each).values():
            properties["Code"].pop("S3Key")
            variables = properties["Environment"]["Variables"]
            properties["Environment"]["Variables"] = {k: v for k, v in variables.items() if k not in changed}
    assert real == template
