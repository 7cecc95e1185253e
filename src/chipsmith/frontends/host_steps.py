"""What the host does around a graph, in words, for the placement table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from chipsmith.frontends.quantized_io import AuthorTensor, IoBinding, OutputBinding, PassedInput, StateBinding
from chipsmith.profile.profile import HostStep
from chipsmith.tosa.graph import Tensor


def list_host_steps(
    tensors: Mapping[str, Tensor],
    inputs: Sequence[IoBinding],
    outputs: Sequence[OutputBinding],
    author_inputs: Sequence[AuthorTensor],
    author_outputs: Sequence[AuthorTensor],
    states: Sequence[StateBinding] = (),
) -> tuple[HostStep, ...]:
    """The host's steps in order, each as often as it is done: each input's, each output's, each state's.

    `tensors` are the graph's, by name.
    """
    before = [step for each in inputs for step in _list_input_steps(tensors, each, author_inputs[each.position])]
    after = [
        step
        for each in outputs
        for step in _list_output_steps(tensors, each, author_inputs, author_outputs[each.position])
    ]
    kept = [HostStep(name=f"keep {each.before}", when="after", reason=_describe_state(each)) for each in states]
    return tuple(dict.fromkeys((*before, *after, *kept)))


def _describe_state(state: StateBinding) -> str:
    return f"what {state.after} is becomes {state.before} of the next inference"


def _name_type(tensors: Mapping[str, Tensor], name: str) -> str:
    return tensors[name].dtype.name.lower()


def _list_input_steps(tensors: Mapping[str, Tensor], binding: IoBinding, author: AuthorTensor) -> Iterator[HostStep]:
    integers = _name_type(tensors, binding.tensor)
    if binding.scale is not None:
        reason = f"{author.dtype} to {integers}: rint(x / {binding.scale:.6g}) + {binding.zero_point}"
        yield HostStep(name=f"quantize {binding.tensor}", when="before", reason=reason)
    elif binding.zero_point:
        reason = f"{author.dtype} to {integers}: x + {binding.zero_point}"
        yield HostStep(name=f"shift {binding.tensor}", when="before", reason=reason)
    if binding.moves_axes:
        reason = f"the network's axes in the order {list(binding.axes)}, as the chip reads them"
        yield HostStep(name=f"transpose {binding.tensor}", when="before", reason=reason)


def _list_output_steps(
    tensors: Mapping[str, Tensor],
    binding: OutputBinding,
    author_inputs: Sequence[AuthorTensor],
    author: AuthorTensor,
) -> Iterator[HostStep]:
    if isinstance(binding, IoBinding):
        yield from _list_computed_steps(tensors, binding, author)
    elif isinstance(binding, PassedInput):
        reason = f"the input {author_inputs[binding.source].name} as it is"
        yield HostStep(name=f"pass {author.name}", when="after", reason=reason)
    else:
        yield HostStep(name=f"constant {author.name}", when="after", reason="it depends on no input")


def _list_computed_steps(tensors: Mapping[str, Tensor], binding: IoBinding, author: AuthorTensor) -> Iterator[HostStep]:
    integers = _name_type(tensors, binding.tensor)
    if binding.moves_axes:
        reason = f"back to the network's axes, in the order {np.argsort(binding.axes).tolist()}"
        yield HostStep(name=f"transpose {binding.tensor}", when="after", reason=reason)
    if binding.scale is not None:
        reason = f"{integers} to {author.dtype}: (q - {binding.zero_point}) * {binding.scale:.6g}"
        yield HostStep(name=f"dequantize {binding.tensor}", when="after", reason=reason)
    elif binding.zero_point:
        reason = f"{integers} to {author.dtype}: q - {binding.zero_point}"
        yield HostStep(name=f"shift {binding.tensor}", when="after", reason=reason)
