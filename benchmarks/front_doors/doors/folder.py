"""An Example as files: what the process that makes it hands to the process that judges the front door by it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.tosa.graph import Array
from doors.subject import Comparison, Example, Inference


@dataclass(frozen=True, kw_only=True)
class Question:
    """An Example as its folder holds it: one array for each input and output, inferences along axis 0."""

    model: str
    calibration: Path | None
    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]
    comparison: Comparison
    rival: tuple[Array, ...]
    steps: int


def write_example(example: Example, folder: Path) -> None:
    """Write an Example."""
    calibration = _write_calibration(example, folder) if example.calibration else None
    np.savez(folder / "inputs.npz", *join_inferences(example.inputs))
    np.savez(folder / "expected.npz", *join_inferences(example.expected))
    np.savez(folder / "rival.npz", *join_inferences(example.rival))
    about = {
        "model": example.model,
        "calibration": calibration,
        "comparison": example.comparison,
        "steps": example.steps,
    }
    (folder / "about.json").write_text(json.dumps(about))


def read_question(folder: Path) -> Question:
    """What write_example wrote."""
    about = json.loads((folder / "about.json").read_text())
    calibration = about["calibration"]
    return Question(
        model=about["model"],
        calibration=folder / calibration if calibration else None,
        inputs=_read_arrays(folder / "inputs.npz"),
        expected=_read_arrays(folder / "expected.npz"),
        comparison=Comparison(about["comparison"]),
        rival=_read_arrays(folder / "rival.npz"),
        steps=about["steps"],
    )


def join_inferences(inferences: Sequence[Inference]) -> list[Array]:
    """One array for each port, the inferences along axis 0: (n x first, ...), or (n,) for ports of rank 0."""
    return [np.concatenate([np.atleast_1d(part) for part in column]) for column in zip(*inferences, strict=True)]


def _write_calibration(example: Example, folder: Path) -> str:
    columns = join_inferences(example.calibration)
    if len(columns) == 1:
        np.save(folder / "calibration.npy", columns[0])
        return "calibration.npy"
    with zipfile.ZipFile(folder / "calibration.npz", "w") as archive:  # np.savez has arguments of its own names
        for name, column in zip(example.input_names, columns, strict=True):
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, column)
    return "calibration.npz"


def _read_arrays(file: Path) -> tuple[Array, ...]:
    with np.load(file) as arrays:
        return tuple(arrays[f"arr_{index}"] for index in range(len(arrays.files)))
