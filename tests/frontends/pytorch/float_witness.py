"""Modules beside the float graphs that they become: the same numbers, to the rounding of float32."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch.utils._pytree import tree_leaves

from chipsmith.frontends.pytorch.exported import ModuleCall
from chipsmith.frontends.pytorch.network import read_module
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.verify import verify_structure


def float_network(module, *tensors, name="net", **named):
    """The float network of a module for example inputs."""
    call = ModuleCall(positional=tensors, named=named)
    return read_module(module, call, name=name).network


def evaluate(network, *tensors):
    """The network's outputs for the author's inputs of one call, in their order."""
    names = [entry.name for entry in network.inputs]
    values = {name: _enter(tensor)[None] for name, tensor in zip(names, tensors, strict=True)}
    wanted = {output.tensor for output in network.outputs if output.tensor is not None}
    computed = evaluate_floats(network.graph, values, keep=wanted - set(names))
    results = {
        **{name: array[0] for name, array in values.items()},
        **{key: value[0] for key, value in computed.items()},
    }
    return [output.constant if output.tensor is None else results[output.tensor] for output in network.outputs]


def _enter(tensor):
    array = tensor.float().numpy() if tensor.is_floating_point() else tensor.numpy()
    return array.astype(np.int32) if array.dtype.kind in "iu" else array


def check_module(module, *tensors, tolerance=1e-5, **named):
    """The float graph gives what the eager module gives; the float network, to be looked at further."""
    module = copy.deepcopy(module).eval()
    network = float_network(module, *tensors, **named)
    verify_structure(network.graph)
    with torch.no_grad():
        expected = module(
            *(tensor.clone() for tensor in tensors), **{key: value.clone() for key, value in named.items()}
        )
    expected = [leaf for leaf in tree_leaves(expected) if leaf is not None]
    outputs = evaluate(network, *tensors, *named.values())
    assert len(outputs) == len(expected)
    for output, leaf, entry in zip(outputs, expected, network.outputs, strict=True):
        right = leaf.to(torch.float64).numpy() if isinstance(leaf, torch.Tensor) else np.asarray(leaf)
        assert output.shape == right.shape
        assert str(entry.dtype) == (
            str(leaf.dtype).removeprefix("torch.") if isinstance(leaf, torch.Tensor) else entry.dtype
        )
        scale = max(1.0, float(np.abs(right[np.isfinite(right)]).max(initial=0)))
        np.testing.assert_allclose(output, right, rtol=tolerance, atol=tolerance * scale)
    return network
