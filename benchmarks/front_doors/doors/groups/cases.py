"""The small inputs that once came out wrong, in $CHIPSMITH_CASES or ../shared/cases beside the repository.

A case's `make.py` writes its files; of a `.tflite` file the expected outputs lie beside it.
"""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np

from doors.process import SOURCE
from doors.subject import Comparison, Door, Example, Subject
from doors.truth import open_session, run_module, run_onnx

FOLDER = Path(os.environ.get("CHIPSMITH_CASES", SOURCE.parents[1] / "shared" / "cases"))
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}
SEQUENCES = ("20-open-first-axis-is-time",)
"""Cases whose whole `x.npy` is one inference."""


def list_subjects() -> Sequence[Subject]:
    return [_subject(folder) for folder in sorted(FOLDER.glob("*/"))]


def _subject(folder: Path) -> Subject:
    if (folder / "model.tflite").exists():
        door, packages, make = Door.TFLITE, ("ai-edge-litert",), partial(make_tflite, folder)
    elif (folder / "net.py").exists():
        door, packages, make = Door.PYTORCH, ("torch",), partial(make_module, folder)
    else:
        door, packages, make = Door.ONNX, ("onnx",), partial(make_onnx, folder)
    return Subject(group="cases", file=folder.name, door=door, packages=packages, make=make)


def make_onnx(case: Path, folder: Path) -> Example:
    """What `make.py` writes, beside onnxruntime."""
    runpy.run_path(str(case / "make.py"), run_name="__main__")
    (source,) = open_session(folder / "model.onnx").get_inputs()
    column = np.load(folder / "x.npy").astype(TYPES[source.type])
    inputs = ((column,),) if case.name in SEQUENCES else tuple((array[None],) for array in column)
    quantised = b"QuantizeLinear" in (folder / "model.onnx").read_bytes()
    return Example(
        model="model.onnx",
        input_names=(source.name,),
        calibration=() if quantised else inputs,
        inputs=inputs,
        expected=run_onnx(folder / "model.onnx", inputs),
    )


def make_module(case: Path, folder: Path) -> Example:
    """The network of `net.py`, beside the eager module."""
    shutil.copy(case / "net.py", folder)
    sys.path.insert(0, str(folder))
    runpy.run_path("net.py", run_name="__main__")
    inputs = tuple((array[None],) for array in np.load("x.npy"))
    module = import_module("net").build()
    return Example(
        model="net:build", input_names=("x",), calibration=inputs, inputs=inputs, expected=run_module(module, inputs)
    )


def make_tflite(case: Path, _folder: Path) -> Example:
    """The file, beside the outputs of LiteRT's reference kernels."""
    inputs, expected = np.load(case / "input.npy"), np.load(case / "expected.npy")
    return Example(
        model=str(case / "model.tflite"),
        input_names=("input",),
        calibration=(),
        inputs=((inputs,),),
        expected=((expected,),),
        comparison=Comparison.VALUES if expected.dtype.kind == "f" else Comparison.INTEGERS,
    )
