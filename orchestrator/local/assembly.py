"""What a CDK app synthesized: the stacks of a cloud assembly, and where each one's files are to be put."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.local.ministack import REGION, LocalStackError

STACK = "aws:cloudformation:stack"
ANY_REGION = "unknown-region"


class Asset(NamedTuple):
    """A file or, to be zipped, a folder of an assembly, and the place in S3 that the template looks for it at."""

    path: Path
    bucket: str
    key: str


@dataclass(frozen=True)
class SynthesizedStack:
    """A stack of a cloud assembly and the Region that it is for: home, unless it has one of its own."""

    name: str
    region: str
    template: Path
    manifest: Path

    def assets(self, account: str) -> Iterator[Asset]:
        """Yield the files that this stack needs in an account, its own template among them."""
        places = {"${AWS::AccountId}": account, "${AWS::Region}": self.region, "${AWS::Partition}": "aws"}
        for asset in json.loads(self.manifest.read_text())["files"].values():
            for destination in asset["destinations"].values():
                bucket, key = destination["bucketName"], destination["objectKey"]
                for place, value in places.items():
                    bucket, key = bucket.replace(place, value), key.replace(place, value)
                yield Asset(self.manifest.parent / asset["source"]["path"], bucket, key)


def stacks(assembly: Path) -> list[SynthesizedStack]:
    """Return the stacks of an assembly, each after those that it depends on."""
    artifacts: dict[str, Any] = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    found = {name: artifact for name, artifact in artifacts.items() if artifact["type"] == STACK}
    needs = {name: [each for each in found[name].get("dependencies", ()) if each in found] for name in sorted(found)}
    return [_read(assembly, name, found[name]) for name in TopologicalSorter(needs).static_order()]


def find(assembly: Path, name: str, region: str = REGION) -> SynthesizedStack:
    """Return the stack of that name for a Region; raises LocalStackError naming what there is."""
    known = stacks(assembly)
    for stack in known:
        if (stack.name, stack.region) == (name, region):
            return stack
    others = ", ".join(f"{stack.name} in {stack.region}" for stack in known)
    raise LocalStackError(f"The CDK app has no stack {name} for {region}; it has {others}")


def _read(assembly: Path, artifact_id: str, artifact: dict[str, Any]) -> SynthesizedStack:
    region = artifact["environment"].rsplit("/", 1)[-1]
    return SynthesizedStack(
        name=artifact["properties"].get("stackName", artifact_id),
        region=REGION if region == ANY_REGION else region,
        template=assembly / artifact["properties"]["templateFile"],
        manifest=assembly / f"{artifact_id}.assets.json",
    )
