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


class Comparison(StrEnum):
    """What of the outputs has to agree."""

    VALUES = "values"
    """Floats by their signal to noise, integers that the network decides by how many are the same."""
    STRINGS = "strings"
    """As VALUES, and the strings that the classes of each step spell: repeats once, class 0 not at all."""
    INTEGERS = "integers"
    """Every element, within `Example.steps`: the network has only integers."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A network and its inputs.

    `model` is what `chipsmith compile` takes: a file, or `package.module:function`. `expected` are the outputs that the
    network's own framework gives for `inputs`. `calibration` is empty where the network needs none. `rival` are the
    outputs of onnxruntime's own int8 for the same calibration and inputs, where they are asked for. `steps` is how far
    an integer may be off: LiteRT rounds some products otherwise than TOSA, by a step each.
    """

    model: str
    input_names: tuple[str, ...]
    calibration: tuple[Inference, ...]
    inputs: tuple[Inference, ...]
    expected: tuple[Inference, ...]
    comparison: Comparison = Comparison.VALUES
    rival: tuple[Inference, ...] = ()
    steps: int = 0


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
