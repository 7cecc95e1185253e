"""An Example as files: what the process that makes it hands to the process that judges the front door by it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.tosa.graph import Array
from doors.subject import Example, Inference


@dataclass(frozen=True, kw_only=True)
class Question:
    """An Example as its folder holds it: one array for each input and output, inferences along axis 0."""

    model: str
    calibration: Path | None
    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]
    exact: bool


def write_example(example: Example, folder: Path) -> None:
    """Write an Example; `about.json` comes last, so that a folder that has it is complete."""
    calibration = _write_calibration(example, folder) if example.calibration else None
    np.savez(folder / "inputs.npz", *join_inferences(example.inputs))
    np.savez(folder / "expected.npz", *join_inferences(example.expected))
    about = {"model": example.model, "calibration": calibration, "exact": example.exact}
    (folder / "about.json").write_text(json.dumps(about))


def is_complete(folder: Path) -> bool:
    """Whether write_example finished here."""
    return (folder / "about.json").exists()


def read_question(folder: Path) -> Question:
    """What write_example wrote."""
    about = json.loads((folder / "about.json").read_text())
    calibration = about["calibration"]
    return Question(
        model=about["model"],
        calibration=folder / calibration if calibration else None,
        inputs=_read_arrays(folder / "inputs.npz"),
        expected=_read_arrays(folder / "expected.npz"),
        exact=about["exact"],
    )


def join_inferences(inferences: Sequence[Inference]) -> list[Array]:
    """One array for each port, the inferences along axis 0: (n x first, ...), or (n,) for ports of rank 0."""
    return [np.concatenate([np.atleast_1d(part) for part in column]) for column in zip(*inferences, strict=True)]


def _write_calibration(example: Example, folder: Path) -> str:
    columns = join_inferences(example.calibration)
    if len(columns) == 1:
        np.save(folder / "calibration.npy", columns[0])
        return "calibration.npy"
    with (folder / "calibration.npz").open("wb") as file:
        np.savez(file, **dict(zip(example.input_names, columns, strict=True)))
    return "calibration.npz"


def _read_arrays(file: Path) -> tuple[Array, ...]:
    with np.load(file) as arrays:
        return tuple(arrays[f"arr_{index}"] for index in range(len(arrays.files)))
