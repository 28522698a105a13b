#!/usr/bin/env bash
# moto 5.2.5, boto3 1.44.8
#
# Behaviour: moto's DynamoDB writes a TransactWriteItems twice that is sent twice with one ClientRequestToken. A counter
# that the transaction raises by one is 2 afterwards.
#
# Why it surprises: the token is there to make the repeat harmless. DynamoDB writes once and answers the repeat with
# success for ten minutes. moto takes the token, refuses none, and keeps none. A test which shows by moto that a repeat
# is harmless fails where AWS would not, and one which counts on the second write passes.
#
# Seen:
#   the counter after one token sent twice: 2
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'moto[dynamodb]==5.2.5' boto3==1.44.8 botocore==1.44.8 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import sys

import boto3
from moto import mock_aws

KEY = {"tenantId": {"S": "acme"}}
RAISE = {
    "TableName": "counters",
    "Key": KEY,
    "UpdateExpression": "ADD seats :one",
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}
with mock_aws():
    dynamodb = boto3.Session("testing", "testing", region_name="eu-central-1").client("dynamodb")
    dynamodb.create_table(
        TableName="counters",
        KeySchema=[{"AttributeName": "tenantId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "tenantId", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[{"Update": RAISE}], ClientRequestToken="one-token")
    seats = dynamodb.get_item(TableName="counters", Key=KEY)["Item"]["seats"]["N"]
print(f"the counter after one token sent twice: {seats}")
sys.exit(0 if seats == "2" else 1)
PROGRAM
