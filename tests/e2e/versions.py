"""Another version of a deployed function, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from tenant_onboarding.cdk_function import LIVE
from tests.e2e.journey import physical


@contextmanager
def deployed(name: str, **changed: str) -> Iterator[None]:
    """Publish a function with another environment, and lead the alias there, as CloudFormation does.

    Afterwards the alias is where it was, whatever becomes of the with block.
    """
    functions, function, before = boto3.client("lambda"), physical(name), leads(name)
    configuration = functions.get_function_configuration(FunctionName=function)
    variables = configuration["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables | changed})
    version = functions.publish_version(FunctionName=function)["Version"]
    functions.update_alias(FunctionName=function, Name=LIVE, FunctionVersion=version)
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        functions.update_alias(FunctionName=function, Name=LIVE, FunctionVersion=before)


def leads(name: str) -> str:
    """Return the version that a function's alias leads to."""
    return str(boto3.client("lambda").get_alias(FunctionName=physical(name), Name=LIVE)["FunctionVersion"])
