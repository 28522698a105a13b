#!/usr/bin/env bash
# dnspython 2.9.2
#
# Behaviour: dns.rdata.from_text() takes a TXT value without quotes, and drops whatever follows the first semicolon.
# No error, no warning: `v=DMARC1; p=reject` becomes the record `v=DMARC1`. Spaces divide the rest into strings of their
# own, which a reader of the record joins without the spaces.
#
# Why it surprises: the text of a DMARC, DKIM or SPF policy is what a person copies from a page, without quotes. The
# function's argument is one value, not a zone file, yet it is read by a zone file's rules, where a semicolon begins a
# comment. What comes back is well-formed and means something else.
#
# Seen:
#   v=DMARC1; p=reject -> (b'v=DMARC1',)
#   "v=DMARC1; p=reject" -> (b'v=DMARC1; p=reject',)
#   v=spf1 include:mail.example -all -> (b'v=spf1', b'include:mail.example', b'-all')
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dnspython==2.9.2 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import sys
import warnings

import dns.rdata

warnings.simplefilter("error")
STATED = {
    "v=DMARC1; p=reject": (b"v=DMARC1",),
    '"v=DMARC1; p=reject"': (b"v=DMARC1; p=reject",),
    "v=spf1 include:mail.example -all": (b"v=spf1", b"include:mail.example", b"-all"),
}
seen = {text: dns.rdata.from_text("IN", "TXT", text).strings for text in STATED}
for text, strings in seen.items():
    print(f"{text} -> {strings}")
sys.exit(0 if seen == STATED else 1)
PROGRAM
