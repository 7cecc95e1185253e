"""The epilogue of a tensor chain: its fields of TENSOR, and the records of its output channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chipsmith.compiler.fuse.chains import IntArray, ResidualAdd, TensorChain
from chipsmith.compiler.fuse.graph_index import GraphIndex
from chipsmith.program.instructions import ChannelRecord, TensorInstruction, Type
from chipsmith.program.records import PER_CHANNEL_RECORD
from chipsmith.tosa.graph import Array


def epilogue_template(chain: TensorChain, index: GraphIndex, o_type: Type) -> TensorInstruction:
    """TENSOR with the fields that say what becomes of an accumulator, but for its records."""
    anchor, out = chain.anchor, chain.out
    zero_points = anchor.inputs[2:4] if anchor.kind == "MATMUL" else anchor.inputs[3:5]
    a_zero_point, w_zero_point = (index.zero_point(name) for name in zero_points)
    template = TensorInstruction(a_zero_point=a_zero_point, w_zero_point=w_zero_point, o_type=o_type)
    if chain.scale is not None:
        template = replace(
            template,
            requantise=chain.scale.rounding,
            multiplier=int(chain.scale.multiplier[0]) if chain.scale.uniform else 0,
            shift=int(chain.scale.shift[0]) if chain.scale.uniform else 0,
            o_zero_point=out.zero_point,
            clamp_min=out.clamp_min,
            clamp_max=out.clamp_max,
        )
    return template if chain.residual is None else _with_residual(template, chain.residual)


def channel_records(chain: TensorChain, index: GraphIndex, channels: int) -> tuple[ChannelRecord, Array]:
    """The kind of record that a chain needs and the records of all its output channels.

    They are empty for NONE, and where the bias is no constant, which then is the BIAS records itself.
    """
    bias = _bias(chain, index, channels)
    if bias is None:
        return ChannelRecord.BIAS, np.zeros(0, "<i4")
    if chain.scale is not None and not chain.scale.uniform:
        records = np.zeros(channels, PER_CHANNEL_RECORD)
        records["bias"] = bias
        records["multiplier"] = chain.scale.multiplier
        records["shift"] = chain.scale.shift
        return ChannelRecord.PER_CHANNEL, records
    if not bias.any():
        return ChannelRecord.NONE, np.zeros(0, "<i4")
    return ChannelRecord.BIAS, bias.astype("<i4")


def _bias(chain: TensorChain, index: GraphIndex, channels: int) -> IntArray | None:
    if chain.anchor.kind == "MATMUL":
        return np.zeros(channels, np.int64)
    data = index.graph.constant(chain.anchor.inputs[2])
    if data is None:
        return None
    return np.broadcast_to(np.asarray(data, np.int64), (channels,))


def _with_residual(template: TensorInstruction, residual: ResidualAdd) -> TensorInstruction:
    accumulator, other, out = residual.accumulator, residual.residual, residual.out
    return replace(
        template,
        residual=1,
        acc_zero_point=accumulator.zero_point,
        acc_left_shift=accumulator.left_shift,
        acc_rounding=accumulator.scale.rounding,
        acc_multiplier=accumulator.scale.multiplier,
        acc_shift=accumulator.scale.shift,
        res_zero_point=other.zero_point,
        res_left_shift=other.left_shift,
        res_rounding=other.scale.rounding,
        res_multiplier=other.scale.multiplier,
        res_shift=other.scale.shift,
        sum_rounding=out.scale.rounding,
        sum_multiplier=out.scale.multiplier,
        sum_shift=out.scale.shift,
        sum_zero_point=out.zero_point,
        sum_clamp_min=out.clamp_min,
        sum_clamp_max=out.clamp_max,
    )
