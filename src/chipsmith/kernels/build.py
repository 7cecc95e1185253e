"""From a kind and its settings to a network: weights drawn, written in float32, its integers chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.values import natural_value, restore_order
from chipsmith.frontends.quantise import quantise_network
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.kernels.kind import KernelDraft, KernelInput, KernelKind, Reals, Weights, check_size
from chipsmith.kernels.parameters import KernelSettings, read_settings
from chipsmith.kernels.source import FloatInterpreter, export_onnx, make_eager
from chipsmith.quantisation.fold import fold_products
from chipsmith.quantisation.network import FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.quantisation.points import find_points
from chipsmith.quantisation.settings import QuantisationSettings, RangeMethod
from chipsmith.shown import Shown
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

_FEWEST_INFERENCES, _FEWEST_VALUES = 8, 4096
"""Of a calibration, whose least and greatest values are the ranges: inferences, and values of each input."""
_CALIBRATION_SEED = 1
_QUANTISATION = QuantisationSettings(
    method=RangeMethod.MINMAX, corrects_bias=False, equalises=False, target_db=-math.inf
)
"""Drawn values have no outliers, and a kernel keeps the widths that were asked for."""


class ActivationType(StrEnum):
    """What each rounded tensor is on the chip; weights are int8, and results that are kept as sums are int32."""

    INT8 = "int8"
    INT16 = "int16"


def read_activations(name: str) -> ActivationType:
    """The type of that name. Raises BadInput for another."""
    if name not in {*ActivationType}:
        raise BadInput(f"dtype is {' or '.join(ActivationType)}; '{name}' is given")
    return ActivationType(name)


@dataclass(frozen=True, kw_only=True)
class SingleKernel(Shown):
    """A kernel: its kind and settings, its weights by PyTorch's names, and its network, whose integers are chosen.

    `network.source` is the float network in Chipsmith's own interpreter.
    """

    kind: KernelKind
    settings: KernelSettings
    activations: ActivationType
    seed: int
    weights: Weights = field(repr=False)
    network: QuantizedNetwork = field(repr=False)

    def _brief(self) -> str:
        return f"{self.kind.name}, {self.activations}: {self.settings}"

    @property
    def inputs(self) -> tuple[KernelInput, ...]:
        """What it takes, in PyTorch's layout."""
        return self.kind.inputs(self.settings)

    def as_pytorch(self) -> QuantizedNetwork:
        """The network with PyTorch's own kernel as its source. PyTorch must be installed."""
        return replace(self.network, source=make_eager(self.kind, self.settings, self.weights, self.inputs))

    def as_onnx(self) -> QuantizedNetwork:
        """The network with the ONNX file that PyTorch writes of its kernel as its source; both must be installed."""
        return replace(self.network, source=export_onnx(self.kind, self.settings, self.weights, self.inputs))


def build_kernel(
    kind: KernelKind,
    given: Mapping[str, object],
    *,
    activations: ActivationType = ActivationType.INT8,
    seed: int = 0,
) -> SingleKernel:
    """The kernel of a kind with the parameters `given` by name, words or values; its weights are drawn by `seed`.

    Raises BadInput for parameters that the kind does not have or that do not fit, OperatorRefused for what has no
    integer form.
    """
    settings = read_settings(kind.name, kind.parameters, given)
    weights = dict(kind.draw(settings, np.random.default_rng(seed)))
    inputs = kind.inputs(settings)
    network = _write(kind, settings, weights, inputs)
    for tensor in network.graph.tensors.values():
        check_size(tensor.shape)
    wide = find_points(fold_products(network).graph).tensors if activations is ActivationType.INT16 else ()
    quantised = quantise_network(
        network,
        draw_calibration(inputs, seed=seed),
        source=FloatInterpreter(network=network),
        settings=replace(_QUANTISATION, wide=tuple(wide)),
    )
    return SingleKernel(
        kind=kind, settings=settings, activations=activations, seed=seed, weights=weights, network=quantised
    )


def draw_calibration(inputs: Sequence[KernelInput], *, seed: int) -> list[Reals]:
    """As many inferences of each input as choose its range."""
    fewest = min(math.prod(port.shape) for port in inputs)
    count = max(_FEWEST_INFERENCES, -(-_FEWEST_VALUES // fewest))
    return [draw_values(port, count, seed=seed + _CALIBRATION_SEED) for port in inputs]


def draw_values(port: KernelInput, count: int, *, seed: int) -> Reals:
    """So many inferences of an input along axis 0, in PyTorch's layout."""
    random = np.random.default_rng([seed, *port.name.encode()])
    shape = (count * port.shape[0], *port.shape[1:])
    values = random.uniform(-1, 1, shape) if port.bounded else random.normal(size=shape)
    return values.astype(np.float32)


def _write(
    kind: KernelKind, settings: KernelSettings, weights: Weights, inputs: tuple[KernelInput, ...]
) -> FloatNetwork:
    """The kernel in float32, with inputs and outputs in PyTorch's layout."""
    build = GraphBuilder(reserved=(port.name for port in inputs))
    build.scope = build.origin = kind.name
    values = tuple(natural_value(build, build.enter(port.name, port.shape, DType.FP32)) for port in inputs)
    results = kind.write(KernelDraft(settings=settings, weights=weights, build=build, inputs=values))
    tensors = [restore_order(build, value).tensor for value in results]
    names = ["output"] if len(tensors) == 1 else [f"output_{index}" for index in range(len(tensors))]
    pairs = zip(names, tensors, strict=True)
    graph = build.finish(kind.name, tensors)
    return FloatNetwork(
        graph=graph,
        inputs=tuple(NetworkInput(name=port.name, dtype=np.dtype(np.float32), shape=port.shape) for port in inputs),
        outputs=tuple(NetworkOutput(name=name, dtype=np.dtype(np.float32), tensor=tensor) for name, tensor in pairs),
        origins=build.origins,
    )
