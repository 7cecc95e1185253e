"""Operators are brought into an order in which each input is ready, and otherwise stay in theirs."""

from __future__ import annotations

import numpy as np

from chipsmith.tosa.graph import Operator
from chipsmith.tosa.order import sort_operators


def operator(name: str, *inputs: str) -> Operator:
    return Operator(kind="CONCAT", name=name, inputs=inputs, outputs=(name,))


def test_readers_come_behind_what_they_read():
    given = [operator("c", "b", "a"), operator("d", "x"), operator("b", "a"), operator("a", "x", "x")]
    assert [op.name for op in sort_operators(given)] == ["d", "a", "b", "c"]


def test_an_order_that_is_right_stays():
    chain = [operator(f"{index}", f"{max(index - 2, 0)}x" if index < 2 else f"{index - 2}") for index in range(20)]
    assert sort_operators(chain) == tuple(chain)


def test_any_order_of_a_random_graph():
    random = np.random.default_rng(0)
    given = [
        operator(f"{index}", *(f"{random.integers(index)}" for _ in range(3 * bool(index)))) for index in range(40)
    ]
    shuffled = sort_operators([given[place] for place in random.permutation(40)])
    ready: set[str] = set()
    for op in shuffled:
        assert ready.issuperset(op.inputs)
        ready.update(op.outputs)
    assert len(ready) == 40
