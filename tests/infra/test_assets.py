"""What benchmarks import is the package as it is deployed, and nothing that Lambda would not have."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.assets import runnable
from benchmarks.imports import cold_import
from infra.byte_code import beside

OURS = sys.implementation.cache_tag
TIMES = "import sys\ntotal = sum(range(100_000))\n"


@pytest.fixture
def asset(tmp_path: Path) -> Path:
    """Two modules, of which one has byte code for Lambda, and both have some for this machine's Python."""
    folder = tmp_path / "asset"
    (folder / "__pycache__").mkdir(parents=True)
    for name in ("with_its_own", "without"):
        (folder / f"{name}.py").write_text(TIMES)
        (folder / "__pycache__" / f"{name}.{OURS}.pyc").touch()
    beside(folder / "with_its_own.py").touch()
    return folder


def byte_code(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.pyc"))


def test_a_module_has_byte_code_here_if_it_has_some_deployed(asset: Path, tmp_path: Path) -> None:
    folder = runnable(asset, tmp_path / "here")
    assert byte_code(folder) == [f"with_its_own.{OURS}.pyc"]
    assert cold_import("with_its_own", folder).seconds > 0


def test_without_it_nothing_has_any_and_imports_leave_none(asset: Path, tmp_path: Path) -> None:
    folder = runnable(asset, tmp_path / "here", compiled=False)
    assert cold_import("with_its_own", folder).megabytes > 1
    assert byte_code(folder) == []


def test_nothing_of_this_environment_is_imported(asset: Path, tmp_path: Path) -> None:
    """A package that is not deployed would be measured as if it were."""
    (asset / "without.py").write_text("import boto3\n")
    with pytest.raises(subprocess.CalledProcessError):
        cold_import("without", runnable(asset, tmp_path / "here"))


def test_a_shared_object_is_this_machines(asset: Path, tmp_path: Path) -> None:
    """That of Lambda's machine does not run here; one that is nowhere here is missed at once."""
    (asset / "markupsafe").mkdir()
    (asset / "markupsafe" / "_speedups.cpython-313-aarch64-linux-gnu.so").touch()
    folder = runnable(asset, tmp_path / "here")
    (found,) = (folder / "markupsafe").iterdir()
    assert found.stat().st_size > 0
    assert cold_import("markupsafe._speedups", folder).seconds > 0
    (asset / "_elsewhere.abi3.so").touch()
    with pytest.raises(LookupError, match=r"one _elsewhere\.abi3\.so of this machine is needed, there are 0"):
        runnable(asset, tmp_path / "there")


def test_a_shared_object_of_another_commits_package_is_that_of_its_own_environment(asset: Path, tmp_path: Path) -> None:
    """The two may lock other versions."""
    (asset / "fast.abi3.so").touch()
    (installed := tmp_path / "installed").mkdir()
    (installed / "fast.cpython-311-x86_64-linux-gnu.so").write_text("theirs")
    folder = runnable(asset, tmp_path / "here", installed=installed)
    assert [path.read_text() for path in folder.glob("*.so")] == ["theirs"]
