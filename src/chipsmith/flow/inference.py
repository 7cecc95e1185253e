"""Inferences of a network on a target: the author's arrays in, the author's arrays out, in the shape that they came."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor, count_clipped
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.host_latency import HostLatency
from chipsmith.profile.instruction_count import InstructionCount
from chipsmith.targets.inferences import split_inferences
from chipsmith.targets.target import CountedNetwork, PreparedNetwork, TimedNetwork
from chipsmith.tosa.graph import Array
from chipsmith.tosa.index_ranges import find_stray_indices


@dataclass(frozen=True, kw_only=True)
class Inferences:
    """One array for each of the author's inputs: `count` inferences, joined along axis 0 as PreparedNetwork.run asks.

    `stacked`: they came with an axis of their own that counts inferences, and so the outputs get one.
    """

    arrays: tuple[Array, ...]
    count: int
    stacked: bool


@dataclass(frozen=True, kw_only=True)
class _GivenInput:
    """What was given for one input; `count` inferences in it."""

    array: Array
    count: int
    stacked: bool


def infer_outputs(network: QuantizedNetwork, prepared: PreparedNetwork, inferences: Inferences) -> dict[str, Array]:
    """The outputs by the author's names, in the author's order, layout and types.

    They lie as the inputs did: with an axis before the network's own that counts inferences, joined along its first
    axis, or of one inference alone. Raises as PreparedNetwork.run.
    """
    return _name_outputs(network, prepared.run(*inferences.arrays), inferences)


def describe_stray_indices(network: QuantizedNetwork, inferences: Inferences) -> tuple[str, ...]:
    """A sentence for each operator whose table has no row for an index of the inputs. Raises as quantize_inputs."""
    integers = network.quantize_inputs(*inferences.arrays)
    shapes = {name: network.graph.tensor(name).shape for name in integers}
    return tuple(map(str, find_stray_indices(network.graph, split_inferences(integers, shapes))))


def describe_clipped(network: QuantizedNetwork, inferences: Inferences) -> tuple[str, ...]:
    """A sentence for each of the author's inputs with values beyond what its integers stand for."""
    lines = []
    for binding in network.inputs:
        array, tensor = inferences.arrays[binding.position], network.graph.tensor(binding.tensor)
        if clipped := count_clipped(array, binding, tensor):
            name = network.author_inputs[binding.position].name
            lines.append(f"input {name}: {clipped:,} of {array.size:,} values are beyond its range and are cut off")
    return tuple(lines)


def infer_counted(
    network: QuantizedNetwork, prepared: CountedNetwork, inferences: Inferences
) -> tuple[dict[str, Array], InstructionCount]:
    """As infer_outputs, with the instructions that the inferences took. Raises as CountedNetwork.run_counted."""
    outputs, counted = prepared.run_counted(*inferences.arrays)
    return _name_outputs(network, outputs, inferences), counted


def _name_outputs(network: QuantizedNetwork, outputs: Sequence[Array], inferences: Inferences) -> dict[str, Array]:
    pairs = zip(network.author_outputs, outputs, strict=True)
    return {tensor.name: _lay_out(array, tensor, inferences) for tensor, array in pairs}


def time_inferences(prepared: PreparedNetwork, inferences: Inferences, *, target: str, count: int) -> HostLatency:
    """The wall time of so many warm inferences of the first input. Raises as TimedNetwork.time.

    Raises BadInput too where the target is not timed by this computer's clock.
    """
    if isinstance(prepared, CountedNetwork):
        raise BadInput("an emulated board has instructions and no time: give --time or --board, not both")
    if not isinstance(prepared, TimedNetwork):
        raise BadInput(
            f"target {target} is not timed by this computer's clock: cpu, torch, cuda and c are; `chipsmith estimate` "
            "says how long an inference takes on a chip"
        )
    return prepared.time(*inferences.arrays, inferences=count)


def _lay_out(array: Array, tensor: AuthorTensor, inferences: Inferences) -> Array:
    if inferences.stacked and tensor.shape:
        return array.reshape(inferences.count, -1, *array.shape[1:])
    single = not tensor.shape and inferences.count == 1 and not inferences.stacked
    return array.reshape(()) if single else array


def arrange_inputs(network: QuantizedNetwork, given: Array | Mapping[str, Array]) -> Inferences:
    """Inferences of what a user gives: one array, or arrays by the author's names.

    Of a network that takes [b, ...] an array is (n, b, ...), n inferences; (n x b, ...), the same joined; or, where b
    is 1, (...), one inference. Raises BadInput where names, shapes, types or numbers of inferences do not fit.
    """
    named = _name_inputs(network, given)
    columns = [_arrange(named[tensor.name], tensor) for tensor in network.author_inputs]
    counts = {tensor.name: column.count for tensor, column in zip(network.author_inputs, columns, strict=True)}
    if len(set(counts.values())) != 1:
        texts = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise BadInput(f"the inputs hold different numbers of inferences: {texts}; give each the same number")
    return Inferences(
        arrays=tuple(column.array for column in columns),
        count=columns[0].count,
        stacked=any(column.stacked for column in columns),
    )


def _name_inputs(network: QuantizedNetwork, given: Array | Mapping[str, Array]) -> Mapping[str, Array]:
    names = network.input_names
    if not isinstance(given, Mapping):
        if len(names) != 1:
            raise BadInput(
                f"'{network.graph.name}' has the inputs {', '.join(names)}: give an .npz keyed by these names"
            )
        return {names[0]: given}
    if set(given) != set(names):
        raise BadInput(
            f"the inputs of '{network.graph.name}' are {', '.join(names)}, and {', '.join(given) or 'none'} is given"
        )
    return given


def _arrange(array: Array, tensor: AuthorTensor) -> _GivenInput:
    values = _cast(array, tensor)
    shape, own = array.shape, tensor.shape
    if own and own[0] == 1 and shape == own[1:]:
        return _GivenInput(array=values.reshape(own), count=1, stacked=False)
    if own and len(shape) == len(own) + 1 and shape[1:] == own and shape[0]:
        return _GivenInput(array=values.reshape(-1, *own[1:]), count=shape[0], stacked=True)
    if shape == own:
        return _GivenInput(array=np.atleast_1d(values), count=1, stacked=False)
    first, rest = (own[0], own[1:]) if own else (1, ())
    if len(shape) == max(len(own), 1) and shape[1:] == rest and shape[0] and shape[0] % first == 0:
        return _GivenInput(array=values, count=shape[0] // first, stacked=False)
    raise BadInput(
        f"input {tensor.name} has the shape {list(shape)}; an inference takes {list(own)}, and n of them "
        f"{_show_shapes(own)}"
    )


def _show_shapes(own: Sequence[int]) -> str:
    if not own:
        return "[n]"
    joined = ", ".join(map(str, ("n" if own[0] == 1 else f"n x {own[0]}", *own[1:])))
    return f"[{', '.join(map(str, ('n', *own)))}] or [{joined}]"


def _cast(array: Array, tensor: AuthorTensor) -> Array:
    """The array in the author's type, if that holds all of its values."""
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise BadInput(f"input {tensor.name} holds values that are not numbers (NaN)")
    if array.dtype.kind in "iu" and tensor.dtype.kind in "iu":
        taken = _fits(array, tensor.dtype)
    else:
        taken = np.can_cast(array.dtype, tensor.dtype, "same_kind")
    if taken:
        return array.astype(tensor.dtype)
    raise BadInput(f"input {tensor.name} is {tensor.dtype}, and {array.dtype}{_show_range(array)} is given")


def _fits(array: Array, dtype: np.dtype[np.generic]) -> bool:
    limits = np.iinfo(str(dtype))
    low, high = _range(array)
    return limits.min <= low and high <= limits.max


def _range(array: Array) -> tuple[float, float]:
    return (array.min(), array.max()) if array.size else (math.inf, -math.inf)


def _show_range(array: Array) -> str:
    if not array.size or array.dtype.kind not in "iuf":
        return ""
    return " from {} to {}".format(*_range(array))
