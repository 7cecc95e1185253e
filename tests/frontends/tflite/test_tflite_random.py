"""Random legal int8 and uint8 networks have the bits of LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_agreement import assert_same
from tflite_operators import MAKERS, RandomWriter, Wire

SHAPES = [(1, 7, 6, 4), (2, 5, 5, 3), (1, 9), (1, 6, 5), (3, 4, 1, 2)]
NAMES = ["a/b:0", "file", "", "ß", "x;y", "0"]
INFERENCES = 4


def grow(write: RandomWriter, wires: list[Wire], operators: int) -> None:
    """Add operators, each of which reads any tensor that is there."""
    kinds = list(MAKERS)
    while operators:
        source = wires[int(write.random.integers(len(wires)))]
        result = MAKERS[kinds[int(write.random.integers(len(kinds)))]](write, source)
        if result is not None and 0 < np.prod(result.shape) < 4_000:
            wires.append(result)
            operators -= 1


def draw_outputs(write: RandomWriter, wires: list[Wire]) -> list[int]:
    """The last tensor and any others, in any order; inputs and the same tensor again may be among them."""
    more = [wires[int(number)].index for number in write.random.integers(len(wires), size=2)]
    return [int(index) for index in write.random.permutation([wires[-1].index, *more])]


@pytest.mark.parametrize("seed", range(24))
def test_random_network(seed, tmp_path):
    """One to four operators, several outputs, shared readers, odd names, ranks 2 to 4; each fourth of uint8."""
    write = RandomWriter(np.random.default_rng(seed), "uint8" if seed % 4 == 3 else "int8")
    inputs = [write.wire(SHAPES[int(write.random.integers(len(SHAPES)))], name=NAMES[seed % len(NAMES)])]
    wires = list(inputs)
    grow(write, wires, int(write.random.integers(1, 5)))
    path = write.file.write(tmp_path / "network.tflite", [wire.index for wire in inputs], draw_outputs(write, wires))
    low = 0 if write.dtype == "uint8" else -128
    assert_same(path, write.random.integers(low, low + 256, (INFERENCES, *inputs[0].shape)).astype(write.dtype))
