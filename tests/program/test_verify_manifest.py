"""A manifest that says other than the instructions is refused, whatever its checksum."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput
from chipsmith.program.file import parse_program, serialize_program
from chipsmith.program.instructions import Engine
from chipsmith.program.program import Placed
from chipsmith.program.verify_manifest import verify_manifest
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parents[1] / "networks"
PROGRAM = compile_graph(read_tosa(NETWORKS / "digits_cnn.tosa"), load_chip("edge-256"))
MANIFEST = PROGRAM.manifest


def with_manifest(**fields):
    return dataclasses.replace(PROGRAM, manifest=dataclasses.replace(MANIFEST, **fields))


def with_row(field, **values):
    """The program with other values in the first row of a field."""
    first, *others = getattr(MANIFEST, field)
    return with_manifest(**{field: (dataclasses.replace(first, **values), *others)})


@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
@pytest.mark.parametrize("network", ["digits_cnn", "gru", "lstm", "encoder_layer"])
def test_what_the_compiler_says_is_true(network, chip):
    verify_manifest(compile_graph(read_tosa(NETWORKS / f"{network}.tosa"), load_chip(chip)))


COMPUTED = MANIFEST.operators.index(next(row for row in MANIFEST.operators if row.kernel))
REFUSED = {
    "weights; LOADs bring": with_manifest(weight_bytes=MANIFEST.weight_bytes + 1),
    "multiply-accumulates; its instructions do": with_row("kernels", macs=10**30),
    "of the vector engine, and its instructions are not": with_row("kernels", kind=Engine.VECTOR),
    "is not in one kernel where it computes": with_row("kernels", instructions=()),
    "a kernel has instruction 99999; the program has": with_row(
        "kernels", instructions=(*MANIFEST.kernels[0].instructions, 99999)
    ),
    "2 kernels of the manifest": with_row("kernels", name=MANIFEST.kernels[1].name),
    "2 inputs of the manifest have the name": with_manifest(inputs=MANIFEST.inputs * 2),
    "no buffer of the manifest holds stream": with_manifest(buffers=MANIFEST.buffers[1:]),
    "is beyond the": with_row("buffers", size_bytes=1 << 30),
    "have the same bytes": with_row("buffers", address=0, first_instruction=0, size_bytes=PROGRAM.chip.memory_bytes),
    "resident buffers; ": with_manifest(resident=MANIFEST.resident[1:]),
    "is placed 'dead' with the kernel": with_manifest(
        operators=tuple(
            dataclasses.replace(row, placed=Placed.DEAD) if index == COMPUTED else row
            for index, row in enumerate(MANIFEST.operators)
        )
    ),
    "which is none of its engine": with_manifest(
        operators=tuple(
            dataclasses.replace(row, kernel="nowhere") if index == COMPUTED else row
            for index, row in enumerate(MANIFEST.operators)
        )
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_manifest_that_its_instructions_contradict_is_refused(message):
    with pytest.raises(BadInput, match=message):
        verify_manifest(REFUSED[message])


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            REFUSED["multiply-accumulates; its instructions do"],
            r"manifest\.kernels\.0\.macs is 10{30}, which no program holds",
        ),
        (with_manifest(network="a\x1b[2Jb"), "manifest.network is .*, which no program holds"),
        (with_manifest(weight_bytes=-1), "manifest.weight_bytes is -1"),
        (with_manifest(weight_bytes=float("nan")), "manifest.weight_bytes is nan, which no program holds"),
        (with_manifest(weight_bytes=True), "manifest.weight_bytes is True, which no program holds"),
        (with_manifest(external_bytes=1e6), "manifest.external_bytes is 1000000.0, which no program holds"),
        (REFUSED["weights; LOADs bring"], "LOADs bring"),
    ],
)
def test_a_file_of_such_a_manifest_is_refused_by_the_place_in_it(program, message):
    with pytest.raises(BadInput, match=f"^p.* {message}.*; compile the network again"):
        parse_program(serialize_program(program), name="p")
