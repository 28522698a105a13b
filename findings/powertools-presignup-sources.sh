#!/usr/bin/env bash
# aws-lambda-powertools 3.37.0 (parser), pydantic 2.14.4
#
# Behaviour: CognitoPreSignupTriggerModel parses an event whose triggerSource is PreSignUp_SignUp and refuses the same
# event with PreSignUp_AdminCreateUser or PreSignUp_ExternalProvider.
#
# Why it surprises: Cognito calls one pre sign-up function for all three, and the same package's other class for this
# event, PreSignUpTriggerEvent, lists them in its docstring and reads them. A function that parses its event with the
# model works in tests of self sign-up, and fails for each user whom an administrator makes and at each first sign-in
# through SAML or OIDC: Cognito takes the failure for a refusal of the user.
#
# Seen:
#   PreSignUp_SignUp: data class reads it, model takes it
#   PreSignUp_AdminCreateUser: data class reads it, model refuses it: Input should be 'PreSignUp_SignUp'
#   PreSignUp_ExternalProvider: data class reads it, model refuses it: Input should be 'PreSignUp_SignUp'
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  aws-lambda-powertools==3.37.0 pydantic==2.14.4 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import sys

from aws_lambda_powertools.utilities.data_classes.cognito_user_pool_event import PreSignUpTriggerEvent
from aws_lambda_powertools.utilities.parser.models import CognitoPreSignupTriggerModel
from pydantic import ValidationError

SOURCES = ["PreSignUp_SignUp", "PreSignUp_AdminCreateUser", "PreSignUp_ExternalProvider"]
REFUSED = "Input should be 'PreSignUp_SignUp'"


def event(source):
    return {
        "version": "1",
        "triggerSource": source,
        "region": "eu-central-1",
        "userPoolId": "eu-central-1_EXAMPLE00",
        "userName": "admin@acme.example",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "CLIENT_ID_NOT_APPLICABLE"},
        "request": {"userAttributes": {"email": "admin@acme.example"}, "validationData": {}},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }


def refusal(source):
    try:
        CognitoPreSignupTriggerModel.model_validate(event(source))
    except ValidationError as error:
        (problem,) = error.errors()
        assert problem["loc"] == ("triggerSource",)
        return problem["msg"]
    return None


seen = []
for source in SOURCES:
    assert PreSignUpTriggerEvent(event(source)).trigger_source == source
    seen.append(refusal(source))
    print(f"{source}: data class reads it, model {f'refuses it: {seen[-1]}' if seen[-1] else 'takes it'}")
sys.exit(0 if seen == [None, REFUSED, REFUSED] else 1)
PROGRAM
