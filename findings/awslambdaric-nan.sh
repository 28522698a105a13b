#!/usr/bin/env bash
# awslambdaric 4.2.2
#
# Behaviour: AWS's Python runtime client writes a function's answer that holds NaN or Infinity as the bare word, with
# the content type application/json, and refuses to read an event that holds the same word.
#
# Why it surprises: one class writes and reads, with the same JSON library, and cannot read what it wrote. The function
# that returns a mean of nothing succeeds; what fails is the next one, to which the answer is handed as its event, with
# Runtime.UnmarshalError. Python's own json would have read it.
#
# Seen:
#   answer: {"mean": NaN} as application/json
#   as an event: Runtime.UnmarshalError
#   answer: {"mean": Infinity} as application/json
#   as an event: Runtime.UnmarshalError
#   answer: {"mean": 1.5} as application/json
#   as an event: {'mean': 1.5}
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check awslambdaric==4.2.2 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import json
import math
import sys

from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

marshaller = LambdaMarshaller()
STATED = [
    ('{"mean": NaN}', "Runtime.UnmarshalError"),
    ('{"mean": Infinity}', "Runtime.UnmarshalError"),
    ('{"mean": 1.5}', {"mean": 1.5}),
]
seen = []
for value in (math.nan, math.inf, 1.5):
    answer, content_type = marshaller.marshal_response({"mean": value})
    assert content_type == "application/json"
    json.loads(answer)  # Python's own takes all three
    try:
        event = marshaller.unmarshal_request(answer)
    except FaultException as fault:
        event = fault.exception_type
    seen.append((answer, event))
    print(f"answer: {answer} as {content_type}\nas an event: {event}")
sys.exit(0 if seen == STATED else 1)
PROGRAM
