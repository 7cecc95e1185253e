"""The nouns: a Subject is a network by others, its Example what it is calibrated and judged with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from chipsmith.tosa.graph import Array

Inference: TypeAlias = tuple[Array, ...]
"""The inputs of one call of a network, or its outputs, in its own order and shapes."""


class Door(StrEnum):
    """A front end."""

    ONNX = "onnx"
    PYTORCH = "pytorch"
    TFLITE = "tflite"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A network and its inputs.

    `model` is what `chipsmith compile` takes: a file, or `package.module:function`. `expected` are the outputs that the
    network's own framework gives for `inputs`; where the network has only integers they are met to the bit, which
    `exact` says. `calibration` is empty where the network needs none.
    """

    model: str
    input_names: tuple[str, ...]
    calibration: tuple[Inference, ...]
    inputs: tuple[Inference, ...]
    expected: tuple[Inference, ...]
    exact: bool = False


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A network of a group. `make` writes its files into a folder; `packages` are the distributions that it needs."""

    group: str
    file: str
    door: Door
    packages: tuple[str, ...]
    make: Callable[[Path], Example]

    @property
    def key(self) -> str:
        """The name of the subject among all."""
        return f"{self.group}/{self.file}/{self.door}"
