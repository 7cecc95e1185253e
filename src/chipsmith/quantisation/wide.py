"""Activations of 16 bits by the names that an author has for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from chipsmith.errors import BadInput
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.wiring import Wiring
from chipsmith.suggest import nearest_name


def find_wide(network: FloatNetwork, names: Iterable[str], points: Collection[str]) -> frozenset[str]:
    """The rounded tensors that names stand for: a tensor, an input, or an operator of the author's.

    An operator stands for the tensor that rounds its result: its own, or that of a limit or order of elements behind
    it. Raises BadInput for a name that stands for none.
    """
    wiring = Wiring(graph=network.graph)
    return frozenset(name for wanted in names for name in _resolve(network, wiring, wanted, points))


def _resolve(network: FloatNetwork, wiring: Wiring, wanted: str, points: Collection[str]) -> Iterator[str]:
    tensors = list(_tensors_of(network, wanted))
    resolved = {name for tensor in tensors if (name := _follow_to_point(wiring, tensor, points)) is not None}
    if not resolved:
        nearest = nearest_name(wanted, [*points, *(layer.name for layer in network.layers)])
        meant = f"; did you mean '{nearest}'?" if nearest else ""
        raise BadInput(f"no rounded tensor or operator is called '{wanted}'{meant}")
    yield from resolved


def _tensors_of(network: FloatNetwork, wanted: str) -> Iterator[str]:
    if wanted in network.graph.tensors:
        yield wanted
    yield from (layer.tensor for layer in network.layers if wanted in (layer.name, layer.source))
    own = [operator for operator in network.graph.operators if _is_of(network.origins.get(operator.name, ""), wanted)]
    yield from own[-1].outputs if own else ()


def _is_of(origin: str, wanted: str) -> bool:
    """Whether an author's name is the wanted one, or that of a part of the wanted module."""
    return origin == wanted or origin.startswith(f"{wanted}.")


def _follow_to_point(wiring: Wiring, name: str, points: Collection[str]) -> str | None:
    while name not in points:
        reader = wiring.only_reader(name)
        if reader is None:
            return None
        name = reader.outputs[0]
    return name
