"""Bias correction: what rounded weights add to a product on average is taken from its bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.channels import ChannelStatistics
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import QuantisationPlan, Reals
from chipsmith.quantisation.rounding import round_constant
from chipsmith.quantisation.weights import convolution_weights, symmetric_scales
from chipsmith.tosa.graph import Operator


def correct_bias(
    network: FloatNetwork, plan: QuantisationPlan, channels: Mapping[str, ChannelStatistics]
) -> FloatNetwork:
    """The network whose biases make good for the rounding of weights under a plan.

    `channels` has the statistics of the tensors that convolutions read, over the calibration.
    """
    graph = network.graph
    tensors, constants = dict(graph.tensors), dict(graph.constants)
    operators = {operator.name: operator for operator in graph.operators}
    for operator, axis in convolution_weights(graph):
        weights, bias = (np.asarray(graph.constants[operator.inputs[i]], np.float32) for i in (1, 2))
        planned = plan.tensors.get(operator.inputs[1]) or symmetric_scales(weights, axis)
        error = _mean_error(operator, round_constant(weights, planned) - weights, channels[operator.inputs[0]].mean)
        name = f"{operator.inputs[2]} of {operator.name}"
        constants[name] = np.asarray(bias - error, np.float32)
        tensors[name] = replace(tensors[operator.inputs[2]], name=name, shape=constants[name].shape)
        operators[operator.name] = replace(operator, inputs=(*operator.inputs[:2], name, *operator.inputs[3:]))
    corrected = replace(graph, tensors=tensors, constants=constants, operators=tuple(operators.values()))
    return replace(network, graph=corrected)


def _mean_error(operator: Operator, error: npt.NDArray[np.float32], means: Reals) -> Reals:
    """The mean by channel of a convolution with the error of its weights; padding counts as the mean too."""
    if operator.kind == "DEPTHWISE_CONV2D":
        return np.multiply(error.sum(axis=(0, 1)), means[:, None]).reshape(-1)
    return np.asarray(error.reshape(len(error), -1, len(means)).sum(axis=1) @ means)
