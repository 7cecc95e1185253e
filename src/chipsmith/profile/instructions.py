"""Program and Timeline joined: the instructions of one inference, in cycles from the doorbell."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.profile.kernel_names import kernel_names
from chipsmith.profile.profile import InstructionRow
from chipsmith.profile.transfers import TransferRow
from chipsmith.program.cycles import occupancy
from chipsmith.program.instructions import Engine, Load, Space
from chipsmith.program.program import Program, page_bytes
from chipsmith.sim.cycle import DOORBELL, Timeline


def profile_instructions(
    program: Program, timeline: Timeline, transfers: Sequence[TransferRow]
) -> tuple[InstructionRow, ...]:
    """The doorbell's fetch of page 0 (index DOORBELL), then one row an instruction, in program order."""
    names = {transfer.index: transfer.name for transfer in transfers}
    kernels = kernel_names(program)
    starts, ends, waits = timeline.start.tolist(), timeline.end.tolist(), timeline.wait_cycles.tolist()
    rows = (
        InstructionRow(
            index=index,
            opcode=instruction.mnemonic,
            engine=instruction.engine.value,
            name=kernels.get(index, names.get(index, "end")),
            kernel=kernels.get(index, ""),
            start_cycle=starts[index],
            engine_end_cycle=starts[index] + engine_cycles(program, timeline, index),
            end_cycle=ends[index],
            wait_cycles=waits[index],
            wait_reason=str(timeline.reasons[index]),
        )
        for index, instruction in enumerate(program.instructions)
    )
    return (_doorbell(program), *rows)


def engine_cycles(program: Program, timeline: Timeline, index: int) -> int:
    """Cycles that an instruction holds its engine; 0 for END and for what a warm inference skips."""
    if timeline.end[index] == timeline.start[index]:
        return 0
    return occupancy(program.instructions[index], program.chip).engine


def _doorbell(program: Program) -> InstructionRow:
    times = occupancy(Load(space=Space.PAGE, run_bytes=page_bytes(program.chip)), program.chip)
    return InstructionRow(
        index=DOORBELL,
        opcode="DOORBELL",
        engine=Engine.LOAD.value,
        name="page 0",
        kernel="",
        start_cycle=0,
        engine_end_cycle=times.engine,
        end_cycle=times.locks,
        wait_cycles=0,
        wait_reason="the doorbell",
    )
