"""ruff finds nothing, so a reader sees one style in the whole tree."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("rule", [("check",), ("format", "--check")], ids=["check", "format"])
def test_ruff_is_content(rule):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *rule, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
