"""Closed-form time of TENSOR (docs/machine.md, section 6)."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.program.arithmetic import ceil_div, ranges_overlap
from chipsmith.program.instructions import ChannelRecord, Mode, Rounding, TensorInstruction, WeightsBy

PHASE_MIN = 4
TENSOR_SETUP = 14
TENSOR_PIPE = 16
RESIDUAL_PIPE = 14
RESIDUAL_STAGES = 4
"""Multiplication stages with a residual: those of the value, of both sides and of their sum."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A tile of the accumulators: its output pixels and the activation accesses of each of its phases."""

    pixels: int
    accesses: int


@dataclass(frozen=True, kw_only=True)
class Tiling:
    """How the output of one channel block is cut: `rows` rows, each of `full_count` full tiles and perhaps a rest."""

    rows: int
    full: Tile
    full_count: int
    rest: Tile | None

    @property
    def tiles(self) -> int:
        """Tiles of the channel block."""
        return self.rows * (self.full_count + (self.rest is not None))

    @property
    def first(self) -> Tile:
        """The first tile of the channel block."""
        return self.full if self.full_count or self.rest is None else self.rest

    @property
    def last(self) -> Tile:
        """The last tile of the channel block."""
        return self.rest or self.full

    def transitions(self) -> tuple[tuple[int, Tile, Tile], ...]:
        """(count, tile, following tile) for the pairs of neighbours of the channel block; the last kind ends it."""
        if self.rest is None:
            return ((self.tiles - 1, self.full, self.full),)
        if not self.full_count:
            return ((self.tiles - 1, self.rest, self.rest),)
        return (
            (self.rows - 1, self.rest, self.full),
            (self.rows * (self.full_count - 1), self.full, self.full),
            (self.rows, self.full, self.rest),
        )


def drain_stages(instruction: TensorInstruction) -> int:
    """Multiplication stages that each drained value takes; with a residual a stage that is OFF multiplies by 1."""
    return RESIDUAL_STAGES if instruction.residual else int(instruction.requantise is not Rounding.OFF)


def phases(instruction: TensorInstruction, chip: Chip) -> int:
    """Phases of a tile: sets of weights that pass through the array."""
    rows = instruction.kernel_z * instruction.kernel_y
    if instruction.mode is Mode.DEPTHWISE:
        return rows
    return rows * instruction.kernel_x * ceil_div(instruction.run, chip.tensor.rows)


def channels_at_once(instruction: TensorInstruction, chip: Chip) -> int:
    """Output channels of a full block."""
    return min(chip.tensor.columns, instruction.output_channels)


def weight_load(instruction: TensorInstruction, chip: Chip) -> int:
    """Accesses that load the weights of one phase."""
    channels = channels_at_once(instruction, chip)
    across = ceil_div(channels, chip.tensor.rows)
    if instruction.mode is Mode.DEPTHWISE:
        return instruction.run * across
    if instruction.weights_by is WeightsBy.COLUMN:
        return channels
    return min(chip.tensor.rows, instruction.run) * across


def parameter_load(instruction: TensorInstruction, chip: Chip) -> int:
    """Accesses that load the records of one channel block."""
    return ceil_div(instruction.parameters.record_bytes * channels_at_once(instruction, chip), chip.tensor.rows)


def drain_per_pixel(instruction: TensorInstruction, chip: Chip) -> int:
    """Cycles that one output pixel of a channel block takes to drain."""
    channels = channels_at_once(instruction, chip)
    lanes = chip.vector.multiplier_lanes
    if instruction.residual:
        lanes = min(lanes, chip.tensor.rows)
    passes = ceil_div(channels, lanes) * drain_stages(instruction)
    writes = ceil_div(channels * instruction.o_type.size_bytes, chip.tensor.rows)
    if not instruction.residual:
        return max(passes, writes)
    reads = ceil_div(channels, chip.tensor.rows)
    shared = ranges_overlap(
        instruction.res_first_group, instruction.res_last_group, instruction.o_first_group, instruction.o_last_group
    )
    return max(passes, writes + reads if shared else max(writes, reads))


def tiling(instruction: TensorInstruction, chip: Chip) -> Tiling:
    """How the output pixels of a channel block fall into tiles."""
    limit = chip.tensor.tile_pixels
    depthwise = instruction.mode is Mode.DEPTHWISE
    rows = instruction.output_height if depthwise else 1
    pixels = instruction.output_width if depthwise else instruction.output_pixels
    count, rest = divmod(pixels, limit)
    return Tiling(
        rows=rows,
        full=_tile(instruction, chip, limit),
        full_count=count,
        rest=_tile(instruction, chip, rest) if rest else None,
    )


def _tile(instruction: TensorInstruction, chip: Chip, pixels: int) -> Tile:
    if instruction.mode is Mode.CONV:
        return Tile(pixels=pixels, accesses=pixels)
    across = ceil_div(channels_at_once(instruction, chip), chip.tensor.rows)
    columns = (pixels - 1) * instruction.stride_x + (instruction.run - 1) * instruction.dilation_x + 1
    return Tile(pixels=pixels, accesses=columns * across)


@dataclass(frozen=True, kw_only=True)
class _Timing:
    """The times of an instruction's phases, tiles and drains."""

    phases: int
    weight_load: int
    drain_per_pixel: int
    pipe: int
    weights_share_groups: bool
    drain_shares_groups: bool

    def compute(self, tile: Tile, following_load: int) -> int:
        """Cycles of a tile's phases; `following_load` is the load under the last of them."""
        inner = (self.phases - 1) * self._phase(tile.accesses, self.weight_load)
        return inner + self._phase(tile.accesses, following_load)

    def step(self, drained: Tile | None, compute: int) -> int:
        """Cycles from the end of the compute of the tile before (None: there is none) to the end of this compute."""
        if drained is None:
            return compute
        drain = self.drain(drained)
        return drain + self.pipe + compute if self.drain_shares_groups else max(drain, compute)

    def block(self, before: Tile | None, cut: Tiling, following_load: int) -> int:
        """Cycles of a channel block's computes after the tile `before`; `following_load` is under its last phase."""
        pairs = [(1, before, cut.first), *(pair for pair in cut.transitions() if pair[0])]
        total = sum(count * self.step(drained, self.compute(tile, self.weight_load)) for count, drained, tile in pairs)
        _, drained, last = pairs[-1]
        total -= self.step(drained, self.compute(last, self.weight_load))
        return total + self.step(drained, self.compute(last, following_load))

    def drain(self, tile: Tile) -> int:
        """Cycles of a tile's drain."""
        return tile.pixels * self.drain_per_pixel

    def _phase(self, accesses: int, load: int) -> int:
        return max(accesses + load if self.weights_share_groups else max(accesses, load), PHASE_MIN)


def _timing(instruction: TensorInstruction, chip: Chip) -> _Timing:
    a_range = (instruction.a_first_group, instruction.a_last_group)
    weights = [(instruction.w_first_group, instruction.w_last_group)]
    if instruction.parameters is not ChannelRecord.NONE:
        weights.append((instruction.param_first_group, instruction.param_last_group))
    drained = [(instruction.o_first_group, instruction.o_last_group)]
    if instruction.residual:
        drained.append((instruction.res_first_group, instruction.res_last_group))
    return _Timing(
        phases=phases(instruction, chip),
        weight_load=weight_load(instruction, chip),
        drain_per_pixel=drain_per_pixel(instruction, chip),
        pipe=TENSOR_PIPE + RESIDUAL_PIPE * instruction.residual,
        weights_share_groups=any(ranges_overlap(*a_range, *loaded) for loaded in weights),
        drain_shares_groups=any(ranges_overlap(*out, *operand) for out in drained for operand in (a_range, *weights)),
    )


def tensor_cycles(instruction: TensorInstruction, chip: Chip) -> int:
    """Cycles of a TENSOR: the first loads, the tiles in lock step with their drains, the last drain, the pipe."""
    timing, cut = _timing(instruction, chip), tiling(instruction, chip)
    blocks = ceil_div(instruction.output_channels, chip.tensor.columns)
    load = timing.weight_load + parameter_load(instruction, chip)
    first_load = max(load, TENSOR_SETUP)
    if blocks == 1:
        computes = timing.block(None, cut, 0)
    else:
        inner = (blocks - 2) * timing.block(cut.last, cut, load)
        computes = timing.block(None, cut, load) + inner + timing.block(cut.last, cut, 0)
    return first_load + computes + timing.drain(cut.last) + timing.pipe
