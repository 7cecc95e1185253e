"""How a tensor kernel's output channels are cut in parts, so that weights arrive while others are used."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.program.arithmetic import ceil_div, round_up

LARGEST_SHARE = 4
"""A part's weights take at most this fraction (one over) of the on-chip memory: others must be loaded meanwhile."""


@dataclass(frozen=True, kw_only=True)
class WeightedKernel:
    """What the cut depends on: output channels, constant bytes of one, and multiply-accumulates of the kernel."""

    channels: int
    channel_bytes: int
    macs: int


def channel_parts(kernel: WeightedKernel, chip: Chip) -> tuple[tuple[int, int], ...]:
    """(first, last) output channel of each part.

    A kernel that computes longer than its weights take to load is one part where memory allows: its weights arrive
    under the kernels before it, and each further part would cost a drain of the array. Every other kernel is cut in
    parts of a bank group, so that it starts when the first has come and the others arrive while it computes.
    """
    load_bytes = round_up(kernel.channels * kernel.channel_bytes, chip.external.atom_bytes)
    load_cycles = load_bytes / chip.external.bytes_per_cycle
    compute_cycles = kernel.macs / chip.macs
    share = chip.memory_bytes // LARGEST_SHARE
    whole = kernel.channels * kernel.channel_bytes <= share and load_cycles <= compute_cycles
    fitting = max((share if whole else chip.memory.group_bytes) // kernel.channel_bytes, 1)
    # Whole blocks of columns keep the array full; fewer channels than columns only where no block fits.
    granule = min(chip.tensor.columns, max(share // kernel.channel_bytes, 1))
    fitting = max(fitting, granule)
    parts = ceil_div(kernel.channels, fitting // granule * granule)
    even = ceil_div(ceil_div(kernel.channels, parts), granule) * granule
    return tuple((first, min(first + even, kernel.channels)) for first in range(0, kernel.channels, even))
