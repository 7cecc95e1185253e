"""Lowering of vector chains: in one kernel where one will do, long reductions and wide poolings in several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from chipsmith.compiler.fuse.chains import VectorChain
from chipsmith.compiler.fuse.graph_index import integers
from chipsmith.compiler.fuse.operators import POOLS
from chipsmith.compiler.lower.column_stripes import ColumnStripe, cut_columns
from chipsmith.compiler.lower.kernel import UnplacedInstruction
from chipsmith.compiler.lower.kernel_writer import KernelWriter
from chipsmith.compiler.lower.reductions import is_long_reduction, reduce_chain
from chipsmith.compiler.lower.vector import chain_views, chain_ways, lower_vector, pick_ways
from chipsmith.compiler.lower.view import View
from chipsmith.tosa.graph import Operator


def lower_vector_chain(chain: VectorChain, writer: KernelWriter) -> None:
    """Emit the kernels of a chain of the vector engine, and the copies that they need."""
    if is_long_reduction(chain, writer.view, writer.chip):
        writer.emit_stages(chain, reduce_chain(chain, writer.context(chain)))
    elif chain.core is not None and chain.core.kind in POOLS:
        _lower_pool(chain, chain.core, writer)
    else:
        writer.emit(chain, _lower_elements(chain, writer))


def _lower_elements(chain: VectorChain, writer: KernelWriter) -> tuple[UnplacedInstruction, ...]:
    views = chain_views(chain, writer.view)
    return pick_ways(writer.memo.recall((chain.output, *views), lambda: chain_ways(chain, *views)), writer.chip)


def _lower_pool(chain: VectorChain, core: Operator, writer: KernelWriter) -> None:
    """A pooling in stripes of columns, one where its input is not wide."""
    a, o = writer.view(chain.a.tensor), writer.view(chain.output)
    top, bottom, _, right = integers(core, "pad")
    stripes = _stripes(core, a, o, writer)
    for number, stripe in enumerate(stripes):
        source = a
        if len(stripes) > 1:
            columns = a.every(2, first=stripe.low, count=stripe.high - stripe.low)
            source = writer.copy_view(f"{chain.a.tensor}.{number}", columns)
        views = {chain.a.tensor: source, chain.output: o.every(2, first=stripe.first, count=stripe.count)}
        striped = replace(core, attributes={**core.attributes, "pad": (top, bottom, stripe.pad, right)})
        writer.emit(chain, lower_vector(replace(chain, core=striped), partial(_view_among, views, writer), writer.chip))


def _view_among(views: Mapping[str, View], writer: KernelWriter, tensor: str) -> View:
    """Where a tensor stands, if it is not among those that stand elsewhere."""
    return views.get(tensor) or writer.view(tensor)


def _stripes(core: Operator, a: View, o: View, writer: KernelWriter) -> list[ColumnStripe]:
    kernel_y, kernel_x = integers(core, "kernel")
    return cut_columns(
        a,
        axis=2,
        outputs=o.shape[2],
        kernel=kernel_x,
        stride=integers(core, "stride")[1],
        dilation=1,
        pad=integers(core, "pad")[2],
        reach_bytes=(kernel_y - 1) * abs(a.strides[1]),
        chip=writer.chip,
    )
