"""From a part of a network to TOSA by the libraries of both, and the operator to blame where they refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.tflite.model import FileOperator
from chipsmith.frontends.tflite.part import Part, cut_part

_LIMIT_S = 300
_TYPES = ("INT8", "INT16", "INT32", "BOOL", "FLOAT32")
_CONTROL_FLOW = ("IF", "WHILE", "CALL")


class _Refusal(Exception):
    """A tool gave no result."""


def convert(part: Part) -> bytes:
    """The `.tosa` bytes of a part of a network: its inputs and outputs are the part's, in its order.

    Both tools run as processes, so that none can take this one down. Raises OperatorRefused with the first operator
    that has no form in TOSA, BadInput where a tool is missing.
    """
    for operator in part.operators:
        _check(part, operator)
    try:
        return _convert(part)
    except _Refusal as refusal:
        operator = _find_culprit(part)
        tensors = ", ".join(str(part.model.main.tensors[index]) for index in operator.operands)
        raise _refuse(part, operator, f"TOSA has no form of it for {tensors or 'no inputs'}") from refusal


def _check(part: Part, operator: FileOperator) -> None:
    """Refuse what the tools cannot take, whatever stands around it."""
    if operator.kind in _CONTROL_FLOW:
        raise _refuse(part, operator, "which operators run depends on values")
    if operator.is_custom:
        raise _refuse(part, operator, "it is a custom operator, and the file does not hold what it computes")
    for tensor in (part.model.main.tensors[index] for index in (*operator.operands, *operator.outputs)):
        if not tensor.is_constant and tensor.type_name not in _TYPES:
            raise _refuse(part, operator, f"'{tensor.name}' is {tensor}; int8, uint8, int16, int32 and bool are taken")


def _refuse(part: Part, operator: FileOperator, reason: str) -> OperatorRefused:
    mend = "replace it in the network and convert that again, or give the PyTorch network and --calibration"
    return part.model.main.refuse(operator, f"{reason}; {mend}", file=part.model.file)


def _convert(part: Part) -> bytes:
    file = part.model.file
    with tempfile.TemporaryDirectory(prefix="chipsmith-") as folder:
        source, mlir, tosa = (Path(folder) / name for name in ("network.tflite", "network.mlirbc", "network.tosa"))
        source.write_bytes(part.to_bytes())
        converter = [sys.executable, "-m", "tosa_converter_for_tflite.cli", "--bytecode", "--emit-debug-info"]
        _run([*converter, str(source), "-o", str(mlir)], produces=mlir, file=file)
        writer = [_find_tosa_opt(file), "--tosa-serialize", f"--tosa-flatbuffer-filename={tosa}"]
        _run([*writer, str(mlir), "-o", os.devnull], produces=tosa, file=file)
        return tosa.read_bytes()


def _find_tosa_opt(file: Path) -> str:
    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    tool = shutil.which("tosa-opt", path=folders)
    if tool is None:
        raise BadInput(f"cannot read {file}: tosa-opt is missing; mend: pip install --force-reinstall tosa-tools")
    return tool


def _run(command: Sequence[str], *, produces: Path, file: Path) -> None:
    try:
        process = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{file}: the conversion to TOSA did not end in {_LIMIT_S} s") from error
    if process.returncode != 0 or not produces.is_file():
        raise _Refusal


def _find_culprit(part: Part) -> FileOperator:
    """The first operator with which, behind those before it, the tools give nothing."""
    fine, bad = 0, len(part.operators)
    while bad - fine > 1:
        middle = (fine + bad) // 2
        if _converts(_first_operators(part, middle)):
            fine = middle
        else:
            bad = middle
    return part.operators[bad - 1]


def _converts(part: Part) -> bool:
    try:
        return bool(_convert(part))
    except _Refusal:
        return False


def _first_operators(part: Part, count: int) -> Part:
    """The part that the first operators are; it gives what none of them reads."""
    kept = part.operators[:count]
    read = {index for op in kept for index in op.operands}
    unread = [index for op in kept for index in op.outputs if index not in read]
    return cut_part(part.model, kept, wanted=unread, entering=part.inputs)
