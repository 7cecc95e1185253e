"""What power shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_sentence, print_tables, tighten
from chipsmith.units import percent, signed_percent

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.witness.power import PowerResult

_NOTHING = 0.0005
"""Shares below are not shown."""


def present_power(result: PowerResult) -> Presentation:
    """Energy by block and by kernel, and the estimate beside it."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_power, result), failure=result.difference)


def _print_power(result: PowerResult) -> None:
    print_tables(_block_table(result), _kernel_table(result))
    if result.estimate is not None:
        print_tables(_estimate_table(result))
    machine = result.machine
    print_sentence(
        f"{result.scope}: {result.run.cycles:,} cycles, {result.total_pj / 1e3:,.1f} nJ, "
        f"{result.run.toggles:,} toggles of {machine.circuit.cell_count:,} cells of {result.library.name}"
    )
    print(
        f"simulated gates, mapped and before layout; clocks are {percent(result.clock_pj / result.total_pj, 0)} of it"
    )
    print(f"{machine.elaborated.gated_registers:,} of {machine.elaborated.register_count:,} flip-flops behind gates")
    if not result.memories_priced:
        print("memories use nothing here: name the liberty files of theirs, by --sram")


def _block_table(result: PowerResult) -> Table:
    columns = ("block", "nJ", "share", "logic", "glitch", "registers", "clock", "memory", "leakage")
    table = new_table(f"{result.program.manifest.network} at the gates of {result.program.chip.name}", *columns)
    for block, row in sorted(result.blocks.items(), key=lambda item: -item[1].total_pj):
        parts = (row.logic_pj, row.glitches_pj, row.registers_pj, row.clock_pj, row.memory_pj, row.leakage_pj)
        if row.total_pj >= _NOTHING * result.total_pj:
            told = (f"{part / 1e3:,.1f}" if part else "" for part in parts)
            table.add_row(block.value, f"{row.total_pj / 1e3:,.1f}", percent(row.total_pj / result.total_pj, 1), *told)
    return tighten(table)


def _kernel_table(result: PowerResult) -> Table:
    table = new_table("kernels", "kernel", "nJ", "share")
    for name, spent in result.kernels.items():
        table.add_row(name, f"{spent / 1e3:,.1f}", percent(spent / result.total_pj, 1))
    return table


def _estimate_table(result: PowerResult) -> Table:
    title = f"beside the estimate at {result.node_nm} nm and {result.library.voltage_v:g} V"
    table = new_table(title, "part", "gates nJ", "estimate nJ", "error")
    for part, row in result.compared().items():
        estimate = "" if row.estimate_pj is None else f"{row.estimate_pj / 1e3:,.1f}"
        error = "" if row.error is None else signed_percent(row.error)
        table.add_row(part, f"{row.gates_pj / 1e3:,.1f}", estimate, error)
    estimated = result.estimate_pj or 0.0
    table.add_row(
        "the chip", f"{result.total_pj / 1e3:,.1f}", f"{estimated / 1e3:,.1f}", signed_percent(result.error or 0.0)
    )
    return table
