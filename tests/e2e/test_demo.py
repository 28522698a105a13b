"""The demo, as the README shows it."""

import re
import subprocess
import sys
from pathlib import Path

from orchestrator.local.ministack import ROOT

ONBOARD = Path(sys.executable).parent / "onboard"
SECONDS = 300
TIME = re.compile(r"\d+\.\d s$")


def test_the_demo_says_what_the_readme_says_it_does() -> None:
    """It exits with 0 only if whatever it expects held; only its times are others."""
    done = subprocess.run([ONBOARD, "demo"], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    said = {TIME.sub("…", line.rstrip()) for line in (done.stdout + done.stderr).splitlines()}
    shown = [TIME.sub("…", line) for line in shown_in_readme() if line]
    assert [line for line in shown if line not in said] == []


def shown_in_readme() -> list[str]:
    """Return the lines of the demo's output that the README shows: the failure with its repair, and the proof."""
    section = (ROOT / "README.md").read_text().split("## Try it")[1].split("\n## ")[0]
    blocks: list[str] = re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    outputs = [block for block in blocks if not block.startswith("make ")]
    assert [block.split()[0] for block in outputs] == ["failed", "ok"]
    return "".join(outputs).splitlines()
