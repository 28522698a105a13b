"""The code that is deployed: ours without the local tools, and the locked packages built for Lambda."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.tags import compatible_tags, cpython_tags, parse_tag
from packaging.utils import parse_wheel_filename

from infra.bundling import FOLDERS, FOR_CUSTOMERS, NOT_DEPLOYED, PAGE
from infra.byte_code import PYODIDE, beside
from infra.dashboard_page import ESBUILD
from infra.wheelhouse import WHEELHOUSE
from orchestrator.local.synth import APP, CONTEXT, SOURCES, kept
from tenant_onboarding.names import STACK_NAME
from tests.infra.compiled import is_the_byte_code_of
from tests.infra.source import ROOT, imports, modules, tree
from tests.infra.template import Template, functions

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""
NETWORK = ("http_proxy", "https_proxy", "all_proxy", "PIP_INDEX_URL", "UV_DEFAULT_INDEX")
MOST_BYTES = 50 * 1024 * 1024
"""AWS Lambda takes 250 MB unzipped; much less starts sooner, and there is a copy of each published version."""
AARCH64 = 0xB7
VERSION = re.compile("CurrentVersion[0-9A-F]{8}[0-9a-f]{32}")
"""CDK names the published version of a function after what is in it."""
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly as it is deployed; skips where `make setup` has not fetched the packages."""
    if not WHEELHOUSE.exists():
        pytest.skip(f"{WHEELHOUSE} is not there: run `make setup`")
    return shutil.copytree(kept({}, APP), tmp_path_factory.mktemp("deployed") / "cdk.out")


@pytest.fixture(scope="module")
def asset(deployed: Path) -> Path:
    """The folder of the one code asset."""
    (folder,) = deployed.glob("asset.*")
    return folder


def synthesized(source: Path, folder: Path, umask: int = 0o022) -> Path:
    """Return what the CDK app in a folder writes with no network and no package of an earlier run."""
    environment = os.environ | dict.fromkeys(NETWORK, NOBODY) | {"UV_CACHE_DIR": str(folder / "uv")}
    environment |= {"CDK_OUTDIR": str(folder / "cdk.out"), "CDK_CONTEXT_JSON": "{}", "PYTHONPATH": str(source)}
    app = [sys.executable, "-m", "infra.app"]
    done = subprocess.run(app, cwd=source, env=environment, capture_output=True, text=True, check=False, umask=umask)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "cdk.out"


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
    recorded = {PAGE, *FOLDERS}
    for wheel in WHEELHOUSE.glob("*.whl"):
        recorded |= {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    found = {path.name for path in asset.iterdir()} - {"__pycache__"}
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


def test_every_package_says_that_it_is_for_the_functions_machine(asset: Path) -> None:
    """Of each wheel's tags one is among those that CPython 3.13 takes on Amazon Linux 2023, which has glibc 2.34."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(34, 16, -1)] + ["manylinux2014_aarch64"]
    taken = {*cpython_tags((3, 13), platforms=platforms), *compatible_tags((3, 13), "cp313", platforms)}
    stated = {path.parent.name: path.read_text() for path in asset.glob("*.dist-info/WHEEL")}
    assert len(stated) == len(list(WHEELHOUSE.glob("*.whl")))
    for name, text in stated.items():
        tags = [parse_tag(line) for line in re.findall("^Tag: (.*)$", text, re.MULTILINE)]
        assert taken & set().union(*tags), name
    for wheel in WHEELHOUSE.glob("*.whl"):
        assert parse_wheel_filename(wheel.name)[3] & taken, wheel.name


def test_it_is_the_same_wherever_and_whenever_it_is_made(deployed: Path, tmp_path: Path) -> None:
    """Another folder, younger files, a stricter umask and empty caches: the same assets, which Lambda may read."""
    copy = tmp_path / "elsewhere"
    copy.mkdir(mode=0o700)
    for name in (*SOURCES, WHEELHOUSE.relative_to(ROOT), PYODIDE.relative_to(ROOT)):
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(ROOT / name, copy / name)
    shutil.copytree(ESBUILD, copy / ESBUILD.relative_to(ROOT))
    again = synthesized(copy, tmp_path, umask=0o077)
    assert contents(again) == contents(deployed)
    modes = {oct(path.stat().st_mode & 0o777) for folder in again.glob("asset.*") for path in folder.rglob("*")}
    assert modes == {"0o644", "0o755"}


def contents(assembly: Path) -> dict[str, bytes]:
    """Return what is uploaded, and the templates that name it."""
    uploaded = [path for folder in assembly.glob("asset.*") for path in folder.rglob("*")]
    files = [path for path in (*uploaded, *assembly.glob("*.template.json")) if path.is_file()]
    return {str(path.relative_to(assembly)): path.read_bytes() for path in files}


EVERY_CLIENT = """
from functools import cached_property
from orchestrator.aws.clients import Clients
made = Clients(region="eu-central-1")
values = [getattr(made, name) for name, value in vars(Clients).items() if isinstance(value, cached_property)]
print(*(each.meta.service_model.service_name for each in values if not isinstance(each, Clients)))
"""
WHERE_CLIENTS_LEAD = """
import sys
import botocore.session
session = botocore.session.get_session()
for region in ("eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1", "xx-unknown-1"):
    for service in sys.argv[1:]:
        made = session.create_client(service, region_name=region, aws_access_key_id="no", aws_secret_access_key="no")
        print(service, region, made.meta.endpoint_url, made.meta.partition, made._request_signer.signing_name)
"""


def test_every_client_can_be_made_of_what_is_left_of_the_sdk(asset: Path) -> None:
    """Only the services are packaged of which the code makes clients: a client of another fails here, not on AWS."""
    program = [sys.executable, "-I", "-B", "-c", f"import sys; sys.path[:0] = [{str(asset)!r}]\n{EVERY_CLIENT}"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    made = set(done.stdout.split())
    there = {path.name for path in (asset / "botocore" / "data").iterdir() if path.is_dir()}
    assert made == there


def test_clients_lead_where_those_of_the_whole_sdk_lead(asset: Path) -> None:
    """Of what the SDK knows of endpoints those of the packaged services are kept, in every Region."""
    services = sorted(path.name for path in (asset / "botocore" / "data").iterdir() if path.is_dir())
    led = [
        subprocess.run(
            [sys.executable, "-I", "-B", "-c", f"import sys; sys.path[:0] = {path!r}\n{WHERE_CLIENTS_LEAD}", *services],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for path in ([str(asset)], [])
    ]
    assert led[0] == led[1]
    assert len(led[0].splitlines()) == 5 * len(services)


def test_what_no_function_needs_is_left_out_and_licences_are_kept(asset: Path) -> None:
    """No type hints, no tests, no bookkeeping of the installer; whoever asks for a package's version gets it."""
    files = [path for path in asset.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.suffix == ".pyi" or path.name in {"RECORD", "INSTALLER"}] == []
    assert {path.parent for path in asset.glob("*.dist-info/METADATA")} == set(asset.glob("*.dist-info"))
    for wheel in WHEELHOUSE.glob("*.whl"):
        licences = [name for name in ZipFile(wheel).namelist() if re.search(r"dist-info/.*(LICEN[CS]E|NOTICE)", name)]
        assert [name for name in licences if not (asset / name).exists()] == []


def test_what_is_deployed_leaves_the_local_tools_out(asset: Path) -> None:
    """Our source is whole but for the local stack and the CLI."""
    kept = {
        str(Path(package, path.relative_to(folder)))
        for package, folder in FOLDERS.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    kept = {name for name in kept if not set(Path(name).parts) & {*NOT_DEPLOYED, "py.typed"}}
    kept = {name for name in kept if not any(map(Path(name).match, FOR_CUSTOMERS))}
    found = {
        str(path.relative_to(asset))
        for package in FOLDERS
        for path in (asset / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert found == kept


def test_every_module_has_its_own_byte_code_and_there_is_no_other(asset: Path) -> None:
    """Ours and others': one without would be compiled anew at every cold start, as Lambda cannot write it."""
    modules = sorted(asset.rglob("*.py"))
    assert [wrong for module in modules for wrong in is_the_byte_code_of(module, asset)] == []
    assert sorted(asset.rglob("*.pyc")) == sorted(map(beside, modules))
    assert {path.suffix for folder in asset.rglob("__pycache__") for path in folder.iterdir()} == {".pyc"}


def test_every_import_of_deployed_code_is_there(asset: Path) -> None:
    """Nothing that only the development environment has is imported by what is deployed."""
    missing = {
        f"{module} imports {name}"
        for module, path in modules("handlers", "orchestrator", "tenant_onboarding").items()
        if (asset / path.relative_to(FOLDERS[module.split(".")[0]].parent)).exists()
        for name in imports(tree(path), typing_too=False)
        for top in [name.split(".")[0]]
        if top not in sys.stdlib_module_names and not (asset / top).is_dir() and not (asset / f"{top}.py").is_file()
    }
    assert missing == set()


def test_it_fits_into_a_function(asset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left out stays out, and whoever adds a package sees what it weighs."""
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
