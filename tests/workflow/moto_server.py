"""moto's Step Functions interpreter as a process of its own, its Lambda calls led to the scripted Lambda.

Started as `python moto_server.py SCRIPTED_LAMBDA_HOST:PORT BACKOFF_SCALE`; serves loopback at MOTO_PORT, where the
interpreter looks for Lambda too. A process of its own, because the interpreter is switched on for the whole process and
mock_aws resets its backends.
"""

import http.client
import os
import sys
import time
from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGER_THAN_ANY_HOLD = 60.0
PASSED_ON = ("Content-Type", "X-Amz-Function-Error", "x-amzn-ErrorType", "x-amzn-RequestId")


def shorten_backoffs(scale: float) -> None:
    """Let retries wait `scale` of the time that the interpreter computed; how often it retries is untouched."""
    vars(retrier_decl)["time"] = SimpleNamespace(sleep=lambda seconds: time.sleep(seconds * scale))


def with_scripted_lambda(moto: "WSGIApplication", scripted_lambda: str) -> "WSGIApplication":
    """Return an application that sends invocations to the scripted Lambda, everything else to moto."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/2015-03-31/functions/"):
            return _forward(Request(environ), scripted_lambda)(environ, start_response)
        return moto(environ, start_response)

    return application


def _forward(request: Request, scripted_lambda: str) -> Response:
    connection = http.client.HTTPConnection(scripted_lambda, timeout=LONGER_THAN_ANY_HOLD)
    try:
        connection.request("POST", request.path, request.get_data(), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        headers = {name: value for name in PASSED_ON if (value := answer.getheader(name))}
        return Response(answer.read(), status=answer.status, headers=headers)
    finally:
        connection.close()


def main(scripted_lambda: str, backoff_scale: str) -> None:
    """Serve until the process is ended."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    shorten_backoffs(float(backoff_scale))
    moto = DomainDispatcherApplication(create_backend_app)
    application = with_scripted_lambda(moto, scripted_lambda)
    make_server("127.0.0.1", int(os.environ["MOTO_PORT"]), application, threaded=True).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
