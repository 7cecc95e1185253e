"""The noun SpillPlan: which tensors live in external memory, and every step and transfer that this takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chipsmith.compiler.lower.kernel import Buffer, UnplacedInstruction
from chipsmith.compiler.spill.dma_region import DmaRegion
from chipsmith.compiler.spill.live_range import AT_ENTRY, LiveRange


@dataclass(frozen=True, kw_only=True)
class BufferTransfer:
    """Bytes that move between a tensor in external memory and a buffer on the chip.

    The buffer holds the rows of `region`, which are bytes of the tensor, one behind the other. An import is needed by
    step `step` and may start once step `after` has run; an export follows step `step`.
    """

    buffer: str
    tensor: str
    region: DmaRegion
    step: int
    after: int = AT_ENTRY


@dataclass(frozen=True, kw_only=True)
class SpillPlan:
    """Everything that is to be placed and ordered.

    `kernels` has the index of the kernel of each step. `spilled` are the activations that live in external memory,
    `streamed` the constants that come in windows as those do.
    """

    steps: tuple[UnplacedInstruction, ...]
    kernels: tuple[int, ...]
    buffers: Mapping[str, Buffer]
    live_ranges: Mapping[str, LiveRange]
    imports: tuple[BufferTransfer, ...]
    exports: tuple[BufferTransfer, ...]
    spilled: tuple[str, ...]
    streamed: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        """A line for each tensor in external memory, live range, step and transfer."""
        yield from (f"spilled {name}" for name in self.spilled)
        yield from (f"streamed {name}" for name in self.streamed)
        for name, live_range in self.live_ranges.items():
            size = self.buffers[name].size_bytes
            yield f"live {name}: {size:,} bytes, steps {live_range.first} to {live_range.last}"
        imports, exports = _by_step(self.imports), _by_step(self.exports)
        for number, (kernel, step) in enumerate(zip(self.kernels, self.steps, strict=True)):
            yield from (f"    import {each.buffer} from {each.tensor}{each.region}" for each in imports[number])
            yield f"{number} k{kernel}: {step}"
            yield from (f"    export {each.buffer} to {each.tensor}{each.region}" for each in exports[number])
        yield from (f"    export {each.buffer} to {each.tensor}{each.region}" for each in exports[AT_ENTRY])


def _by_step(transfers: tuple[BufferTransfer, ...]) -> Mapping[int, list[BufferTransfer]]:
    by_step: defaultdict[int, list[BufferTransfer]] = defaultdict(list)
    for transfer in transfers:
        by_step[transfer.step].append(transfer)
    return by_step
