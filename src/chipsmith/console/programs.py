"""What compile, simulate, infer, estimate and diff show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.advice import print_reasons
from chipsmith.console.presentation import (
    Presentation,
    new_table,
    print_hint,
    print_sentence,
    print_tables,
    terminal_width,
    tighten,
)
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.units import count_things, format_time, percent

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.flow.residue import LeftBehind
    from chipsmith.flow.results import CompileResult, Estimate, InferResult, SimResult
    from chipsmith.profile.instruction_count import InstructionCount
    from chipsmith.program.program import Program
    from chipsmith.quantisation.quantise import QuantisationReport
    from chipsmith.witness.check.verdict import SourceCheck
    from chipsmith.witness.diff.compare import Diff
    from chipsmith.witness.diff.layer import Difference


PLACEMENT = "Show where each operator runs, and why."
KERNELS = "Show when each kernel runs and what it waits for."
_ROOMY = 100
"""Columns of a terminal from which on a table has the operators of layers too."""
SOURCES = "Show all figures of each chip with their sources."


def present_program(result: CompileResult) -> Presentation:
    """What the stages made that were asked for; placement, size and memory of a Program; the check."""
    return Presentation(
        to_json=result.to_json,
        print_text=partial(_print_program, result),
        print_verbose=partial(_print_whole_program, result),
        failure=explain_check(result.check),
    )


def present_simulation(result: SimResult) -> Presentation:
    """Latency, cold and warm, and the busy share of each engine."""
    return Presentation(
        to_json=result.to_json,
        print_text=partial(_print_simulation, result),
        print_verbose=partial(_print_whole_simulation, result),
    )


def present_inference(result: InferResult) -> Presentation:
    """The outputs, one line each: name, type, shape, range."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_inference, result))


def present_estimates(results: Sequence[Estimate]) -> Presentation:
    """One network on several chips; the object holds `estimates`, one a chip."""
    return Presentation(
        to_json=partial(_estimates_json, results),
        print_text=partial(_print_estimates, results),
        print_verbose=partial(_print_whole_estimates, results),
        failure=explain_check(results[0].check),
    )


def present_diff(result: Diff) -> Presentation:
    """The layers, one line each: first int8 against float, then the chip against its witness."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_diff, result))


def _print_program(result: CompileResult) -> None:
    """What fits a screen: size and memory, and how many operators run where."""
    _print_stages(result)
    print_tables(_program_table(result))
    _print_program_notes(result)
    print_hint("--verbose says of each operator where it runs, and why")


def _print_whole_program(result: CompileResult) -> None:
    """The placement of each operator too."""
    from chipsmith.reports.terminal import placement_table

    _print_stages(result)
    print_tables(placement_table(result.operators, result.host_steps), _program_table(result))
    _print_program_notes(result)


def _print_stages(result: CompileResult) -> None:
    for stage, text in result.stages.items():
        print(f"after {stage}:", text, "", sep="\n")


def _program_table(result: CompileResult) -> Table:
    program, manifest = result.program, result.program.manifest
    table = new_table(f"{manifest.network} on {program.chip.name}", "figure", "value")
    table.add_row("operators", _describe_places(result))
    table.add_row("kernels, instructions", f"{len(manifest.kernels):,}, {len(program.instructions):,}")
    table.add_row("on-chip memory, peak", f"{result.memory_peak_bytes:,} of {program.chip.memory_bytes:,} bytes")
    table.add_row("weights, biases, tables", f"{manifest.weight_bytes:,} bytes")
    if manifest.wipe_start is not None:
        table.add_row("wipe", f"{result.wipe_cycles:,} cycles of a cold inference, simulated")
    table.add_row("program file", str(result.path) if result.path else "not written; -o P.program writes it")
    return table


def _describe_places(result: CompileResult) -> str:
    """How many operators went where: '19: tensor 8, vector 3, view 2, folded 6; 3 steps on the host'."""
    places = Counter(operator.placed.value for operator in result.operators)
    listed = ", ".join(f"{place} {count:,}" for place, count in places.most_common())
    host = f"; {len(result.host_steps)} steps on the host" if result.host_steps else ""
    return f"{len(result.operators):,}: {listed}{host}"


def _print_program_notes(result: CompileResult) -> None:
    _print_quantisation(result.quantisation)
    print_check(result.check)


def _print_quantisation(report: QuantisationReport | None) -> None:
    """How a plan was chosen; nothing where a network came with its own integers."""
    from chipsmith.quantisation.text import format_report

    if report is not None:
        for line in format_report(report).splitlines():
            print_sentence(line)
        print()


def print_check(check: SourceCheck | None) -> None:
    """A check's line; nothing where none was done."""
    if check is None:
        return
    from chipsmith.witness.check.text import describe_check

    print_sentence(describe_check(check))


def explain_check(check: SourceCheck | None) -> str:
    """What is wrong by a check; empty where nothing is, or none was done."""
    if check is None:
        return ""
    from chipsmith.witness.check.text import explain_failure

    return explain_failure(check)


def _print_simulation(result: SimResult) -> None:
    from chipsmith.reports.terminal import longest_table, time_table

    program, timelines = result.program, (result.cold, result.warm)
    table = new_table(f"{program.manifest.network} on {program.chip.name}", "one inference", "cold", "warm")
    table.add_row("latency", *(f"{timeline.latency_cycles:,} cycles" for timeline in timelines))
    table.add_row("", *(format_time(timeline.latency_cycles / program.chip.clock_mhz) for timeline in timelines))
    _add_wipe(table, result)
    for engine, share in result.cold.busy_share.items():
        table.add_row(f"{engine.value} engine busy", percent(share, 1), percent(result.warm.busy_share[engine], 1))
    longest = longest_table(result.kernel_times, result.cold.latency_cycles)
    print_tables(table, time_table(program.chip, result.time_shares), longest, *_residue_tables(result.residue))
    if result.outputs:
        executed = count_things(result.inferences, "inference")
        print(f"{executed} executed; outputs: {result.path or 'not written (--output)'}")
    _print_lines(result.stray_indices)


def _print_whole_simulation(result: SimResult) -> None:
    """The kernels too."""
    from chipsmith.profile.measure import full_profile
    from chipsmith.reports.terminal import kernel_table

    print_tables(kernel_table(full_profile(result.program)))
    _print_simulation(result)


def _add_wipe(table: Table, result: SimResult) -> None:
    """The two parts of the latency of a program that wipes."""
    from chipsmith.profile.wipe_cost import inference_cycles, wipe_cycles

    program, timelines = result.program, (result.cold, result.warm)
    if program.manifest.wipe_start is None:
        return
    table.add_row("  until the outputs stand", *(f"{inference_cycles(program, each):,} cycles" for each in timelines))
    table.add_row("  wipe", *(f"{wipe_cycles(program, each):,} cycles" for each in timelines))


def _residue_tables(residue: LeftBehind | None) -> Iterator[Table]:
    """What is left after END, by memory; nothing where it was not asked for."""
    if residue is None:
        return
    columns = ("bytes", "may depend on inputs", "differ")
    table = new_table("left after END, in bytes", "memory", "holds", *columns)
    for row in residue.rows:
        figures = (row.size_bytes, row.dependent_bytes, row.differing_bytes)
        table.add_row(row.memory, row.holding, *(f"{figure:,}" for figure in figures))
    registers = "; ".join(residue.registers) or "none"
    table.caption = (
        f"may depend: by the flow of the data; differ: simulated, {residue.compared}. Registers that may depend: "
        f"{registers}; lines read last of {residue.read_lines} bank groups"
    )
    yield table


def _print_inference(result: InferResult) -> None:
    chip = "" if result.target.chip is None else f" ({result.target.chip.name})"
    title = f"{result.network} on {result.target.name}{chip}, {count_things(result.inferences, 'inference')}"
    table = new_table(title, "output", "type", "shape", "least", "greatest")
    for name, array in result.outputs.items():
        limits = (f"{array.min():.6g}", f"{array.max():.6g}") if array.size else ("", "")
        table.add_row(name, str(array.dtype), str(list(array.shape)), *limits)
    table.caption = f"written to {result.path}" if result.path else "not written; --output OUT.npz writes them"
    print_tables(table)
    _print_lines((*result.stray_indices, *result.clipped_inputs))
    if result.latency is not None:
        latency = result.latency
        print(
            f"measured: p50 {format_time(latency.p50_us)}, p99 {format_time(latency.p99_us)} over "
            f"{len(latency.samples_us)} warm inferences; {result.target.obtained}"
        )
    if result.counted is not None:
        _print_count(result.counted)


def _print_lines(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        print_sentence(sentence)


def _print_count(counted: InstructionCount) -> None:
    least, most = min(counted.instructions), counted.most_instructions
    each = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    print(f"{each} instructions an inference on {counted.board} ({counted.core}, emulated), which say nothing of time")
    print(f"flash {counted.flash_bytes:,} bytes, RAM {counted.ram_bytes:,} bytes; {counted.compiler}")


def _print_estimates(results: Sequence[Estimate]) -> None:
    from chipsmith.reports.terminal import comparison_table, cost_table

    chips = {estimate.chip.name: estimate.inference for estimate in results}
    print_tables(comparison_table(results[0].network, chips), cost_table(chips))
    for name, inference in chips.items():
        if inference.timing.doubt:
            print(f"{name}: {inference.timing.doubt}")
    if len(results) > 1:
        for estimate in results:
            if estimate.program is not None:
                print_sentence(_tell_bound(estimate.program))
    if results[0].program is not None:
        print_reasons(results[0].program)
    print_check(results[0].check)


def _tell_bound(program: Program) -> str:
    """Where the time of a cold inference goes on a chip, in a line."""
    from chipsmith.reports.advice_text import BOUND_WORDS
    from chipsmith.studies.advice.diagnose import diagnose
    from chipsmith.studies.advice.record import Subject

    advice = diagnose(program, subject=Subject(model="", chip=""))
    most = list(advice.path_cycles().items())[:2]
    parts = (f"{BOUND_WORDS[bound]} {percent(cycles / advice.figures.cold_cycles, 0)}" for bound, cycles in most)
    return f"{program.chip.name}: {format_time(advice.figures.cold_us)} cold, of which {', '.join(parts)}"


def _print_whole_estimates(results: Sequence[Estimate]) -> None:
    """All headline figures of each chip too, with their sources."""
    from chipsmith.reports.headline import inference_headlines
    from chipsmith.reports.terminal import headline_table

    for estimate in results:
        title = f"{estimate.network} on {estimate.chip.name}"
        print_tables(headline_table(title, inference_headlines(estimate.inference)))
    _print_estimates(results)


def _estimates_json(results: Sequence[Estimate]) -> Json:
    return {"schema_version": SCHEMA_VERSION, "estimates": [estimate.to_json() for estimate in results]}


def _print_diff(result: Diff) -> None:
    """The layers, then in sentences whether the chip is exact, and what the figures are."""
    print_tables(_diff_table(result))
    print_sentence(_tell_exactness(result))
    print_sentence(
        f"int8: the rounded network ({result.witness}) against the author's own. chip: the simulated {result.chip} "
        "against int8. dB: signal to noise. most: the largest difference, in % of the layer's range; a step of 8 bits "
        "is 0.39 %, one of 16 or 32 bits far less."
    )


def _diff_table(result: Diff) -> Table:
    from chipsmith.program.layer_names import shorten_layer
    from chipsmith.reports.fitted_names import FittedName

    roomy = terminal_width() >= _ROOMY
    columns = (*(("operator",) if roomy else ()), "bits", "int8 dB", "most, %", "chip dB", "most, %")
    table = new_table(f"{result.network}, {result.inputs} inputs", "layer", "kernel", *columns)
    for layer in result.layers:
        number = layer.kernel.rpartition("(")[2].rstrip(")")
        operator = (layer.operator,) if roomy else ()
        figures = (*_difference(layer.int8), *_difference(layer.npu))
        table.add_row(FittedName(shorten_layer(layer.name)), number, *operator, str(layer.bits), *figures)
    tighten(table)
    for column in table.columns[1 : 3 if roomy else 2]:
        column.justify = "left"
    return table


def _tell_exactness(result: Diff) -> str:
    """Whether the chip is the integer network, to the bit."""
    compared = [layer for layer in result.layers if layer.exact is not None]
    others = [layer.name for layer in result.inexact]
    from chipsmith.reports.author_names import abridge
    from chipsmith.witness.diff.values import EXACT_INPUTS

    of = f"the integer network's (TOSA's reference interpreter, over {min(EXACT_INPUTS, result.inputs)} inputs)"
    if not compared:
        return f"Not compared: whether the bits of {result.chip} are {of}."
    if others:
        return f"{result.chip} is not exact: in {abridge(others)} its bits are not {of}."
    return (
        f"{result.chip} is exact: in all {len(compared)} layers its bits are {of}. What differs above is rounding "
        "against floating point, not the chip."
    )


def _difference(difference: Difference | None) -> tuple[str, str]:
    if difference is None:
        return ("not found", "")
    exact = difference.largest == 0
    ratio = "exact" if exact else "" if difference.snr_db is None else f"{difference.snr_db:.1f}"
    return (ratio, "" if difference.of_range is None else f"{100 * difference.of_range:.2f}")
