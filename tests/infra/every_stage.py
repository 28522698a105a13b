"""Synthesizes every stage of `stages.toml`, each into a folder of its own name: `python -m tests.infra.every_stage`."""

import os
from pathlib import Path

from infra.app import build
from infra.configuration.stages import STAGE, read

ABROAD = "prod-abroad"
"""The stage prod, were it to offer these Regions."""
REGIONS = "eu-west-1,us-west-2"


def main() -> None:
    """Write the cloud assemblies below where CDK_OUTDIR says."""
    folder = Path(os.environ["CDK_OUTDIR"])
    choices = {name: {STAGE: name} for name in read()} | {ABROAD: {STAGE: "prod", "regions": REGIONS}}
    for name, context in choices.items():
        build(outdir=str(folder / name), post_cli_context=context).synth()


if __name__ == "__main__":
    main()
