"""The noun InstructionCount: how many instructions inferences take on an emulated core, and how much memory."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.shown import Shown


@dataclass(frozen=True, kw_only=True)
class InstructionCount(Shown):
    """What inferences execute on an emulated core. It says nothing of time: an emulator has none of the core's.

    `board` and `core` are the emulator's, `compiler` built the code. `instructions` of each inference, in order, are
    from the call of the network to its return. `flash_bytes` has its code and constants, `ram_bytes` its arena and
    other variables and the most stack that an inference used; neither has what runs it, nor the caller's inputs and
    outputs.
    """

    board: str
    core: str
    compiler: str
    instructions: tuple[int, ...]
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int

    @property
    def most_instructions(self) -> int:
        """Those of the longest inference."""
        return max(self.instructions)
