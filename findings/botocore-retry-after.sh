#!/usr/bin/env bash
# botocore 1.44.8, retry mode standard
#
# Behaviour: a client waits before its next attempt as long as the header x-amz-retry-after of a 503 says, in
# milliseconds, but at most about 5 seconds. The header Retry-After, in seconds, is not looked at.
#
# Why it surprises: without a header the first repeat of a 503 comes within 50 ms, so a caller who adds up attempts and
# back-off arrives at far less than one answer can make of it: three attempts may take ten seconds more. And HTTP's own
# header, which proxies and load balancers send, does nothing at all.
#
# Seen (seconds to the second attempt):
#   no header: 0.1
#   Retry-After: 2 -> 0.1
#   x-amz-retry-after: 1500 -> 1.5
#   x-amz-retry-after: 60000 -> 5.1
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8 botocore==1.44.8 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.config import Config

arrivals = []
headers = {}


class Busy(BaseHTTPRequestHandler):
    """Answers the first attempt with 503 and these headers, the second with success."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        arrivals.append(time.monotonic())
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"{}" if len(arrivals) > 1 else b'{"__type": "ServiceUnavailable"}'
        self.send_response(200 if len(arrivals) > 1 else 503)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = boto3.Session("testing", "testing", region_name="eu-central-1").client(
    "cognito-idp",
    endpoint_url=f"http://127.0.0.1:{server.server_port}",
    config=Config(retries={"mode": "standard"}, proxies={}),
)
CASES = [
    ("no header:", {}, 0, 0.9),
    ("Retry-After: 2 ->", {"Retry-After": "2"}, 0, 0.9),
    ("x-amz-retry-after: 1500 ->", {"x-amz-retry-after": "1500"}, 1.5, 2.4),
    ("x-amz-retry-after: 60000 ->", {"x-amz-retry-after": "60000"}, 5, 6.5),
]
as_stated = True
for name, headers, least, most in CASES:
    arrivals.clear()
    client.list_user_pools(MaxResults=1)
    first, second = arrivals
    print(f"{name} {second - first:.1f}")
    as_stated &= least <= second - first <= most
sys.exit(0 if as_stated else 1)
PROGRAM
