"""What a review sees of a change to the templates: prod's in short, and how each other stage differs from it.

`make snapshots` writes them anew. Short means: references as `${LogicalId}` within texts, JSON in texts written out,
and no hash of an asset or of a version, which every change of the code would change.
"""

import json
import re
from pathlib import Path
from typing import Any

from orchestrator.local.assembly import stacks
from orchestrator.local.synth import kept

APP = "tests.infra.every_stage"
FOLDER = Path(__file__).parent / "snapshots"
PROD = "prod"
ABSENT = "absent"
ASSET = re.compile(r"\b[0-9a-f]{64}\b")
VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")
OF_CDK = ("aws:asset:", "aws:cdk:path")
"""Metadata that tell only where CDK has a resource from."""

Template = dict[str, Any]  # Any: CloudFormation as JSON


def assemblies() -> dict[str, Path]:
    """Return the cloud assembly of each stage, as it is deployed but for third-party packages in the code."""
    return {folder.name: folder for folder in sorted(kept({"local": "true"}, APP).iterdir())}


def templates() -> dict[str, dict[str, Template]]:
    """Return the templates of each stage by stack and Region."""
    return {
        stage: {f"{each.name} {each.region}": json.loads(each.template.read_text()) for each in stacks(assembly)}
        for stage, assembly in assemblies().items()
    }


def snapshots(found: dict[str, dict[str, Template]]) -> dict[str, str]:
    """Return the text of each stage's snapshot."""
    short = {stage: _short(each) for stage, each in found.items()}
    shown = {stage: _differences(short[PROD], each) for stage, each in short.items()} | {PROD: short[PROD]}
    return {
        stage: json.dumps(each, indent=1, sort_keys=True, ensure_ascii=False) + "\n" for stage, each in shown.items()
    }


def _short(value: Any) -> Any:  # Any: JSON
    """Return a part of a template with what matters to a reader."""
    if (text := _text(value)) is not None:
        return _expanded(text)
    match value:
        case list():
            return [_short(each) for each in value]
        case dict():
            found = {_unversioned(name): _short(each) for name, each in value.items() if not name.startswith(OF_CDK)}
            return {name: each for name, each in found.items() if (name, each) != ("Metadata", {})}
        case _:
            return value


def _text(value: Any) -> str | None:
    """Return a text or what CloudFormation makes one of, a literal `${` doubled; None of anything else."""
    match value:
        case str():
            return _unversioned(ASSET.sub("asset", value)).replace("${", "$${")
        case {"Ref": name, **others} if not others:
            return f"${{{_unversioned(name)}}}"
        case {"Fn::GetAtt": [name, attribute], **others} if not others:
            return f"${{{_unversioned(name)}.{attribute}}}"
        case {"Fn::Join": [separator, list() as parts], **others} if not others:
            read = [_text(part) for part in parts]
            return None if None in read else str(separator).join(filter(None, read))
        case _:
            return None


def _unversioned(name: str) -> str:
    return VERSION.sub(r"\1", name)


def _expanded(text: str) -> Any:
    """Return the object that a text is as JSON, else the text."""
    try:
        read = json.loads(text) if text.startswith("{") else None
    except ValueError:
        return text
    return {"JSON": read} if isinstance(read, dict) else text


def _differences(base: Any, other: Any, path: str = "") -> dict[str, Any]:
    """Return what another has at each path where it is not as the base."""
    if base == other:
        return {}
    if isinstance(base, list) and isinstance(other, list) and len(base) == len(other):
        base, other = dict(enumerate(base)), dict(enumerate(other))
    if not (isinstance(base, dict) and isinstance(other, dict)):
        return {path: other}
    found: dict[str, Any] = {}
    for name in {**base, **other}:
        below = f"{path} / {name}" if path else str(name)
        both = name in base and name in other
        found |= _differences(base[name], other[name], below) if both else {below: other.get(name, ABSENT)}
    return found


def main() -> None:
    """Write the snapshots of the templates as they are now, and no others."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for stage, text in snapshots(templates()).items():
        (FOLDER / f"{stage}.json").write_text(text)


if __name__ == "__main__":
    main()
