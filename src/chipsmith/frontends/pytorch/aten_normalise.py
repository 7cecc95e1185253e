"""Handlers of softmax and of normalisations."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from chipsmith.frontends.forms.normalise import (
    log_softmax,
    normalise_groups,
    scale_and_shift,
    scale_by_root_mean_square,
    softmax,
    standardise,
)
from chipsmith.frontends.forms.operands import reshape_operand
from chipsmith.frontends.forms.values import Const, GraphValue, Value
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler
from chipsmith.quantisation.plan import Reals


def soft_maximum(call: AtenCall) -> GraphValue:
    """Exponentials that sum to 1 along an axis."""
    value = call.computed("self")
    return softmax(call.build, value, call.axis("dim", len(value.shape)))


def log_soft_maximum(call: AtenCall) -> GraphValue:
    """The logarithm of soft_maximum."""
    value = call.computed("self")
    return log_softmax(call.build, value, call.axis("dim", len(value.shape)))


def layer_norm(call: AtenCall) -> GraphValue:
    """Standardised over the last axes, with a gain and a bias of their shape."""
    value = call.computed("input")
    axes = _last_axes(call, value)
    normal = standardise(call.build, value, axes, epsilon=call.number("eps"))
    return scale_and_shift(call.build, normal, call.optional("weight"), call.optional("bias"))


def native_layer_norm(call: AtenCall) -> tuple[GraphValue, None, None]:
    """layer_norm, without its means and deviations."""
    return layer_norm(call), None, None


def rms_norm(call: AtenCall) -> GraphValue:
    """Divided by the root of the mean square over the last axes, with a gain."""
    value = call.computed("input")
    epsilon = call.number("eps") if call.has("eps") else _smallest_step(call)
    normal = scale_by_root_mean_square(call.build, value, _last_axes(call, value), epsilon=epsilon)
    return scale_and_shift(call.build, normal, call.optional("weight"), None)


def _smallest_step(call: AtenCall) -> float:
    import torch

    return float(torch.finfo(call.results[0].dtype).eps)


def _last_axes(call: AtenCall, value: GraphValue) -> tuple[int, ...]:
    rank = len(value.shape)
    return tuple(range(rank - len(call.integers("normalized_shape")), rank))


def batch_norm(call: AtenCall) -> GraphValue:
    """A gain and a bias for each channel, from the means and variances that the module keeps; else of this batch."""
    value = call.computed("input")
    rank = len(value.shape)
    training = any(call.flag(name) for name in ("training", "use_input_stats"))
    if training or not call.has("running_mean"):
        own_axes = range(2, rank) if call.operator == "instance_norm" else (0, *range(2, rank))
        value = standardise(call.build, value, tuple(own_axes), epsilon=call.number("eps"))
        return scale_and_shift(call.build, value, _by_channel(call, "weight", rank), _by_channel(call, "bias", rank))
    gain, bias = _fold_statistics(call)
    shape = (-1, *(1,) * (rank - 2))
    return scale_and_shift(call.build, value, Const(values=gain.reshape(shape)), Const(values=bias.reshape(shape)))


def native_batch_norm(call: AtenCall) -> tuple[GraphValue, None, None]:
    """batch_norm, without its means and deviations."""
    return batch_norm(call), None, None


def _fold_statistics(call: AtenCall) -> tuple[Reals, Reals]:
    mean, variance = (call.constant(name).astype(np.float64) for name in ("running_mean", "running_var"))
    weight = call.constant("weight").astype(np.float64) if call.has("weight") else np.ones_like(mean)
    bias = call.constant("bias").astype(np.float64) if call.has("bias") else np.zeros_like(mean)
    gain = weight / np.sqrt(variance + call.number("eps"))
    return gain, bias - mean * gain


def _by_channel(call: AtenCall, operand: str, rank: int) -> Value | None:
    """A value for each channel, so that it broadcasts over (N, C, spatial axes)."""
    value = call.optional(operand)
    return None if value is None else reshape_operand(call.build, value, (math.prod(value.shape), *(1,) * (rank - 2)))


def group_norm(call: AtenCall) -> GraphValue:
    """Standardised over groups of channels and the spatial axes, with a gain and a bias for each channel."""
    value = call.computed("input")
    rank = len(value.shape)
    groups = call.integer("num_groups" if "num_groups" in call.operands else "group")
    normal = normalise_groups(call.build, value, groups, epsilon=call.number("eps"))
    return scale_and_shift(call.build, normal, _by_channel(call, "weight", rank), _by_channel(call, "bias", rank))


def native_group_norm(call: AtenCall) -> tuple[GraphValue, None, None]:
    """group_norm, without its means and deviations."""
    return group_norm(call), None, None


HANDLERS: Mapping[str, AtenHandler] = {
    "softmax": soft_maximum,
    "_softmax": soft_maximum,
    "_safe_softmax": soft_maximum,
    "log_softmax": log_soft_maximum,
    "_log_softmax": log_soft_maximum,
    "layer_norm": layer_norm,
    "native_layer_norm": native_layer_norm,
    "rms_norm": rms_norm,
    "batch_norm": batch_norm,
    "instance_norm": batch_norm,
    "_native_batch_norm_legit_no_training": native_batch_norm,
    "group_norm": group_norm,
    "native_group_norm": native_group_norm,
}
