"""For how long a buffer's bytes matter, in steps: positions in the order of a program's instructions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.compiler.lower.kernel import Buffer, UnplacedInstruction

AT_ENTRY = -1
"""The position before the first step, in which inputs are there."""


@dataclass(frozen=True, kw_only=True)
class LiveRange:
    """The first and last step in which a buffer's bytes matter (AT_ENTRY: loaded as an input)."""

    first: int
    last: int

    def overlaps(self, other: LiveRange) -> bool:
        """Whether two live ranges share a step."""
        return self.first <= other.last and other.first <= self.last


def find_live_ranges(
    steps: Sequence[UnplacedInstruction], inputs: Iterable[str], outputs: Iterable[str], buffers: Mapping[str, Buffer]
) -> dict[str, LiveRange]:
    """The live range of each buffer that is no constant; an output's reaches to the step after the last one."""
    first: dict[str, int] = dict.fromkeys(inputs, AT_ENTRY)
    last = dict(first)
    for number, step in enumerate(steps):
        for operand in step.operands:
            first.setdefault(operand.buffer, number)
            last[operand.buffer] = number
    for name in outputs:
        first.setdefault(name, len(steps))
        last[name] = len(steps)
    variable = [name for name in first if buffers[name].data is None]
    return {name: LiveRange(first=first[name], last=last[name]) for name in variable}
