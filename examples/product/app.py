"""Synthesizes the sample product's stack: `python -m examples.product.app`, or through the CDK CLI."""

from pathlib import Path

from aws_cdk import App
from aws_cdk import aws_lambda as lambda_

import tenant_onboarding
from examples.product.stack import STACK_NAME, SampleProductStack

SDK = Path(tenant_onboarding.__file__).parents[1]


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says; context `tokenUse` is `access`, the default, or `id`.

    With the context `local` the authorizer runs from the SDK's source, in whatever Python the local AWS has.
    """
    app = App()
    local = app.node.try_get_context("local") in (True, "true")
    SampleProductStack(
        app,
        STACK_NAME,
        token_use=app.node.try_get_context("tokenUse") or "access",
        authorizer_code=lambda_.Code.from_asset(str(SDK), exclude=["**/__pycache__"]) if local else None,
    )
    app.synth()


if __name__ == "__main__":
    main()
