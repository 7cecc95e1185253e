"""Where the weights of a smaller network are in a supernet's: a slice of the parameter of the same name.

Kernels are cut from the middle of larger ones (H. Cai et al.: Once-for-all, ICLR 2020, takes them there too), channels
where the family has them. A network's buffers, the statistics of its batch normalisation, are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.learn.elastic.families import ElasticFamily, elastic_family
from chipsmith.learn.elastic.space import ElasticSpace, ElasticValues
from chipsmith.learn.networks import Network

if TYPE_CHECKING:
    import torch

    from chipsmith.learn.tensor_files import Tensors

_SPATIAL_AXIS = 2
"""Weights are (outputs, inputs, height, width): from here on axes are a kernel's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SharedNetwork:
    """A smaller network: an ordinary module of its settings, and where its weights are in the supernet's."""

    module: torch.nn.Module
    shared_names: Mapping[str, str]
    network: Network

    def slices(self, tensors: Mapping[str, torch.Tensor]) -> Tensors:
        """The parameters by their names in `module`, as views of the supernet's; gradients go through."""
        family = elastic_family(self.network)
        return {
            name: _slice(tensors[self.shared_names[name]], tuple(parameter.shape), family)
            for name, parameter in self.module.named_parameters()
        }


def share_network(
    space: ElasticSpace, values: ElasticValues, *, input_shape: tuple[int, ...], outputs: int
) -> SharedNetwork:
    """The network of a combination, with fresh weights, and the names of those that it shares.

    Draws from torch's global generator, as Network.build.
    """
    network, largest = space.settings(values), space.settings(space.largest)
    family = elastic_family(network)
    module = network.build(input_shape=input_shape, outputs=outputs)
    names = {name: family.shared_name(name, network, largest) for name, _ in module.named_parameters()}
    return SharedNetwork(module=module, shared_names=names, network=network)


def add_own_weights(
    module: torch.nn.Module, space: ElasticSpace, *, input_shape: tuple[int, ...], outputs: int
) -> None:
    """Give the largest network what smaller ones cannot take from it: the first dense layer of each depth of a Cnn.

    Such a parameter is as large as the widest network with the largest kernel needs it. Draws from torch's generator.
    """
    from torch import nn

    shared = dict(module.named_parameters())
    depths = next((parameter.values for parameter in space.parameters if parameter.name == "depth"), ())
    for depth in depths:
        part = share_network(space, {**space.largest, "depth": depth}, input_shape=input_shape, outputs=outputs)
        for name, parameter in part.module.named_parameters():
            own = part.shared_names[name]
            if own not in shared:
                module.register_parameter(own, nn.Parameter(parameter.detach().clone()))


def _slice(whole: torch.Tensor, shape: tuple[int, ...], family: ElasticFamily) -> torch.Tensor:
    part = whole
    for axis, size in enumerate(shape):
        start = (
            family.first_channel(whole.shape[axis], size) if axis < _SPATIAL_AXIS else (whole.shape[axis] - size) // 2
        )
        part = part.narrow(axis, start, size)
    return part
