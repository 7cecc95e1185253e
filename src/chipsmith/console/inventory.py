"""What chips, ops, conformance, bom and doctor show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_tables
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.units import percent

if TYPE_CHECKING:
    from chipsmith.chip import Chip
    from chipsmith.diagnosis import Diagnosis
    from chipsmith.flow.bill_of_materials import BillOfMaterials
    from chipsmith.tosa.operators.row import OperatorRow
    from chipsmith.witness.conformance.run import Conformance


def present_chips(chips: Chip | tuple[Chip, ...]) -> Presentation:
    """The catalogue as a table, or one chip as its file; the object holds whole files, and what follows from them."""
    if isinstance(chips, tuple):
        return Presentation(to_json=partial(_catalogue_json, chips), print_text=partial(_print_catalogue, chips))
    return Presentation(to_json=partial(_chip_json, chips), print_text=partial(_print_chip, chips))


def present_operators(rows: Sequence[OperatorRow]) -> Presentation:
    """The operators, one line each."""
    return Presentation(to_json=partial(_operators_json, rows), print_text=partial(_print_operators, rows))


def present_conformance(result: Conformance) -> Presentation:
    """What became of the cases, a line an operator; then those that did not pass, with the reason."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_conformance, result), failure=result.failure)


def present_diagnosis(result: Diagnosis) -> Presentation:
    """A line for each package that is looked for, then the command that mends what is missing."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_diagnosis, result), failure=result.failure)


def present_bom(result: BillOfMaterials) -> Presentation:
    """The distributions, one line each; the object is the document itself."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_bom, result))


def _print_catalogue(chips: Sequence[Chip]) -> None:
    from chipsmith.chip.timing import estimate_timing

    titles = ("chip", "array", "on-chip KiB", "MHz", "at most", "nm", "external memory")
    table = new_table("chips; `chipsmith chips NAME` prints a chip's file", *titles)
    for chip in chips:
        external = f"{chip.external.kind}, {chip.external.bytes_per_cycle} bytes a cycle"
        array = f"{chip.tensor.rows} x {chip.tensor.columns}"
        most = f"{estimate_timing(chip).max_clock_mhz.value:.0f}"
        sizes = (str(chip.on_chip_bytes >> 10), str(chip.clock_mhz), most, str(chip.technology.node_nm))
        table.add_row(chip.name, array, *sizes, external)
    table.caption_justify = "left"
    table.caption = (
        "on-chip KiB: all memories together, each in `chipsmith chips NAME`; at most: the fastest clock by estimate, "
        "which sources may miss by half (docs/estimates.md)"
    )
    print_tables(table)


def _print_chip(chip: Chip) -> None:
    from chipsmith.reports.memory_words import describe_memories

    print(chip.to_yaml(), end="")
    print(f"# {describe_memories(chip)}")
    print(f"# {_clock_words(chip)}")


def _clock_words(chip: Chip) -> str:
    from chipsmith.chip.timing import estimate_timing

    timing = estimate_timing(chip)
    clock, path, fo4_ps = timing.max_clock_mhz, timing.longest, 1000 * timing.fo4_ns.value
    return (
        f"fastest clock: {clock.value:.0f} MHz, {clock.low:.0f} to {clock.high:.0f} by what sources say "
        f"({clock.estimate.status.name}): {path.fo4.value:.1f} FO4 in {path.block} x {fo4_ps:.1f} ps"
    )


def _catalogue_json(chips: Sequence[Chip]) -> Json:
    return {"schema_version": SCHEMA_VERSION, "chips": [_chip_fields(chip) for chip in chips]}


def _chip_json(chip: Chip) -> Json:
    return {"schema_version": SCHEMA_VERSION, "chip": _chip_fields(chip)}


def _chip_fields(chip: Chip) -> Json:
    derived = {"macs": chip.macs, "on_chip_bytes": chip.on_chip_bytes, "sha256": chip.sha256}
    return {**chip.model_dump(mode="json"), **derived}


def _print_operators(rows: Sequence[OperatorRow]) -> None:
    from chipsmith.compiler.fuse.support import supported_ops

    table = new_table("operators of TOSA that Chipsmith holds", "operator", "types", "on the chip", "meaning")
    engines = supported_ops()
    for row in rows:
        table.add_row(row.kind, " ".join(_input_types(row)), engines[row.kind] or "not yet", row.summary)
    print_tables(table)


def _operators_json(rows: Sequence[OperatorRow]) -> Json:
    from chipsmith.compiler.fuse.support import supported_ops

    engines = supported_ops()
    return {"schema_version": SCHEMA_VERSION, "operators": [_operator_fields(row, engines[row.kind]) for row in rows]}


def _operator_fields(row: OperatorRow, engine: str | None) -> Json:
    return {
        "name": row.kind,
        "chapter": row.chapter,
        "summary": row.summary,
        "engine": engine,
        "inputs": [operand.name for operand in row.inputs],
        "types": [{name: dtype.value for name, dtype in types.items()} for types in row.types],
        "attributes": {attribute.name: list(attribute.choices) or attribute.form.value for attribute in row.attributes},
        "rules": [rule.__doc__ for rule in row.constraints],
    }


def _input_types(row: OperatorRow) -> list[str]:
    first = row.inputs[0] if row.inputs else row.output
    return list(dict.fromkeys(row.type_of(first, types).name.lower() for types in row.types))


def _print_conformance(result: Conformance) -> None:
    from chipsmith.witness.conformance.run import CaseResult

    where = result.target if result.chip is None else f"{result.target} ({result.chip.name})"
    columns = (kind.value.replace("_", " ") for kind in CaseResult)
    table = new_table(f"official cases of TOSA on {where}", "operator", *columns)
    for name, counts in (*result.counts.items(), ("all", result.total)):
        table.add_row(name, *(str(counts[kind]) for kind in CaseResult))
    table.caption = f"passed / (passed + failed + refused) = {percent(result.share, 2)}"
    missed = new_table("not passed", "operator", "case", "result", "reason")
    for outcome in result.not_passed:
        missed.add_row(outcome.operator, outcome.case, outcome.result.value, outcome.reason)
    print_tables(*([table, missed] if result.not_passed else [table]))


def _print_bom(result: BillOfMaterials) -> None:
    table = new_table("bill of materials", "distribution", "version", "licence")
    for row in result.components:
        table.add_row(row["name"], row["version"], ", ".join(map(_licence_name, row.get("licenses", ()))) or "not said")
    table.caption = f"written to {result.path}" if result.path else "not written; -o BOM.cdx.json writes CycloneDX 1.6"
    print_tables(table)


def _licence_name(row: Json) -> str:
    licence = row.get("license", {})
    return str(row.get("expression") or licence.get("id") or licence["name"])


def _print_diagnosis(result: Diagnosis) -> None:
    from chipsmith.diagnosis import describe

    print(describe(result))
