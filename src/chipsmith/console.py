"""What the commands print: one JSON object, or tables for people; and where nothing else may be printed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.chip import Chip, json_schema
from chipsmith.compiler.fuse.support import supported_ops
from chipsmith.deployment.predict import Predicted
from chipsmith.flow.compress import Compressed
from chipsmith.flow.results import Compiled, Estimate, Ran, Simulated, Trained
from chipsmith.learn import OnEpoch, Recipe, epoch_bar
from chipsmith.learn.training.processes import processes
from chipsmith.learn.watching import SILENT, Watch
from chipsmith.reports.compression import verdict as compression_verdict
from chipsmith.reports.compression import with_interval
from chipsmith.reports.headline import metric_text
from chipsmith.reports.terminal import comparison_table, placement_table, print_report, print_tables, time_table
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.tosa.operators.row import OperatorRow
from chipsmith.witness.conformance.run import Conformance, Result
from chipsmith.witness.cosimulate import Cosimulated
from chipsmith.witness.diff.compare import Diff
from chipsmith.witness.diff.layer import Difference
from chipsmith.witness.synthesis import Synthesised

_LONGEST_NAME = 20
"""Letters of a layer's name in a table."""

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


@contextmanager
def quiet_stdout(quiet: bool) -> Iterator[None]:
    """Send whatever a stage prints, native code too, to stderr while `quiet`: stdout is for the JSON object alone."""
    if not quiet:
        yield
        return
    sys.stdout.flush()
    with _descriptor_to_stderr(), redirect_stdout(sys.stderr):
        yield


@contextmanager
def _descriptor_to_stderr() -> Iterator[None]:
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def show(content: Json, *, as_json: bool, text: Callable[[], None]) -> None:
    """Print the object, or call `text`, which prints the same for people."""
    if as_json:
        print_json(content)
    else:
        text()


def print_json(content: Json) -> None:
    """Print one object on stdout."""
    print(json.dumps(content, indent=2))


class TerminalWatch(Watch):
    """Shows stages, and a bar over the epochs of a training, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stage(self, name: str) -> None:
        """One line a stage."""
        self._console.print(f"{name} ...", style="dim")

    def training(self, epochs: int) -> AbstractContextManager[OnEpoch]:
        """A bar over the epochs."""
        return epoch_bar(epochs=epochs, console=self._console)


def watch() -> Watch:
    """Shows progress on stderr where that is a terminal, else nothing."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return TerminalWatch(console) if console.is_terminal else SILENT


def ran(result: Ran) -> None:
    """The closing table of a run, and where its files are."""
    print_report(result.record)
    print(f"run folder: {result.folder} (report.html is the page, trace.json opens in the Perfetto viewer)")


def trained(result: Trained) -> None:
    """The verdict of a training and its metrics on the test part."""
    verdict = result.training.verdict
    print(f"training: {verdict.fit.value}; {verdict.reason}")
    for one in result.metrics.metrics:
        low, high = metric_text(one.name, one.low), metric_text(one.name, one.high)
        value = metric_text(one.name, one.value)
        print(f"test {one.name}, float: {value} ({low} to {high}), {one.count:,} examples")
    print(f"weights: {result.path}")


def leads() -> bool:
    """Whether this process prints: of several that train together, the first."""
    return processes().leads


def recipes_json(held: Sequence[Recipe]) -> Json:
    """The object of `chipsmith recipes --json`."""
    return {"schema_version": SCHEMA_VERSION, "recipes": [one.model_dump(mode="json") for one in held]}


def recipes(held: Sequence[Recipe]) -> None:
    """One row a recipe."""
    table = _table("recipes", "name", "task", "network", "what")
    for one in held:
        table.add_row(one.name, one.task.value, one.network.kind, one.description)
    print_tables(table)


def compressed(result: Compressed) -> None:
    """All networks of a compression, fast ones first, and the one chosen."""
    found = result.result
    columns = ("network", "float", "int8", "chip", "lost", "cycles", "us", "uJ", "faster")
    table = _table(f"{found.network} compressed for {found.start.cost.chip}", *columns)
    for column in table.columns:
        column.no_wrap = True
    for one in sorted(found.candidates, key=lambda one: one.cost.cycles):
        metrics = (f"{metric.value:.3f}" for metric in (one.float_, one.int8, one.chip))
        cost = (f"{one.cost.cycles:,}", f"{one.cost.latency_us:.1f}", f"{one.cost.energy_uj:.2f}")
        mark = " *" if one is found.chosen else ""
        table.add_row(f"{one.name}{mark}", *metrics, f"{found.lost(one):.2f}", *cost, f"{found.speedup(one):.2f}")
    table.caption = (
        f"before: {with_interval(found.start.test)} in float; lost: points against it; faster: times fewer cycles; "
        "* chosen on the validation part"
    )
    print_tables(table)
    for reason in found.skipped:
        print(f"not done: {reason}")
    if found.met:
        print(compression_verdict(found))
    print(f"run folder: {result.folder} (report.html shows the front)")


def compiled(result: Compiled) -> None:
    """Placement, size and memory of a Program."""
    program, manifest = result.program, result.program.manifest
    table = _table(f"{manifest.network} on {program.chip.name}", "figure", "value")
    table.add_row("instructions", f"{len(program.instructions):,}")
    table.add_row("on-chip memory, peak", f"{manifest.memory_peak_bytes:,} of {program.chip.memory_bytes:,} bytes")
    table.add_row("weights, biases, tables", f"{manifest.weight_bytes:,} bytes")
    table.add_row("program file", str(result.path) if result.path else "not written; -o P.program writes it")
    print_tables(placement_table(result.operators, result.host_steps), table)


def simulated(result: Simulated) -> None:
    """Latency, cold and warm, and the busy share of each engine."""
    program = result.program
    table = _table(f"{program.manifest.network} on {program.chip.name}", "one inference", "cold", "warm")
    times = [f"{one.latency_cycles:,} cycles" for one in (result.cold, result.warm)]
    table.add_row("latency", *times)
    table.add_row("", *(f"{one.latency_cycles / program.chip.clock_mhz:,.2f} us" for one in (result.cold, result.warm)))
    for engine, share in result.cold.busy_share.items():
        table.add_row(f"{engine.value} engine busy", f"{share:.1%}", f"{result.warm.busy_share[engine]:.1%}")
    print_tables(table, time_table(program.chip, result.time_shares))
    if result.outputs:
        print(f"{result.inferences} inferences executed; outputs: {result.path or 'not written (--output)'}")


def predicted(result: Predicted) -> None:
    """The answer for each example, and the chip's time for one."""
    for one in result.predictions:
        print(f"{one.input}: {one.line}")
    chip = result.program.chip
    print(
        f"{result.inferences} inferences on {chip.name} (simulated), each {result.latency_cycles:,} cycles, "
        f"{result.latency_us:,.2f} us at {chip.clock_mhz:g} MHz"
    )


def cosimulated(result: Cosimulated) -> None:
    """Cycles and differences, cold and warm, and the speed of the simulation."""
    program = result.program
    title = f"{program.manifest.network} on the RTL of {program.chip.name}"
    table = _table(title, "one inference", "cold", "warm")
    for name in ("cycles_rtl", "cycles_simulated", "mismatching_bits", "instructions_differing"):
        table.add_row(name.replace("_", " "), *(f"{getattr(one, name):,}" for one in (result.cold, result.warm)))
    print_tables(table)
    speed = (result.cold.cycles_rtl + result.warm.cycles_rtl) / result.run_s
    print(f"built in {result.build_s:.1f} s, {speed:,.0f} cycles/s")


def synthesised(result: Synthesised) -> None:
    """Area of each block, the macros, and the estimate's error."""
    whole = result.synthesis
    table = _table(f"{result.chip.name} in cells of {result.liberty.name}", "block", "um2", "share")
    for name, area in sorted(whole.blocks.items(), key=lambda one: -one[1]):
        table.add_row(name, f"{area:,.0f}", f"{area / whole.area_um2:.1%}")
    print_tables(table)
    print(f"{whole.cells:,} cells, {whole.area_um2:,.0f} um2; {result.area_per_mac_um2:,.0f} um2 a MAC")
    print(f"estimated {result.estimated_um2:,.0f} um2 at {result.node_nm} nm: {result.error_percent:+.0f} %")
    print(f"longest path inside a module: {whole.slowest.delay_ps / 1000:.2f} ns in {whole.slowest.name}")
    for macro in whole.macros:
        print(f"{macro.count} x {macro.wrapper} of {macro.lines} lines of {macro.width_bits} bits")


def files_json(paths: Sequence[Path]) -> Json:
    """The object of a command that writes files: `files`."""
    return {"schema_version": SCHEMA_VERSION, "files": [str(path) for path in paths]}


def files(folder: Path, paths: Sequence[Path]) -> None:
    """Where files were written."""
    print(f"{len(paths)} files in {folder}")


def estimates(results: Sequence[Estimate]) -> None:
    """One network on several chips."""
    print_tables(comparison_table(results[0].network, {one.chip.name: one.inference for one in results}))
    for one in results:
        for sentence in one.inference.slow_memories:
            print(f"{one.chip.name}: {sentence}")


def estimates_json(results: Sequence[Estimate]) -> Json:
    """The object of `chipsmith estimate --json`: `estimates`, one a chip."""
    return {"schema_version": SCHEMA_VERSION, "estimates": [one.to_json() for one in results]}


def chips(held: Sequence[Chip]) -> None:
    """The catalogue."""
    titles = ("chip", "array", "on-chip KiB", "MHz", "nm", "external memory")
    table = _table("chips; `chipsmith chips NAME` prints a chip's file", *titles)
    for chip in held:
        external = f"{chip.external.kind}, {chip.external.bytes_per_cycle} bytes a cycle"
        array = f"{chip.tensor.rows} x {chip.tensor.columns}"
        sizes = (str(chip.on_chip_bytes >> 10), str(chip.clock_mhz), str(chip.technology.node_nm))
        table.add_row(chip.name, array, *sizes, external)
    print_tables(table)


def chips_json(held: Sequence[Chip]) -> Json:
    """The object of `chipsmith chips --json`: whole chip files, and what follows from them."""
    return {"schema_version": SCHEMA_VERSION, "chips": [_chip_fields(chip) for chip in held]}


def chip_json(chip: Chip) -> Json:
    """The object of `chipsmith chips NAME --json`."""
    return {"schema_version": SCHEMA_VERSION, "chip": _chip_fields(chip)}


def schema_json() -> Json:
    """The JSON Schema of a chip file."""
    return json_schema()


def _chip_fields(chip: Chip) -> Json:
    derived = {"macs": chip.macs, "on_chip_bytes": chip.on_chip_bytes, "sha256": chip.sha256}
    return {**chip.model_dump(mode="json"), **derived}


def conformance(result: Conformance) -> None:
    """What became of the cases, a line an operator; then those that did not pass, with the reason."""
    where = result.target if result.chip is None else f"{result.target} ({result.chip.name})"
    table = _table(f"official cases of TOSA on {where}", "operator", *(one.value.replace("_", " ") for one in Result))
    for name, counts in (*result.counts.items(), ("all", result.total)):
        table.add_row(name, *(str(counts[one]) for one in Result))
    table.caption = f"passed / (passed + failed + refused) = {result.share:.2%}"
    missed = _table("not passed", "operator", "case", "result", "reason")
    for one in result.not_passed:
        missed.add_row(one.operator, one.case, one.result.value, one.reason)
    print_tables(*([table, missed] if result.not_passed else [table]))


def diff(result: Diff) -> None:
    """The layers, one line each: first int8 against float, then the chip against its witness."""
    columns = ("int8 dB", "steps", "differ", "chip dB", "steps", "differ")
    table = _table(f"{result.network}, {result.inputs} inputs", "layer", "operator", *columns)
    for layer in result.layers:
        table.add_row(_short(layer.name), layer.operator, *_difference(layer.int8), *_difference(layer.chip))
    table.caption = (
        f"int8 against float, then the simulated {result.chip} against {result.witness}: signal to noise, largest "
        "difference in steps of the layer's scale, share of elements that differ"
    )
    print_tables(table)


def _short(name: str) -> str:
    """The end of a long name, which tells layers apart."""
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


def _difference(one: Difference | None) -> tuple[str, str, str]:
    if one is None:
        return ("not found", "", "")
    ratio = "exact" if one.largest == 0 else "" if one.snr_db is None else f"{one.snr_db:.1f}"
    return (ratio, f"{one.largest:.3g}", f"{one.differing:.2%}")


def operators(rows: Sequence[OperatorRow]) -> None:
    """The operators, one line each."""
    table = _table("operators of TOSA that Chipsmith holds", "operator", "types", "on the chip", "meaning")
    engines = supported_ops()
    for row in rows:
        table.add_row(row.kind, " ".join(_input_types(row)), engines[row.kind] or "not yet", row.summary)
    print_tables(table)


def ops_json(rows: Sequence[OperatorRow]) -> Json:
    """The object of `chipsmith ops --json`."""
    return {"schema_version": SCHEMA_VERSION, "operators": [_operator_fields(row) for row in rows]}


def _operator_fields(row: OperatorRow) -> Json:
    return {
        "name": row.kind,
        "chapter": row.chapter,
        "summary": row.summary,
        "engine": supported_ops()[row.kind],
        "inputs": [operand.name for operand in row.inputs],
        "types": [{name: dtype.value for name, dtype in types.items()} for types in row.types],
        "attributes": {one.name: list(one.choices) or one.form.value for one in row.attributes},
        "rules": [rule.__doc__ for rule in row.constraints],
    }


def _input_types(row: OperatorRow) -> list[str]:
    first = row.inputs[0] if row.inputs else row.output
    return list(dict.fromkeys(row.type_of(first, types).name.lower() for types in row.types))


def _table(title: str, *columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
