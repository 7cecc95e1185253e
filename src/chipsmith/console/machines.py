"""What cosim, rtl, synth and timing show."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_tables
from chipsmith.units import percent, signed_percent

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.hardware.gates.timing import GateTiming
    from chipsmith.hardware.result import RtlResult
    from chipsmith.witness.cosimulate import CosimResult
    from chipsmith.witness.synthesis import Synthesised


def present_cosimulation(result: CosimResult) -> Presentation:
    """Cycles and differences, cold and warm, and the speed of the simulation."""
    return Presentation(
        to_json=result.to_json, print_text=partial(print_cosimulation, result), failure=result.difference
    )


def present_rtl(result: RtlResult) -> Presentation:
    """The memories, where files were written, and what the front ends say."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_rtl, result), failure=result.failure)


def present_synthesis(result: Synthesised) -> Presentation:
    """Area of each block, the macros, and the estimate's error."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_synthesis, result))


def present_timing(result: GateTiming) -> Presentation:
    """The longest paths, the steps of the longest, and what the clock follows from."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_timing, result))


def print_cosimulation(result: CosimResult) -> None:
    """The table of a co-simulation."""
    program, pair = result.program, (result.cold, result.warm)
    title = f"{program.manifest.network} on the RTL of {program.chip.name}"
    table = new_table(title, "one inference", "cold", "warm")
    table.add_row("cycles rtl", *(f"{inference.cycles_rtl:,}" for inference in pair))
    table.add_row("cycles simulated", *(f"{inference.cycles_simulated:,}" for inference in pair))
    table.add_row("mismatching bits", *(f"{inference.mismatching_bits:,}" for inference in pair))
    table.add_row("instructions differing", *(f"{inference.instructions_differing:,}" for inference in pair))
    print_tables(table)
    speed = (result.cold.cycles_rtl + result.warm.cycles_rtl) / result.run_s
    print(f"built in {result.build_s:.1f} s, {speed:,.0f} cycles/s")


def _print_rtl(result: RtlResult) -> None:
    print_tables(_memory_table(result))
    if result.lints:
        print_tables(_lint_table(result))
    if result.files:
        print(f"{len(result.files)} files in {os.path.commonpath(result.files)}")


def _memory_table(result: RtlResult) -> Table:
    columns = ("memory", "count", "lines x bits", "ports", "writes", "wrapper")
    table = new_table(f"memories of {result.chip.name}", *columns)
    for memory in result.memories:
        size, wrapper = f"{memory.lines} x {memory.line_bits}", memory.wrapper
        table.add_row(memory.name, str(memory.count), size, wrapper.ports, memory.writes, wrapper.value)
    return table


def _lint_table(result: RtlResult) -> Table:
    table = new_table("front ends", "front end", "version", "top level", "says")
    for lint in result.lints:
        says = lint.missing or ("refuses or warns: see below" if lint.said else "nothing")
        table.add_row(lint.front_end, lint.version, lint.top, says)
    return table


def _print_synthesis(result: Synthesised) -> None:
    whole = result.synthesis
    table = new_table(f"{result.chip.name} in cells of {result.liberty.name}", "block", "µm²", "share")
    for name, area in sorted(whole.blocks.items(), key=lambda block: -block[1]):
        table.add_row(name, f"{area:,.0f}", percent(area / whole.area_um2, 1))
    print_tables(table)
    print(f"{whole.cells:,} cells, {whole.area_um2:,.0f} µm²; {result.area_per_mac_um2:,.0f} µm² a MAC")
    error = signed_percent(result.error_percent / 100)
    print(f"estimated {result.estimated_um2:,.0f} µm² at {result.node_nm} nm: {error}")
    print(f"longest path inside a module: {whole.slowest.delay_ps / 1000:.2f} ns in {whole.slowest.name}")
    for macro in whole.macros:
        print(f"{macro.count} x {macro.wrapper} of {macro.lines} lines of {macro.width_bits} bits")


def _print_timing(result: GateTiming) -> None:
    table = new_table(f"longest paths of {result.netlist.top}", "ns", "FO4", "cells", "from", "to")
    for path in result.paths:
        fo4 = path.path_ns / result.fo4_ns
        table.add_row(f"{path.path_ns:.2f}", f"{fo4:.1f}", str(len(path.steps)), path.start, path.end)
    print_tables(table)
    print("the longest path, cell by cell:")
    arrival = 0.0
    for step in result.paths[0].steps:
        arrival += step.delay_ns
        print(f"  {arrival:7.3f}  +{step.delay_ns:.3f}  {step.name}  {step.cell}")
    for memory in result.memories:
        print(f"memory of {memory.lines} lines of {memory.bits} bits: {memory.macro or 'no macro'}, {memory.source}")
    print(f"margins: {result.margins.describe()}")
    corner = f"{result.cells.corner}, FO4 {result.fo4_ns:.3f} ns"
    print(f"{result.path_ns:.2f} ns or {result.fo4:.1f} FO4: {result.max_clock_mhz:.0f} MHz at {corner}")
