"""The published record: a few replicates, measured again, have the values that stand in it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_replicates_that_are_measured_again_have_the_values_of_the_record():
    environment = os.environ | {"OVERPARAM_SEED": ""}
    command = [sys.executable, "tools/confirm.py", "--check", "2", "bias-variance"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "values of" in done.stdout
    assert "are those of the record" in done.stdout
