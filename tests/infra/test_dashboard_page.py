"""The page as it is deployed: one script of all modules, made offline by a bundler that is locked for every machine."""

import json
import re
import shutil
from pathlib import Path

import pytest

from infra import dashboard_page
from infra.dashboard_page import ESBUILD, LOCK, SOURCE

MACHINES = {f"{system}-{cpu}" for system in ("darwin", "linux") for cpu in ("arm64", "x64")}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The one script."""
    folder = tmp_path_factory.mktemp("page") / "dashboard"
    dashboard_page.fill(folder)
    return (folder / "main.js").read_text()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the modules elsewhere, from which the page is made."""
    copy = tmp_path / "repository" / "dashboard"
    shutil.copytree(SOURCE, copy)
    monkeypatch.setattr(dashboard_page, "SOURCE", copy)
    monkeypatch.setattr(dashboard_page, "ROOT", copy.parent)
    return copy


def test_the_asset_has_the_page_and_the_modules_only_within_its_script(local_asset: Path, script: str) -> None:
    """What is no script is there byte by byte."""
    found = {
        path.relative_to(local_asset / "dashboard").as_posix(): path for path in local_asset.glob("dashboard/**/*")
    }
    assert found.keys() == {"dashboard.css", "icon.svg", "index.html", "main.js", "start.js"}
    assert found.pop("main.js").read_text() == script
    assert {name: path.read_bytes() for name, path in found.items()} == {
        name: (SOURCE / name).read_bytes() for name in found
    }


def test_every_module_is_in_the_script(script: str) -> None:
    """The bundler names each above what it took of it; one that nothing imports is none of the page's."""
    modules = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.js")} - {"start.js"}
    assert set(re.findall(r"^// dashboard/(.*\.js)$", script, re.MULTILINE)) == modules


def test_the_licences_of_the_libraries_are_in_the_script(script: str) -> None:
    """They ask to be in every copy."""
    licences = list(SOURCE.glob("vendor/*/LICENSE*"))
    assert [file for file in licences if file.read_text().strip() not in script] == []
    assert {file.parent for file in licences} == {path for path in SOURCE.glob("vendor/*") if path.is_dir()}
    assert "@license" in script


def test_it_is_the_same_wherever_it_is_made(source: Path, script: str) -> None:
    """Another folder, whatever settings lie around it."""
    (source.parent / "package.json").write_text('{"sideEffects": false, "type": "commonjs"}')
    (source.parent / "tsconfig.json").write_text('{"compilerOptions": {"alwaysStrict": true, "target": "ES5"}}')
    dashboard_page.fill(source.parent / "page")
    assert (source.parent / "page" / "main.js").read_text() == script


@pytest.mark.parametrize("spoilt", ["export const = 1;", 'import { lost } from "./lost.js";\nlost();'])
def test_a_module_that_does_not_fit_ends_synthesis(
    source: Path, spoilt: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (source / "words.js").write_text(spoilt)
    with pytest.raises(SystemExit, match=r"dashboard/main\.js"):
        dashboard_page.fill(source.parent / "page")
    assert "dashboard/words.js:1" in capfd.readouterr().err


def test_without_the_bundler_one_line_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"run `make setup`$"):
        dashboard_page.check(tmp_path)


def test_the_bundler_of_another_lock_is_not_used(tmp_path: Path) -> None:
    (tmp_path / ".ready").touch()
    (tmp_path / LOCK.name).write_text("{}")
    with pytest.raises(SystemExit, match=r"another package-lock\.json .* run `make setup`$"):
        dashboard_page.check(tmp_path)


def test_the_bundler_that_setup_fetched_is_used() -> None:
    dashboard_page.check(ESBUILD)


def test_the_bundler_is_locked_for_every_machine_by_hash() -> None:
    """npm fetches the one of the machine that it is on, and from the index that is set there."""
    packages = {name: each for name, each in json.loads(LOCK.read_text())["packages"].items() if name}
    version = packages["node_modules/esbuild"]["version"]
    assert {each["version"] for each in packages.values()} == {version}
    assert {each["integrity"].partition("-")[0] for each in packages.values()} == {"sha512"}
    assert [name for name, each in packages.items() if "resolved" in each] == []
    wanted = packages["node_modules/esbuild"]["optionalDependencies"]
    assert {f"node_modules/{name}" for name in wanted} == packages.keys() - {"node_modules/esbuild"}
    assert {f"@esbuild/{machine}" for machine in MACHINES} <= wanted.keys()
