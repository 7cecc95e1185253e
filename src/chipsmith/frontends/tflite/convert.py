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
from chipsmith.frontends.tflite.part import Part, cut_part

_LIMIT_S = 300


class _Refusal(Exception):
    """A tool gave no result; the message is what it printed."""


def convert(part: Part) -> bytes:
    """The `.tosa` bytes of a part of a network: its inputs and outputs are the part's, in its order.

    Both tools run as processes, so that none can take this one down. Raises OperatorRefused with the first operator
    that has no form in TOSA, BadInput where a tool is missing.
    """
    try:
        return _convert(part)
    except _Refusal as refusal:
        raise _blame(part, str(refusal)) from refusal


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
        raise _Refusal(process.stderr)


def _blame(part: Part, noise: str) -> OperatorRefused:
    """The refusal of the first operator without which the operators before it convert."""
    fine, bad = 0, len(part.operators)
    while bad - fine > 1:
        middle = (fine + bad) // 2
        try:
            _convert(_first_operators(part, middle))
        except _Refusal as refusal:
            bad, noise = middle, str(refusal)
        else:
            fine = middle
    operator = part.operators[bad - 1]
    tensors = ", ".join(str(part.model.main.tensors[index]) for index in operator.operands)
    reason = f"it cannot be expressed in TOSA for {tensors or 'no inputs'}{_first_error(noise)}. Replace that operator "
    return part.model.main.refuse(
        operator, reason + "in the network and convert it again, or give the PyTorch network", file=part.model.file
    )


def _first_operators(part: Part, count: int) -> Part:
    """The part that the first operators are; it gives what none of them reads."""
    kept = part.operators[:count]
    read = {index for op in kept for index in op.operands}
    unread = [index for op in kept for index in op.outputs if index not in read]
    return cut_part(part.model, kept, wanted=unread, entering=part.inputs)


def _first_error(noise: str) -> str:
    """What a tool printed first, without the places and prefixes around it."""
    errors = [line.split("error: ", 1)[1] for line in noise.splitlines() if "error: " in line]
    return f" ({errors[0]})" if errors else ""
