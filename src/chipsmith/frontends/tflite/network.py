"""From an int8 `.tflite` file to a QuantizedNetwork, by the libraries of TensorFlow Lite and TOSA."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import CalibrationSource, needless_calibration
from chipsmith.frontends.front_end import AnyPath
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.quantized_network import QuantizedNetwork, follow_names, integer_network
from chipsmith.frontends.tflite import FRONT_END
from chipsmith.frontends.tflite.litert import LiteRtModel
from chipsmith.frontends.tflite.locations import read_locations
from chipsmith.frontends.tflite.roundings import find_other_roundings
from chipsmith.tosa.file import parse_tosa

_IDENTIFIER = b"TFL3"
_CONVERSION_LIMIT_S = 300
# What the flatbuffers library raises when offsets or lengths point outside of the file.
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError, MemoryError)


def load_tflite(
    model: AnyPath, calibration: CalibrationSource | None = None, _options: LoadOptions = DEFAULT_OPTIONS
) -> QuantizedNetwork:
    """The network in an int8 `.tflite` file, named after the file; a batch left open becomes 1.

    Inputs and outputs keep the file's order, layout (NHWC) and int8 values; an operator's author's name is that of the
    tensor that the file's operator computes. Raises BadInput where the file is missing, foreign or truncated, holds
    floating-point tensors, or has an operator that TOSA cannot express, where the `tflite` extra is not installed, and
    for a calibration, which an int8 file has no use for.
    """
    if calibration is not None:
        raise needless_calibration(os.fspath(model))
    file = Path(model)
    data = _read(file)
    FRONT_END.require(f"read {file}")
    _refuse_float(data, file)
    tosa = _convert(_fix_batch(data, file), file)
    graph = parse_tosa(tosa, file.stem)
    names = follow_names(read_locations(tosa, name=file.name), graph, graph)
    return integer_network(
        graph,
        operator_names=names,
        other_roundings=find_other_roundings(data),
        source=LiteRtModel(file=file),
    )


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}") from error
    if data[4:8] != _IDENTIFIER:
        raise BadInput(f"{file} is not a TensorFlow Lite file (its identifier TFL3 is missing)")
    return data


def _refuse_float(data: bytes, file: Path) -> None:
    from ai_edge_litert.schema_py_generated import TensorType

    float_types = (TensorType.FLOAT16, TensorType.FLOAT32, TensorType.FLOAT64, TensorType.BFLOAT16)
    with _name_damage(file):
        names = [_read_name(tensor) for tensor in _list_tensors(data) if tensor.Type() in float_types]
    if names:
        raise BadInput(
            f"{file} is not int8: it holds {len(names)} floating-point tensors, the first is '{names[0]}'. Convert it "
            "with full-integer quantisation (inference_input_type and inference_output_type int8), or give the "
            "PyTorch network and --calibration"
        )


def _fix_batch(data: bytes, file: Path) -> bytes:
    """The file with each open dimension (-1 in a shape signature) set to the size that its shape records."""
    fixed = bytearray(data)
    with _name_damage(file):
        for tensor in _list_tensors(fixed):
            _fix_signature(tensor)
    return bytes(fixed)


def _fix_signature(tensor: Any) -> None:
    if tensor.ShapeSignatureLength() == 0:
        return
    signature, shape = tensor.ShapeSignatureAsNumpy(), tensor.ShapeAsNumpy()
    signature[signature < 0] = shape[signature < 0]  # a view of the file's bytes


def _list_tensors(data: bytes | bytearray) -> Iterator[Any]:
    from ai_edge_litert.schema_py_generated import Model

    model = Model.GetRootAsModel(data, 0)
    for subgraph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        yield from (subgraph.Tensors(index) for index in range(subgraph.TensorsLength()))


def _read_name(tensor: Any) -> str:
    name: bytes = tensor.Name() or b"?"
    return name.decode(errors="replace")


@contextmanager
def _name_damage(file: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise BadInput(_describe_damage(file)) from error


def _describe_damage(file: Path) -> str:
    return f"{file} is damaged or truncated: copy or export it again"


def _convert(data: bytes, file: Path) -> bytes:
    """The `.tosa` bytes of a `.tflite` file; both tools run as processes, so that none can take this one down."""
    with tempfile.TemporaryDirectory(prefix="chipsmith-") as folder:
        source, mlir, tosa = (Path(folder) / name for name in ("network.tflite", "network.mlirbc", "network.tosa"))
        source.write_bytes(data)
        converter = [sys.executable, "-m", "tosa_converter_for_tflite.cli", "--bytecode", "--emit-debug-info"]
        _run([*converter, str(source), "-o", str(mlir)], produces=mlir, file=file)
        _run(
            [
                _find_tosa_opt(file),
                "--tosa-serialize",
                f"--tosa-flatbuffer-filename={tosa}",
                str(mlir),
                "-o",
                os.devnull,
            ],
            produces=tosa,
            file=file,
        )
        return tosa.read_bytes()


def _find_tosa_opt(file: Path) -> str:
    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    tool = shutil.which("tosa-opt", path=folders)
    if tool is None:
        raise BadInput(f"cannot read {file}: tosa-opt is missing; mend: pip install --force-reinstall tosa-tools")
    return tool


def _run(command: Sequence[str], *, produces: Path, file: Path) -> None:
    try:
        process = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_CONVERSION_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{file}: the conversion to TOSA did not end in {_CONVERSION_LIMIT_S} s") from error
    if process.returncode != 0 or not produces.is_file():
        raise BadInput(_explain_refusal(process.stderr, file))


def _explain_refusal(noise: str, file: Path) -> str:
    """One line from what a tool printed: its first error, without the places and prefixes around it."""
    if "not a valid Flatbuffer" in noise:
        return _describe_damage(file)
    errors = [line.split("error: ", 1)[1] for line in noise.splitlines() if "error: " in line]
    reason = errors[0] if errors else "the converter gave no reason"
    return (
        f"{file} cannot be expressed in TOSA: {reason}. Replace that operator in the network and convert it again, "
        "or give the PyTorch network and --calibration"
    )
