#!/usr/bin/env bash
# aws-lambda-powertools 3.37.0 (validation) beside pydantic 2.14.4
#
# Behaviour: Powertools' validate() lets a tuple pass whose members have the wrong types, judged by the schema that
# pydantic writes for the tuple. The number of members is judged. pydantic itself refuses both.
#
# Why it surprises: a model's schema is taken for the model itself, and validate() raises for a schema that it cannot
# compile, so one that it takes looks understood. It judges by draft 7 of JSON Schema; pydantic writes 2020-12, in
# which the members of a tuple stand under prefixItems, a word that draft 7 passes over.
#
# Seen:
#   ["acme", 3] pydantic takes, validate() takes
#   [3, "acme"] pydantic refuses, validate() takes
#   ["acme", 3, 4] pydantic refuses, validate() refuses
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'aws-lambda-powertools[validation]==3.37.0' pydantic==2.14.4 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import json
import sys

from aws_lambda_powertools.utilities.validation import validate
from aws_lambda_powertools.utilities.validation.exceptions import SchemaValidationError
from pydantic import BaseModel, ValidationError

STATED = {'["acme", 3]': (True, True), '[3, "acme"]': (False, True), '["acme", 3, 4]': (False, False)}


class Event(BaseModel):
    seats: tuple[str, int]


SCHEMA = Event.model_json_schema()


def takes(judge, refusal, seats):
    try:
        judge({"seats": json.loads(seats)})
    except refusal:
        return False
    return True


seen = {
    seats: (
        takes(Event.model_validate, ValidationError, seats),
        takes(lambda event: validate(event=event, schema=SCHEMA), SchemaValidationError, seats),
    )
    for seats in STATED
}
for seats, (pydantic, powertools) in seen.items():
    print(f"{seats} pydantic {'takes' if pydantic else 'refuses'}, validate() {'takes' if powertools else 'refuses'}")
sys.exit(0 if seen == STATED else 1)
PROGRAM
