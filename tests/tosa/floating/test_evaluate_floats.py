"""Float graphs are evaluated chunk by chunk, with tensors kept, observed and changed."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.floating import evaluate
from chipsmith.tosa.floating.evaluate import evaluate_floats, observe
from chipsmith.tosa.graph import DType, Graph


def distance() -> Graph:
    """|x - 1|, and a constant as second output."""
    build = GraphBuilder()
    unit = build.constant([1.0], DType.FP32)
    build.scope = "difference"
    difference = build.binary("SUB", build.enter("x", (3,), DType.FP32), unit)
    return build.finish("distance", [build.unary("ABS", difference), unit])


X = np.array([[0.0, 1.0, 3.0], [-1.0, 0.5, 2.0]], np.float32)


def test_outputs_have_the_inferences_in_front():
    graph = distance()
    result = evaluate_floats(graph, {"x": X}, keep=[*graph.outputs, "x"])
    np.testing.assert_array_equal(result[graph.outputs[0]], np.abs(X - 1), strict=True)
    np.testing.assert_array_equal(result[graph.outputs[1]], np.ones((2, 1), np.float32), strict=True)
    np.testing.assert_array_equal(result["x"], X, strict=True)


def test_readers_see_changed_values():
    graph = distance()
    result = evaluate_floats(graph, {"x": X}, keep=graph.outputs, changes={"x": np.rint, "difference": np.negative})
    np.testing.assert_array_equal(result[graph.outputs[0]], np.abs(np.rint(X) - 1))


def test_chunks_together_hold_all_inferences(monkeypatch):
    monkeypatch.setattr(evaluate, "_CHUNK_ELEMENTS", 6)
    x = np.arange(15, dtype=np.float32).reshape(5, 3)
    seen: list[np.ndarray] = []
    observe(distance(), {"x": x}, observers={"difference": seen.append})
    assert [len(chunk) for chunk in seen] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(seen), x - 1)
    result = evaluate_floats(distance(), {"x": x}, keep=["difference"])["difference"]
    np.testing.assert_array_equal(result, x - 1)


def test_infinities_and_what_is_no_number_are_values():
    build = GraphBuilder()
    root = build.unary("LOG", build.enter("x", (3,), DType.FP32))
    result = evaluate_floats(build.finish("log", [root]), {"x": np.array([[0, -1, 1]], np.float32)}, keep=[root])
    np.testing.assert_array_equal(result[root], [[-np.inf, np.nan, 0]])


def test_a_wrong_shape_is_refused_by_name():
    build = GraphBuilder()
    build.scope = "sum"
    total = build.emit("REDUCE_SUM", [build.enter("x", (3,), DType.FP32)], (3,), DType.FP32, {"axis": 0})
    with pytest.raises(BadInput, match=r"REDUCE_SUM 'sum': gives float32\[1\] where float32\[3\] is declared"):
        evaluate_floats(build.finish("sum", [total]), {"x": X}, keep=[total])


def test_an_operator_without_a_meaning_is_refused_by_name():
    build = GraphBuilder()
    build.scope = "table"
    looked_up = build.unary("TABLE", build.enter("x", (3,), DType.FP32))
    with pytest.raises(OperatorRefused, match="TABLE 'table'"):
        evaluate_floats(build.finish("table", [looked_up]), {"x": X}, keep=[looked_up])
