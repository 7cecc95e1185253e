"""The front doors, judged by networks of others, each beside its own framework on the file as it is.

    python benchmarks/front_doors.py [--group GROUP ...] [--match TEXT] [--results FILE] [--json]

Groups: cases (small inputs that once came out wrong), onnx-nodes (the `onnx` package's own tests of operators), wheels
(files inside of wheels, on rendered text), a group for each package of networks (both doors, and both of torch's
exporters), speed (lowering, in CPU seconds from a process's start), quantisation (beside onnxruntime's own int8). The
packages that bring networks live in an environment of this benchmark's own:

    python -m venv FOLDER
    FOLDER/bin/pip install -e '.[all]'
    FOLDER/bin/pip install --no-deps -r benchmarks/front_doors.requirements.txt
    FOLDER/bin/python benchmarks/front_doors.py

What is not installed is named and left out. Each network has processes of its own, 300 CPU-s and 8 GiB. Results go to
FILE as they come; a network whose code, packages and inputs are the same as there is not run again.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent / "front_doors")  # this folder has a `profile` that Python's own would be
    import_module("doors.main").main(__doc__)
