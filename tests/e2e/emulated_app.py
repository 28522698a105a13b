"""Our CDK app less the resources of types that the emulator does not know, for each of which it rolls a stack back.

That is the first rewrite of the local stack, and no other. The CDK CLI asks for it with every command, so what comes of
a context is kept until a source changes.
"""

import json
import os
import shutil
from pathlib import Path

from orchestrator.local.rewrites import UNKNOWN_TYPES
from orchestrator.local.synth import APP, kept

EVERY_COMMANDS = {"aws:cdk:bundling-stacks": ["**"]}
"""What the CLI asks for with those commands that need assets: all of them."""


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says."""
    folder = Path(os.environ["CDK_OUTDIR"])
    shutil.copytree(kept(json.loads(os.environ["CDK_CONTEXT_JSON"]) | EVERY_COMMANDS, APP), folder, dirs_exist_ok=True)
    for path in folder.glob("*.template.json"):
        template = json.loads(path.read_text())
        resources = template["Resources"].items()
        template["Resources"] = {name: each for name, each in resources if each["Type"] not in UNKNOWN_TYPES}
        path.write_text(json.dumps(template))


if __name__ == "__main__":
    main()
