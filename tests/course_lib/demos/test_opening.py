"""A demo opens without what it does not compute with: PyTorch takes a second of a processor to import."""

import subprocess
import sys

from course_lib.paths import ROOT

WITH_PYTORCH = {"attention", "kv_cache", "learning_rate", "nonlinearity", "overfitting", "quantization"}
IMPORTED = """import sys
from course_lib import demos
for name in sys.argv[1:]:
    getattr(demos, name)
    assert "torch" not in sys.modules, name"""


def test_demos_that_compute_without_pytorch_do_not_import_it():
    every = {path.parent.name for path in (ROOT / "course_lib" / "demos").glob("*/__init__.py")}
    assert every > WITH_PYTORCH
    command = [sys.executable, "-c", IMPORTED, *sorted(every - WITH_PYTORCH)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
