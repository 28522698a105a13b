"""Our CDK app less the resources of types that the emulator does not know, for each of which it rolls a stack back.

That is the first rewrite of the local stack, and no other.
"""

import json
from pathlib import Path

from infra.app import build
from orchestrator.local.rewrites import UNKNOWN_TYPES


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says."""
    for path in Path(build().synth().directory).glob("*.template.json"):
        template = json.loads(path.read_text())
        resources = template["Resources"].items()
        template["Resources"] = {name: each for name, each in resources if each["Type"] not in UNKNOWN_TYPES}
        path.write_text(json.dumps(template))


if __name__ == "__main__":
    main()
