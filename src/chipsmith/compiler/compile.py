"""The driver of the compiler: Graph and Chip to Program, stage by stage."""

from __future__ import annotations

from dataclasses import replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.external import refuse_large_layout, refuse_large_ports
from chipsmith.compiler.allocate.memory_map import allocate_memory
from chipsmith.compiler.compilation import Compilation
from chipsmith.compiler.emit.emit_program import emit_program
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.fuse.fuse_graph import FusedGraph, fuse_graph
from chipsmith.compiler.lower.kernel import KernelList
from chipsmith.compiler.lower.lower_graph import lower_graph
from chipsmith.compiler.schedule.list_schedule import schedule_steps
from chipsmith.compiler.spill.plan import plans
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.compiler.wipe.wipe_program import append_wipe
from chipsmith.program.program import Program
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.canonicalize import canonicalize


def compile_graph(graph: Graph, chip: Chip, *, wipe: bool = False) -> Program:
    """The Program that computes a graph on a chip, from the graph's canonical form.

    `wipe`: behind each inference it clears all that depends on the inputs but the outputs.

    Raises BadInput where the graph is illegal, OperatorRefused with the operator and the reason where the chip cannot
    hold the network.
    """
    return compile_stages(graph, chip, wipe=wipe).program


def compile_stages(graph: Graph, chip: Chip, *, wipe: bool = False) -> Compilation:
    """What each stage makes of a graph on a chip, the Program last; arguments and errors as compile_graph has."""
    _refuse_large_tensors(graph, chip)
    return _compile(canonicalize(graph), chip, wipe=wipe)


def compile_canonical(graph: Graph, chip: Chip) -> Program:
    """The Program of a graph that is taken as it is, operator by operator: nothing is folded away beforehand.

    Raises OperatorRefused with the operator and the reason where the chip cannot hold the network.
    """
    _refuse_large_tensors(graph, chip)
    return _compile(graph, chip, wipe=False).program


def _compile(canonical: Graph, chip: Chip, *, wipe: bool) -> Compilation:
    """The stages behind the canonical form; of the plans the first whose program fits counts."""
    fused = fuse_graph(canonical)
    lowered = lower_graph(fused, chip)
    refuse_large_ports(canonical.name, lowered, chip)
    reason: DoesNotFit | None = None
    for make_plan in plans(lowered, chip):
        try:
            compilation = _planned(fused, lowered, make_plan(), chip)
            return replace(compilation, program=append_wipe(compilation.program)) if wipe else compilation
        except DoesNotFit as error:
            reason = error
    raise reason or DoesNotFit(f"network {canonical.name} does not fit on {chip.name}")


def _planned(fused: FusedGraph, lowered: KernelList, plan: SpillPlan, chip: Chip) -> Compilation:
    """The stages behind a plan; DoesNotFit where it leaves something without a place."""
    canonical = fused.index.graph
    memory = allocate_memory(lowered, plan, chip)
    refuse_large_layout(canonical.name, memory.external, chip)
    schedule = schedule_steps(plan, memory, chip)
    program = emit_program(fused, lowered, plan, memory, schedule, chip)
    return Compilation(
        canonical=canonical,
        fused=fused,
        lowered=lowered,
        plan=plan,
        memory=memory,
        schedule=schedule,
        program=program,
    )


def _refuse_large_tensors(graph: Graph, chip: Chip) -> None:
    """DoesNotFit, before any work, for a tensor that the external memory cannot hold with a byte an element."""
    for tensor in graph.tensors.values():
        if tensor.elements > chip.external_bytes:
            raise DoesNotFit(
                f"tensor {tensor.name} of network {graph.name} has {tensor.elements} elements; the external memory of "
                f"{chip.name} has {chip.external_bytes} bytes: raise external.size_mib or choose another chip"
            )
