"""The nouns Arrangement and Compilation: what the stages of the compiler made of one network."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.compiler.allocate.memory_map import MemoryMap
from chipsmith.compiler.fuse.fuse_graph import FusedGraph
from chipsmith.compiler.lower.kernel import KernelList
from chipsmith.compiler.schedule.schedule import Schedule
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.compiler.stage import CompilerStage
from chipsmith.program.program import Program
from chipsmith.tosa.graph import Graph


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """What the stages up to the schedule made of one network; of plans that did not fit, nothing is kept."""

    lowered: KernelList
    plan: SpillPlan
    memory: MemoryMap
    schedule: Schedule


@dataclass(frozen=True, kw_only=True)
class Compilation(Arrangement):
    """What each stage made of one network."""

    canonical: Graph
    fused: FusedGraph
    program: Program

    def text(self, stage: CompilerStage) -> str:
        """What a stage made, for people: a line for each operator, chain, kernel, instruction or allocation."""
        match stage:
            case CompilerStage.CANONICALIZE:
                from chipsmith.tosa.text import outline_graph

                return outline_graph(self.canonical)
            case CompilerStage.FUSE:
                return str(self.fused)
            case CompilerStage.LOWER:
                return str(self.lowered)
            case CompilerStage.SPILL:
                return str(self.plan)
            case CompilerStage.ALLOCATE:
                return str(self.memory)
            case CompilerStage.SCHEDULE:
                return str(self.schedule)
            case CompilerStage.EMIT:
                from chipsmith.program.assembly import format_assembly

                return format_assembly(self.program.instructions)
