"""The verbs that say what there is, and whether it is right: chips, ops, conformance, bom, doctor."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, overload

from chipsmith.api.choices import operator_words, target_words
from chipsmith.api.forms import AnyPath, ChipOption, ChipSettings
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.values import as_chip, as_seed
from chipsmith.api.verb import Schema, Verb
from chipsmith.console import inventory as console
from chipsmith.console.suggestions import suggest_chips
from chipsmith.schema import Json

if TYPE_CHECKING:
    from chipsmith.api.forms import AnyChip
    from chipsmith.chip import Chip
    from chipsmith.diagnosis import Diagnosis
    from chipsmith.flow.bill_of_materials import BillOfMaterials
    from chipsmith.shown import Several
    from chipsmith.tosa.operators.row import OperatorRow
    from chipsmith.witness.conformance.run import Conformance


def _chip_schema() -> Json:
    from chipsmith.chip import json_schema

    return json_schema()


@overload
def chips() -> "Several[Chip]": ...
@overload
def chips(name: "AnyChip") -> "Chip": ...
def chips(
    name: Annotated[
        "AnyChip | None",
        Argument(metavar="NAME", help="A chip or YAML file: prints the whole file.", suggest=suggest_chips),
    ] = None,
) -> "Chip | Several[Chip]":
    """The chips of the catalogue, or one of them whole.

    All of them from small to large; with a `name` of one, or a YAML file, that chip alone. Raises BadInput.
    """
    from chipsmith.chip import load_catalogue
    from chipsmith.shown import Several

    return Several(load_catalogue().values()) if name is None else as_chip(name, ())


def conformance(
    target: Annotated[
        str, Option(help="npu (the simulated chip), reference, rtl, c, or your own.", choices=target_words)
    ] = "npu",
    *,
    ops: Annotated[
        Sequence[str],
        Option(flags=("--op",), help="An operator, such as conv2d; repeatable.", choices=operator_words),
    ] = (),
    seed: Annotated[int | None, Option(help="Draws other cases than the generator's own.")] = None,
    sample: Annotated[int | None, Option(help="So many cases of each operator, spread over all.")] = None,
    most_cycles: Annotated[int, Option(help="Longer cases are not run in RTL.")] = 1_000_000,
    chip: ChipOption = "edge-256",
    settings: ChipSettings = (),
) -> "Conformance":
    """Run TOSA's official conformance cases and compare every bit.

    `target` is one of `chipsmith.targets` that takes bare graphs, such as "npu"; nothing is folded. `ops` are the only
    operators, if given; `sample` takes so many cases of each; `seed` draws other cases than the generator's own; cases
    of more than `most_cycles` are not run in RTL. The first run generates the cases, which takes minutes, and keeps
    them. A case that does not pass is no exception: see `Conformance.failure`. Raises BadInput.
    """
    from chipsmith.witness.conformance.run import run_official_cases

    return run_official_cases(
        target,
        operators=ops,
        seed=None if seed is None else as_seed(seed),
        sample=sample,
        most_cycles=most_cycles,
        chip=as_chip(chip, settings),
    )


def ops() -> "Several[OperatorRow]":
    """The operators that Chipsmith holds, with their types and rules.

    A row each of TOSA's integer profile.
    """
    from chipsmith.shown import Several
    from chipsmith.tosa.operators import OPERATORS

    return Several(OPERATORS.values())


def doctor() -> "Diagnosis":
    """What is installed, which targets work here, what is missing, and the command that mends it.

    Packages are read from the package's own requirements; targets are asked themselves. Raises BadInput where Chipsmith
    runs from a folder and is not installed.
    """
    from chipsmith.diagnosis import diagnose

    diagnosis = diagnose()
    try:
        from chipsmith.targets.check import check_targets
    except ImportError:  # a package that every command needs is missing, which the diagnosis says
        return diagnosis
    return replace(diagnosis, targets=check_targets())


def bom(
    *,
    output: Annotated[
        AnyPath | None, Option(flags=("--output", "-o"), metavar="BOM.cdx.json", help="The file to write.")
    ] = None,
) -> "BillOfMaterials":
    """The bill of materials of this installation: every distribution that Chipsmith uses, with version and licence.

    In CycloneDX 1.6, which goes to `output`, if given; a distribution that is not installed is not in it. That of a run
    stands in its folder. Raises BadInput where the library is not installed that writes it.
    """
    from chipsmith.files import write_whole
    from chipsmith.flow.bill_of_materials import package_bom

    result = package_bom()
    if output is None:
        return result
    write_whole(output, result.text.encode())
    return replace(result, path=Path(output))


INVENTORY_VERBS = (
    Verb(function=chips, present=console.present_chips, schema=Schema(of="a chip file", read=_chip_schema)),
    Verb(
        function=conformance,
        present=console.present_conformance,
        fails="a case does not pass, or is accepted and should be refused",
    ),
    Verb(function=ops, present=console.present_operators),
    Verb(function=bom, present=console.present_bom),
    Verb(function=doctor, present=console.present_diagnosis, fails="something that every command needs is missing"),
)
