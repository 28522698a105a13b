"""Synthesizes the adapter's stack: `python -m examples.stripe.app`, or through the CDK CLI."""

from aws_cdk import App

from examples.stripe.stack import STACK_NAME, StripeAdapterStack


def main() -> None:
    """Write the cloud assembly to where CDK_OUTDIR says."""
    app = App()
    StripeAdapterStack(app, STACK_NAME)
    app.synth()


if __name__ == "__main__":
    main()
