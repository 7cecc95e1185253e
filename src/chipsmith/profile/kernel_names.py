"""Which kernel an instruction of a Program belongs to."""

from __future__ import annotations

from chipsmith.program.program import Program


def kernel_names(program: Program) -> dict[int, str]:
    """The name of the kernel of each instruction that belongs to one, by the instruction's index."""
    return {index: span.name for span in program.manifest.kernels for index in span.instructions}
