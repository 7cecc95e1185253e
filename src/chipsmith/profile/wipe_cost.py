"""What a wipe adds to an inference: the cycles behind its own last instruction."""

from __future__ import annotations

from chipsmith.program.program import Program
from chipsmith.sim.cycle import Timeline


def inference_cycles(program: Program, timeline: Timeline) -> int:
    """Cycles until everything before the wipe has ended: all of them where the Program has none."""
    start = program.manifest.wipe_start
    return timeline.latency_cycles if start is None else int(timeline.end[:start].max(initial=0))


def wipe_cycles(program: Program, timeline: Timeline) -> int:
    """Cycles from there to END: 0 where the Program has no wipe."""
    return timeline.latency_cycles - inference_cycles(program, timeline)
