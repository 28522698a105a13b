"""Synthesizes the stacks: `python -m infra.app`, or through the CDK CLI."""

import os

from aws_cdk import App

from infra.configuration import Configuration
from infra.regional import TenantOnboardingRegionalStack
from infra.stack import TenantOnboardingStack
from orchestrator.settings import STACK_NAME

HOME = "CDK_DEFAULT_REGION"
"""Where the CDK CLI deploys a stack that names no Region; only the CLI knows."""


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says."""
    app = App()
    configuration = Configuration.from_context(app)
    home = TenantOnboardingStack(app, STACK_NAME, configuration=configuration)
    for region in configuration.regions:
        if region != os.environ.get(HOME):
            home.add_stack_dependency(
                TenantOnboardingRegionalStack(app, f"Regional-{region}", region=region, configuration=configuration),
                "a Region is offered only where its trigger is deployed",
            )
    app.synth()


if __name__ == "__main__":
    main()
