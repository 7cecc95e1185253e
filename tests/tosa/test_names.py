"""Renamed tensors keep the graph whole."""

from __future__ import annotations

from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.tosa.names import rename_tensors


def graph():
    names = ("placeholder_1", "middle", "x", "result")
    return Graph(
        name="net",
        tensors={name: Tensor(name=name, shape=(2,), dtype=DType.INT8) for name in names},
        operators=(
            Operator(kind="ABS", name="middle", inputs=("placeholder_1",), outputs=("middle",)),
            Operator(kind="ADD", name="result", inputs=("middle", "x"), outputs=("result",)),
        ),
        constants={"x": [1, 2]},
        inputs=("placeholder_1",),
        outputs=("result",),
    )


def test_ends_are_renamed_everywhere():
    renamed = rename_tensors(graph(), {"placeholder_1": "image", "result": "output"})
    assert (renamed.inputs, renamed.outputs) == (("image",), ("output",))
    assert [op.inputs for op in renamed.operators] == [("image",), ("middle", "x")]
    assert [op.name for op in renamed.operators] == ["middle", "output"]
    assert {name: tensor.name for name, tensor in renamed.tensors.items()} == {
        name: name for name in ("image", "middle", "x", "output")
    }


def test_name_that_is_taken_gets_a_mark():
    renamed = rename_tensors(graph(), {"placeholder_1": "x", "result": "result"})
    assert (renamed.inputs, renamed.outputs) == (("x'",), ("result",))
    assert set(renamed.constants) == {"x"}
