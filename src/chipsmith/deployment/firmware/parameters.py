"""The author's tensors as parameters of predict(): C types, identifiers, sizes, and literals of their values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chipsmith.codegen.ctext import literal, unique_identifiers
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import Array

_C_TYPES: Mapping[str, str] = {
    **{f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": "uint8_t",
    "float32": "float",
    "float64": "double",
}
_VALUES_A_LINE = 12


@dataclass(frozen=True, kw_only=True)
class PredictParameter:
    """An input or output of predict(): the author's tensor, its C identifier and type."""

    tensor: AuthorTensor
    identifier: str
    c_type: str

    @property
    def elements(self) -> int:
        """Elements of one inference."""
        return math.prod(self.tensor.shape)


@dataclass(frozen=True, kw_only=True)
class PredictParameters:
    """The parameters of predict() in order: first the inputs, then the outputs."""

    inputs: tuple[PredictParameter, ...]
    outputs: tuple[PredictParameter, ...]

    @property
    def all(self) -> tuple[PredictParameter, ...]:
        """Inputs and outputs."""
        return (*self.inputs, *self.outputs)


def widen_narrow_floats(network: QuantizedNetwork) -> QuantizedNetwork:
    """The network with its author's float16 inputs and outputs as float32: C has no type of 16 bits."""
    return replace(
        network,
        author_inputs=tuple(map(_widen, network.author_inputs)),
        author_outputs=tuple(map(_widen, network.author_outputs)),
    )


def _widen(tensor: AuthorTensor) -> AuthorTensor:
    return replace(tensor, dtype=np.dtype(np.float32)) if tensor.dtype == np.float16 else tensor


def list_parameters(
    inputs: Sequence[AuthorTensor], outputs: Sequence[AuthorTensor], *, taken: Iterable[str]
) -> PredictParameters:
    """The parameters of predict(); no identifier is among `taken`. Raises BadInput for a type that C does not have."""
    tensors = (*inputs, *outputs)
    words = unique_identifiers([tensor.name for tensor in tensors], taken=taken)
    parameters = tuple(
        PredictParameter(tensor=tensor, identifier=word, c_type=_c_type(tensor))
        for tensor, word in zip(tensors, words, strict=True)
    )
    count = len(inputs)
    return PredictParameters(inputs=parameters[:count], outputs=parameters[count:])


def _c_type(tensor: AuthorTensor) -> str:
    if str(tensor.dtype) not in _C_TYPES:
        raise BadInput(
            f"'{tensor.name}' is {tensor.dtype}, for which C has no type: give the network float32 or integers"
        )
    return _C_TYPES[str(tensor.dtype)]


def float_literal(value: float) -> str:
    """A float32 in the fewest digits that stand for it alone."""
    return f"{np.float32(value)!s}f"


def list_literals(values: Array) -> str:
    """The values of an array to the bit, some a line, indented by four."""
    texts = [_value_literal(value, values.dtype) for value in values.ravel().tolist()]
    lines = (", ".join(texts[index : index + _VALUES_A_LINE]) for index in range(0, len(texts), _VALUES_A_LINE))
    return ",\n".join(f"    {line}" for line in lines)


def _value_literal(value: float, dtype: np.dtype[Any]) -> str:
    if dtype.kind == "f":
        return float_literal(value) if dtype.itemsize <= 4 else repr(value)
    unsigned = dtype.kind == "u" and dtype.itemsize >= 4
    return f"UINT64_C({value})" if unsigned else literal(int(value))
