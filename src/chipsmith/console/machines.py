"""What cosim, rtl and synth show."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_tables
from chipsmith.schema import SCHEMA_VERSION, Json

if TYPE_CHECKING:
    from chipsmith.witness.cosimulate import Cosimulated
    from chipsmith.witness.synthesis import Synthesised


def present_cosimulation(result: Cosimulated) -> Presentation:
    """Cycles and differences, cold and warm, and the speed of the simulation."""
    return Presentation(
        to_json=result.to_json, print_text=partial(print_cosimulation, result), failure=result.difference
    )


def present_files(files: Sequence[Path]) -> Presentation:
    """Where files were written."""
    return Presentation(to_json=partial(_files_json, files), print_text=partial(_print_files, files))


def present_synthesis(result: Synthesised) -> Presentation:
    """Area of each block, the macros, and the estimate's error."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_synthesis, result))


def print_cosimulation(result: Cosimulated) -> None:
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


def _files_json(files: Sequence[Path]) -> Json:
    return {"schema_version": SCHEMA_VERSION, "files": [str(file) for file in files]}


def _print_files(files: Sequence[Path]) -> None:
    print(f"{len(files)} files in {os.path.commonpath(files)}")


def _print_synthesis(result: Synthesised) -> None:
    whole = result.synthesis
    table = new_table(f"{result.chip.name} in cells of {result.liberty.name}", "block", "um2", "share")
    for name, area in sorted(whole.blocks.items(), key=lambda block: -block[1]):
        table.add_row(name, f"{area:,.0f}", f"{area / whole.area_um2:.1%}")
    print_tables(table)
    print(f"{whole.cells:,} cells, {whole.area_um2:,.0f} um2; {result.area_per_mac_um2:,.0f} um2 a MAC")
    print(f"estimated {result.estimated_um2:,.0f} um2 at {result.node_nm} nm: {result.error_percent:+.0f} %")
    print(f"longest path inside a module: {whole.slowest.delay_ps / 1000:.2f} ns in {whole.slowest.name}")
    for macro in whole.macros:
        print(f"{macro.count} x {macro.wrapper} of {macro.lines} lines of {macro.width_bits} bits")
