"""GATHER, SCATTER and RESIZE: elements moved by computed indices or by positions between pixels."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout
from chipsmith.codegen.unit import Unit
from chipsmith.tosa.graph import Graph, Operator
from chipsmith.tosa.operators.image import resize_axes
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of

INDEXING = ("GATHER", "SCATTER", "RESIZE")


def indexing_step(layout: GraphLayout, operator: Operator) -> CStep:
    """The step of an operator of INDEXING."""
    write = {"GATHER": _write_gather, "SCATTER": _write_scatter, "RESIZE": _write_resize}[operator.kind]
    return CStep(
        operators=(operator,),
        reads=layout.computed(operator.inputs),
        writes=operator.outputs,
        write=lambda unit, _: write(layout.graph, operator, unit),
        in_place=operator.inputs[:1] if operator.kind == "SCATTER" and _is_alone(layout, operator) else (),
    )


def _is_alone(layout: GraphLayout, operator: Operator) -> bool:
    """Whether the first operand is all of its root, and no other operand is a part of it."""
    table, *others = operator.inputs
    root = layout.root(table)
    whole = layout.graph.tensor(root).elements == layout.graph.tensor(table).elements
    return whole and all(layout.root(name) != root for name in others)


def _write_gather(graph: Graph, operator: Operator, unit: Unit) -> str:
    table, indices = (unit.pointer(name) for name in operator.inputs)
    sizes = _row_sizes(graph, operator.inputs[0], operator.inputs[1])
    return f"gather_rows({table}, {indices}, {unit.pointer(operator.outputs[0])}, {sizes});"


def _write_scatter(graph: Graph, operator: Operator, unit: Unit) -> str:
    table, indices, source = (unit.pointer(name) for name in operator.inputs)
    target = unit.pointer(operator.outputs[0])
    sizes = _row_sizes(graph, operator.inputs[0], operator.inputs[1])
    scatter = f"scatter_rows({source}, {indices}, {target}, {sizes});"
    if table == target:
        return scatter
    return f"memcpy({target}, {table}, {graph.tensor(operator.inputs[0]).size_bytes});\n{scatter}"


def _row_sizes(graph: Graph, table: str, indices: str) -> str:
    tensor = graph.tensor(table)
    batch, rows, channels = tensor.shape
    return f"{batch}, {rows}, {graph.tensor(indices).shape[1]}, {channels * tensor.dtype.size_bytes}"


def _write_resize(graph: Graph, operator: Operator, unit: Unit) -> str:
    operation = operation_of(graph, operator)
    sizes = unit.add_structure("resizing", "resizing", _resize_fields(operation))
    function = "resize_bilinear" if operation.name("mode") == "BILINEAR" else "resize_nearest"
    image = unit.pointer(operator.inputs[0])
    return f"{function}(&{sizes}, {image}, {unit.pointer(operator.outputs[0])});"


def _resize_fields(operation: Operation) -> Mapping[str, int | str]:
    images, height, width, channels = operation.shape("input")
    y, x = resize_axes(operation)
    return {
        "images": images,
        "height": height,
        "width": width,
        "channels": channels,
        "out_height": operation.output.shape[1],
        "out_width": operation.output.shape[2],
        "numerator_y": y.numerator,
        "denominator_y": y.denominator,
        "offset_y": y.offset,
        "numerator_x": x.numerator,
        "denominator_x": x.denominator,
        "offset_x": x.offset,
    }
