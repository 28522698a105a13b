"""The code that runs locally: ours, whole, and nothing of others."""

import json
from collections.abc import Mapping
from pathlib import Path

from infra.bundling import FOLDERS, FOR_CUSTOMERS, PAGE
from tenant_onboarding.names import STACK_NAME
from tests.infra.template import Template, functions


def files(folders: Mapping[str, Path]) -> dict[str, bytes]:
    """Return the content of every file below folders, by its place below the folder's name; compiled ones left out."""
    return {
        str(name / path.relative_to(folder)): path.read_bytes()
        for name, folder in ((Path(name), folder) for name, folder in folders.items())
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not any(map(path.match, FOR_CUSTOMERS))
    }


def test_the_source_is_whole(local_asset: Path) -> None:
    """Every file of the packages is there, byte by byte, the local stack's own module included; the page is apart."""
    assert files({name: local_asset / name for name in FOLDERS}) == files(FOLDERS)


def test_the_emails_are_there(local_asset: Path) -> None:
    """Templates are data, which packaging forgets easily."""
    templates = local_asset / "orchestrator" / "emails" / "templates" / "en"
    of_people = ("invitation", "registration", "already_registered", "reset")
    mails, parts = ("first_sign_in", "connect", *of_people), ("subject.txt", "txt", "html")
    assert {path.name for path in templates.iterdir()} == {
        "layout.html",
        *(f"{mail}.{part}" for mail in mails for part in parts),
    }


def test_nothing_else_is_there(local_asset: Path) -> None:
    """No third-party package, which the environment brings, and nothing compiled for another Python."""
    assert {path.name for path in local_asset.iterdir()} == {PAGE, *FOLDERS}
    assert [path for path in local_asset.rglob("*") if path.name == "__pycache__" or path.suffix == ".pyc"] == []


def test_all_functions_share_it(assembly: Path, local_asset: Path, template: Template) -> None:
    """One asset, zipped and uploaded once, is the code of each function."""
    assets = json.loads((assembly / f"{STACK_NAME}.assets.json").read_text())["files"]
    zipped = {name: asset for name, asset in assets.items() if asset["source"]["packaging"] == "zip"}
    ((key, asset),) = zipped.items()
    assert asset["source"]["path"] == local_asset.name
    assert {properties["Code"]["S3Key"] for _, properties in functions(template).values()} == {f"{key}.zip"}
