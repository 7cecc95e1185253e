"""Every operator in C gives the reference's bits, by gcc and by clang, optimised and under sanitizers."""

from __future__ import annotations

import pytest
from c_graphs import assert_clean, assert_exact, random_inputs
from operator_benches import BENCHES

from chipsmith.codegen.host import Build
from chipsmith.tosa.operators import OPERATORS


def test_benches_have_every_operator():
    assert {op.kind for bench in BENCHES.values() for op in bench().operators} == set(OPERATORS)


@pytest.mark.parametrize("cc", ["gcc", "clang"])
@pytest.mark.parametrize("name", BENCHES)
def test_operators_are_exact(name, cc):
    graph = BENCHES[name]()
    assert_exact(graph, random_inputs(graph), cc=cc)


@pytest.mark.parametrize("name", ["convolutions", "fused_sums", "rescales", "windows"])
def test_vectors_are_exact(name):
    graph = BENCHES[name]()
    assert_exact(graph, random_inputs(graph, seed=1), build=Build.FAST)


@pytest.mark.parametrize("name", BENCHES)
def test_sanitizers_stay_silent(name):
    graph = BENCHES[name]()
    assert_clean(graph, random_inputs(graph, seed=2))
