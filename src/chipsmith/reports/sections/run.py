"""What a run was made with: command, recipe, splits, parameters, versions, hashes, wall times, the chip file."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.reports.markup import Cell, coded_paragraph, details, escape, how, number, paragraph, table
from chipsmith.reports.record import LearnedRecord, RunRecord
from chipsmith.reports.run_facts import CommandRecord, ParametersRecord, RecipeRecord, SplitsRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_UNFOLDED_LAYERS = 12
"""A network with more layers has their table folded away."""
_ABSENT = "-"


def _draw(record: RunRecord) -> Drawing:
    rows = [*_identity(record), ("SHA-256 of the chip", record.chip.sha256)]
    chip = details("Chip file", f"<pre>{escape(record.chip.yaml)}</pre>")
    return Drawing(html=_facts(record) + _tables(record, rows) + chip)


def _draw_learned(record: LearnedRecord) -> Drawing:
    return Drawing(html=_facts(record) + _tables(record, _identity(record)))


def _facts(record: LearnedRecord) -> str:
    """What the run was asked for and made of; nothing of a record that is older than these facts."""
    parts = (
        "" if record.command is None else _command(record.command),
        "" if record.recipe is None else _recipe(record.recipe),
        "" if record.splits is None else _splits(record.splits),
        "" if record.parameters is None else _parameters(record.parameters),
    )
    return "".join(parts)


def _command(command: CommandRecord) -> str:
    named = f" It names {' and '.join(f'`{file}`' for file in command.files)} of this run's folder: call it there."
    return (
        "<h3>What repeats it</h3>"
        + f'<pre class="wrap">{escape(command.shell)}</pre>'
        + f'<pre class="wrap">{escape(command.python)}</pre>'
        + coded_paragraph(
            "The same packages give the same figures; `recipe.yaml` in the run's folder is the whole recipe, should "
            "another file be changed since." + (named if command.files else ""),
            kind="how",
        )
    )


def _recipe(recipe: RecipeRecord) -> str:
    if not recipe.base:
        changed = how("The recipe was made by hand; it is below.")
    elif not recipe.changes:
        changed = paragraph(f"As {recipe.base}, unchanged.")
    else:
        rows = [
            (row.field, Cell(text=row.before or _ABSENT, label="before"), Cell(text=row.after or _ABSENT, label="here"))
            for row in recipe.changes
        ]
        label = "What differs from the base"
        changed = paragraph(f"Made of {recipe.base}, with these fields changed:") + table(
            ("field", recipe.base, "this run"), rows, label=label, narrow="stack"
        )
    return "<h3>Recipe</h3>" + changed + details("The whole recipe", f"<pre>{escape(recipe.yaml)}</pre>")


def _splits(splits: SplitsRecord) -> str:
    rows = [
        (part.name, number(part.examples, f"{part.examples:,}"), part.sha256 or "not told: the training is private")
        for part in splits.parts
    ]
    total = sum(part.examples for part in splits.parts)
    return (
        "<h3>Splits</h3>"
        + paragraph(f"{total:,} examples: {splits.how}; seed {splits.seed}.")
        + table(("part", "examples", "SHA-256 of its examples"), rows, label="Splits", narrow="stack")
    )


def _parameters(parameters: ParametersRecord) -> str:
    rows = [
        (layer.layer, layer.kind, ", ".join(layer.shapes), number(layer.count, f"{layer.count:,}"))
        for layer in parameters.layers
    ]
    total = ("all", "", "", number(parameters.total, f"{parameters.total:,}"))
    layers = table(
        ("layer", "kind", "shapes", "parameters"), rows, total=total, label="Parameters by layer", narrow="stack"
    )
    kept = f", and {parameters.fixed:,} numbers that are kept with them" if parameters.fixed else ""
    shown = layers if len(rows) <= _UNFOLDED_LAYERS else details(f"{len(rows)} layers", layers)
    text = f"{parameters.total:,} parameters that training chose{kept}, counted in the network before it is quantised."
    return "<h3>Parameters</h3>" + how(text) + (shown if rows else "")


def _identity(record: LearnedRecord) -> list[tuple[str, str]]:
    seed = () if record.seed is None else (("seed", str(record.seed)),)
    return [
        *seed,
        *((f"version of {name}", value) for name, value in record.versions.items()),
        *((f"SHA-256 of {name}", value) for name, value in record.hashes.items()),
    ]


def _tables(record: LearnedRecord, rows: Sequence[tuple[str, str]]) -> str:
    times = [(name, number(seconds, f"{seconds:.2f}")) for name, seconds in record.host.items()]
    return (
        "<h3>Versions, files and times</h3>"
        + how("Two runs with one seed give the same figures; only the wall times of the host differ.")
        + table(("what", "value"), rows, label="Versions and hashes", narrow="stack")
        + (table(("step on the host", "seconds"), times, label="Times on the host") if times else "")
    )


SECTION = PageSection(name="run", title="This run", link="this run", draw=_draw)
LEARNED_SECTION = PageSection(name="run", title="This run", link="this run", draw=_draw_learned)
"""Of a record without a chip."""
