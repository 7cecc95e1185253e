"""Random TENSOR instructions where the engine's times are tightest: short tiles, many channel blocks, few taps, and
each stream in a bank group of its own or, by chance, in another's."""

from __future__ import annotations

import dataclasses

import numpy as np
from random_instructions import _drain, _output_strides, _residual, _window

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.program.instructions import Mode, Rounding, TensorInstruction, Type, WeightsBy
from chipsmith.program.streams import streams
from chipsmith.program.verify import check_instruction

PREFIXES = {"A": "a", "W": "w", "P": "param", "O": "o", "RES": "res"}
MACS_AT_MOST = 30_000


def tight_tensor(chip: Chip, rng: np.random.Generator) -> TensorInstruction:
    """A legal instruction, each stream within one bank group."""
    while True:
        draft = _draft(chip, rng)
        placed = draft and in_groups(chip, draft, rng, _groups(chip, rng))
        if placed is not None:
            return placed


def in_groups(
    chip: Chip, instruction: TensorInstruction, rng: np.random.Generator, groups: dict[str, int]
) -> TensorInstruction | None:
    """The instruction with each stream somewhere in the group that `groups` names; None where that is not legal."""
    size, changes = chip.memory.group_bytes, {}
    for stream in streams(instruction):
        room = size - (stream.last - stream.first + 1)
        if room < 0:
            return None
        group, prefix = groups[stream.name], PREFIXES[stream.name]
        base = group * size + int(rng.integers(0, room + 1)) + stream.base - stream.first
        changes[f"{prefix}_base"] = base - base % stream.alignment
        changes |= {f"{prefix}_first_group": group, f"{prefix}_last_group": group}
    try:
        placed = dataclasses.replace(instruction, **changes)
        check_instruction(chip, placed)
    except BadInput:
        return None
    return placed


def _groups(chip: Chip, rng: np.random.Generator) -> dict[str, int]:
    several = rng.permutation(chip.memory.groups) if rng.random() < 0.6 else rng.integers(0, chip.memory.groups, 5)
    return {name: int(group) for name, group in zip(PREFIXES, several, strict=False)}


def _draft(chip: Chip, rng: np.random.Generator) -> TensorInstruction | None:
    depthwise = rng.random() < 0.35
    rows, columns, pixels = chip.tensor.rows, chip.tensor.columns, chip.tensor.tile_pixels
    counts = {
        "output_height": _one_of(rng, 1, 1, 2, 3, 5),
        "output_width": _one_of(rng, 1, 1, 2, 3, pixels - 1, pixels, pixels + 1, 2 * pixels),
        "output_channels": _one_of(rng, 1, 2, columns - 1, columns, columns + 1, 2 * columns, 3 * columns, 5 * columns),
        "kernel_z": _one_of(rng, 1, 1, 1, 2),
        "kernel_y": _one_of(rng, 1, 1, 2),
        "kernel_x": 1 if depthwise else _one_of(rng, 1, 1, 2),
        "run": _one_of(rng, 1, 2, min(rows, 4), rows) if depthwise else _one_of(rng, 1, 1, 2, rows, rows + 1, 2 * rows),
    }
    if np.prod(list(counts.values())) > MACS_AT_MOST:
        return None
    draft = TensorInstruction(
        mode=Mode.DEPTHWISE if depthwise else Mode.CONV,
        weights_by=WeightsBy(int(rng.integers(2))),
        **counts,
        **_window(rng, counts, depthwise=depthwise, rows=rows),
        **_weights(counts),
        **_drain(rng),
    )
    if draft.requantise is not Rounding.OFF and not draft.residual and rng.random() < 0.5:
        draft = dataclasses.replace(draft, residual=1, o_type=Type.INT8, **_residual(rng))
    return dataclasses.replace(draft, **_output_strides(rng, draft))


def _weights(counts: dict[str, int]) -> dict[str, int]:
    taps = counts["kernel_x"] * counts["run"]
    dense = {"w_stride": taps * counts["kernel_y"], "w_stride_y": taps, "w_stride_x": counts["run"]}
    return {**dense, "w_stride_z": counts["output_channels"] * dense["w_stride"]}


def _one_of(rng: np.random.Generator, *values: int) -> int:
    return int(rng.choice(values))
