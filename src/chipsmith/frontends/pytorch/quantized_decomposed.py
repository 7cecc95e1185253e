"""Operators by which PT2E rounds tensors, in float: the plan has what each rounds to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chipsmith.frontends.forms.values import GraphValue
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler

QUANTIZE = "quantized_decomposed.quantize_per_tensor"
DEQUANTIZE = "quantized_decomposed.dequantize_per_tensor"
DEQUANTIZE_CHANNELS = "quantized_decomposed.dequantize_per_channel"


def round_tensor(call: AtenCall) -> GraphValue:
    """A tensor of its own, which the plan rounds."""
    value = call.computed("input")
    return replace(value, tensor=call.build.unary("IDENTITY", value.tensor))


def pass_rounded(call: AtenCall) -> GraphValue:
    """The reals that the integers of a rounded tensor stand for: that tensor."""
    return call.computed("input")


HANDLERS: Mapping[str, AtenHandler] = {QUANTIZE: round_tensor, DEQUANTIZE: pass_rounded}
