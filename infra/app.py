"""Synthesizes the stacks: `python -m infra.app`, or through the CDK CLI."""

import os
from typing import Any

from aws_cdk import App, Environment

from infra.configuration.stages import TAG, choose
from infra.regional import TenantOnboardingRegionalStack
from infra.stack import TenantOnboardingStack
from orchestrator.aws.settings import STACK_NAME

HOME = "CDK_DEFAULT_REGION"
"""Where the CDK CLI deploys a stack that names no Region; only the CLI knows."""


def build(**options: Any) -> App:  # Any: what App takes
    """Return an app with the stacks of what its context chooses; ends the program with a line for each mistake."""
    app = App(**options)
    name, stage = choose(app)
    tags = {TAG: name} if name else None
    protected = bool(name) and stage.keep_data
    home = TenantOnboardingStack(
        app,
        STACK_NAME,
        configuration=stage,
        env=Environment(account=stage.account or None, region=stage.region or None),
        tags=tags,
        termination_protection=protected,
    )
    for region in stage.regions:
        if region != (stage.region or os.environ.get(HOME)):
            there = TenantOnboardingRegionalStack(
                app,
                f"Regional-{region}",
                configuration=stage,
                region=region,
                account=stage.account or None,
                tags=tags,
                termination_protection=protected,
            )
            home.add_stack_dependency(there, "a Region is offered only where its trigger is deployed")
    return app


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says."""
    build().synth()


if __name__ == "__main__":
    main()
