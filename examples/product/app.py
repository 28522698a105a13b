"""Synthesizes the sample product's stack: `python -m examples.product.app`, or through the CDK CLI."""

from aws_cdk import App

from examples.product.stack import STACK_NAME, SampleProductStack


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says; context `tokenUse` is `access`, the default, or `id`."""
    app = App()
    SampleProductStack(app, STACK_NAME, token_use=app.node.try_get_context("tokenUse") or "access")
    app.synth()


if __name__ == "__main__":
    main()
