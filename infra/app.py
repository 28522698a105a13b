"""Synthesizes the stack: `python -m infra.app`, or through the CDK CLI."""

from aws_cdk import App

from infra.configuration import Configuration
from infra.stack import TenantOnboardingStack
from orchestrator.settings import STACK_NAME


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says."""
    app = App()
    TenantOnboardingStack(app, STACK_NAME, configuration=Configuration.from_context(app))
    app.synth()


if __name__ == "__main__":
    main()
