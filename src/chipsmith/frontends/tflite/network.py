"""From an int8 `.tflite` file to a Graph, by the libraries of TensorFlow Lite and TOSA."""

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
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import QuantizedNetwork, integer_network
from chipsmith.frontends.tflite.litert import LiteRtModel
from chipsmith.tosa.file import parse_tosa
from chipsmith.tosa.graph import Graph

_IDENTIFIER = b"TFL3"
_FLOAT_TYPES = ("FLOAT16", "FLOAT32", "FLOAT64", "BFLOAT16")
_CONVERSION_LIMIT_S = 300
# What the flatbuffers library raises when offsets or lengths point outside of the file.
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError, MemoryError)


def load_tflite(path: str | os.PathLike[str]) -> QuantizedNetwork:
    """The network of an int8 `.tflite` file, whose source is the file itself; raises as read_tflite does."""
    return integer_network(read_tflite(path), source=LiteRtModel(file=Path(path)))


def read_tflite(path: str | os.PathLike[str]) -> Graph:
    """The network in an int8 `.tflite` file, named after the file; a batch left open becomes 1.

    Input and output tensors keep the file's order, layout (NHWC) and int8 values. Raises BadInput where the file
    is missing, foreign or truncated, holds floating-point tensors, or has an operator that TOSA cannot express,
    and where the `tflite` extra is not installed.
    """
    file = Path(path)
    data = _read(file)
    _require_extra(file)
    _refuse_float(data, file)
    return parse_tosa(_convert(_with_fixed_batch(data, file), file), file.stem)


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}") from error
    if data[4:8] != _IDENTIFIER:
        raise BadInput(f"{file} is not a TensorFlow Lite file (its identifier TFL3 is missing)")
    return data


def _require_extra(file: Path) -> None:
    for package in ("tosa_converter_for_tflite", "ai_edge_litert"):
        if find_spec(package) is None:
            message = f"cannot read {file}: {package} is not installed; mend: pip install 'chipsmith[tflite]'"
            raise BadInput(message)


def _refuse_float(data: bytes, file: Path) -> None:
    from ai_edge_litert.schema_py_generated import TensorType

    float_types = {getattr(TensorType, name) for name in _FLOAT_TYPES}
    with _damage_named(file):
        names = [_name(tensor) for tensor in _tensors(data) if tensor.Type() in float_types]
    if names:
        raise BadInput(
            f"{file} is not int8: it holds {len(names)} floating-point tensors, the first is '{names[0]}'. Convert it "
            "with full-integer quantisation (inference_input_type and inference_output_type int8), or give the "
            "PyTorch network and --calibration"
        )


def _with_fixed_batch(data: bytes, file: Path) -> bytes:
    """The file with each open dimension (-1 in a shape signature) set to the size that its shape records."""
    fixed = bytearray(data)
    with _damage_named(file):
        for tensor in _tensors(fixed):
            _fix_signature(tensor)
    return bytes(fixed)


def _fix_signature(tensor: Any) -> None:
    if tensor.ShapeSignatureLength() == 0:
        return
    signature, shape = tensor.ShapeSignatureAsNumpy(), tensor.ShapeAsNumpy()
    signature[signature < 0] = shape[signature < 0]  # a view of the file's bytes


def _tensors(data: bytes | bytearray) -> Iterator[Any]:
    from ai_edge_litert.schema_py_generated import Model

    model = Model.GetRootAsModel(data, 0)
    for subgraph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        yield from (subgraph.Tensors(index) for index in range(subgraph.TensorsLength()))


def _name(tensor: Any) -> str:
    name: bytes = tensor.Name() or b"?"
    return name.decode(errors="replace")


@contextmanager
def _damage_named(file: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise BadInput(_damaged(file)) from error


def _damaged(file: Path) -> str:
    return f"{file} is damaged or truncated: copy or export it again"


def _convert(data: bytes, file: Path) -> bytes:
    """The `.tosa` bytes of a `.tflite` file; both tools run as processes, so that none can take this one down."""
    with tempfile.TemporaryDirectory(prefix="chipsmith-") as folder:
        source, mlir, tosa = (Path(folder) / name for name in ("network.tflite", "network.mlirbc", "network.tosa"))
        source.write_bytes(data)
        converter = [sys.executable, "-m", "tosa_converter_for_tflite.cli", "--bytecode", str(source), "-o", str(mlir)]
        _run(converter, produces=mlir, file=file)
        _run(
            [_tosa_opt(file), "--tosa-serialize", f"--tosa-flatbuffer-filename={tosa}", str(mlir), "-o", os.devnull],
            produces=tosa,
            file=file,
        )
        return tosa.read_bytes()


def _tosa_opt(file: Path) -> str:
    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    tool = shutil.which("tosa-opt", path=folders)
    if tool is None:
        raise BadInput(f"cannot read {file}: tosa-opt is missing; mend: pip install --force-reinstall tosa-tools")
    return tool


def _run(command: Sequence[str], *, produces: Path, file: Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_CONVERSION_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{file}: the conversion to TOSA did not end in {_CONVERSION_LIMIT_S} s") from error
    if done.returncode != 0 or not produces.is_file():
        raise BadInput(_refusal(done.stderr, file))


def _refusal(noise: str, file: Path) -> str:
    """One line from what a tool printed: its first error, without the places and prefixes around it."""
    if "not a valid Flatbuffer" in noise:
        return _damaged(file)
    errors = [line.split("error: ", 1)[1] for line in noise.splitlines() if "error: " in line]
    reason = errors[0] if errors else "the converter gave no reason"
    return (
        f"{file} cannot be expressed in TOSA: {reason}. Replace that operator in the network and convert it again, "
        "or give the PyTorch network and --calibration"
    )
