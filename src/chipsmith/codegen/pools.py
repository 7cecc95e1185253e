"""AVG_POOL2D and MAX_POOL2D: calls of the library's kernels, with the sizes in constant structures."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout
from chipsmith.codegen.unit import Unit
from chipsmith.codegen.views import pixel_steps
from chipsmith.tosa.graph import Operator
from chipsmith.tosa.operators.pooling import pooling_window
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of

POOLS = ("AVG_POOL2D", "MAX_POOL2D")


def pool_step(layout: GraphLayout, operator: Operator) -> CStep:
    """The step of an AVG_POOL2D or MAX_POOL2D."""

    def write(unit: Unit, _: int | None) -> str:
        sizes = unit.add_structure("pool", "pool", _pool_fields(operation_of(layout.graph, operator), layout))
        function = "average_pool" if operator.kind == "AVG_POOL2D" else "maximum_pool"
        return f"{function}(&{sizes}, {unit.pointer(operator.inputs[0])}, {unit.pointer(operator.outputs[0])});"

    return CStep(operators=(operator,), reads=layout.computed(operator.inputs), writes=operator.outputs, write=write)


def _pool_fields(operation: Operation, layout: GraphLayout) -> Mapping[str, int | str]:
    images, height, width, channels = operation.shape("input")
    _, out_height, out_width, _ = operation.output.shape
    window = pooling_window(operation)
    average = operation.operator.kind == "AVG_POOL2D"
    return {
        "images": images,
        "height": height,
        "width": width,
        "channels": channels,
        "out_height": out_height,
        "out_width": out_width,
        "kernel_height": window.kernel[0],
        "kernel_width": window.kernel[1],
        "stride_y": window.stride[0],
        "stride_x": window.stride[1],
        "top": window.padding[0][0],
        "left": window.padding[1][0],
        **pixel_steps(layout.view(operation.inputs[0].name)),
        "input_zero": operation.value("input_zp") if average else 0,
        "output_zero": operation.value("output_zp") if average else 0,
    }
