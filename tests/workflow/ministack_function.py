"""The code of every Lambda function in MiniStack: asks the scripted Lambda what to do, then does it for real.

Runs in a process of its own under AWS's Python runtime client, which reports the class name of what is raised here.
"""

import http.client
import json
import os
import time
from typing import Any

LONGER_THAN_ANY_TIMEOUT = 60.0


def handler(event: dict[str, Any], _context: object) -> object:
    """Return, raise, die or overrun as the tenant's script says."""
    response, body = _ask(event)
    refusal = response.getheader("x-amzn-ErrorType")
    if refusal:
        raise _named(f"Lambda.{refusal}")
    if response.getheader("X-Amz-Function-Error"):
        _fail(body["errorType"])
    return body


def _fail(error: str) -> None:
    if error == "Runtime.ExitError":
        os._exit(1)
    if error == "Sandbox.Timedout":
        time.sleep(LONGER_THAN_ANY_TIMEOUT)
    raise _named(error)


def _named(name: str) -> Exception:
    error: Exception = type(name, (Exception,), {})("scripted")
    return error


def _ask(event: dict[str, Any]) -> tuple[http.client.HTTPResponse, Any]:  # Any: a step may return any JSON
    connection = http.client.HTTPConnection(os.environ["SCRIPTED_LAMBDA"], timeout=LONGER_THAN_ANY_TIMEOUT)
    try:
        path = f"/2015-03-31/functions/{os.environ['AWS_LAMBDA_FUNCTION_NAME']}/invocations"
        connection.request("POST", path, json.dumps(event), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response, json.loads(response.read())
    finally:
        connection.close()
