"""Networks of this folder as Programs, each compiled once a session, for tests of what is made of a Program."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.network import compile_network
from chipsmith.profile.measure import full_profile
from chipsmith.profile.profile import Profile
from chipsmith.program.program import Program
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parent


@cache
def compiled_program(network: str = "digits_cnn", chip: str = "edge-256") -> Program:
    return compile_graph(read_tosa(NETWORKS / f"{network}.tosa"), load_chip(chip))


@cache
def named_program(network: str = "digits_cnn", chip: str = "edge-256") -> Program:
    """With names of an author: `part0` of the first operator, `part1` of the second and so on."""
    graph = read_tosa(NETWORKS / f"{network}.tosa")
    names = {op.name: f"part{index}" for index, op in enumerate(graph.operators)}
    return compile_network(graph, load_chip(chip), operator_names=names)


@cache
def compiled_profile(network: str = "digits_cnn", chip: str = "edge-256") -> Profile:
    return full_profile(compiled_program(network, chip))
