"""A Graph as text: one line a tensor or operator, lossless, and read back; or an outline without large constants.

graph "tiny"
input image : int8[1,2,3]
const flat_shape : shape[2] = [1, 6]
flat : int8[1,6] = RESHAPE(image, flat_shape)
clamped : int8[1,6] = CLAMP(flat) min_val=-3 max_val=90 nan_mode="PROPAGATE"
output clamped
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.tosa.elements import from_bytes, stored_size_bytes, to_bytes
from chipsmith.tosa.graph import Array, AttributeValue, DType, Graph, Operator, Tensor

_WRITTEN_OUT_ELEMENTS = 16
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w./-]*")
_NAME = r'"(?:[^"\\]|\\.)*"|[A-Za-z_][\w./-]*'
_TENSOR = re.compile(rf"(?P<name>{_NAME}) : (?P<dtype>\w+)\[(?P<shape>[\d,]*)\]")
_CALL = re.compile(rf" = (?P<kind>\w+)(?: @(?P<name>{_NAME}))?\((?P<inputs>[^)]*?)\)")
_ATTRIBUTE = re.compile(r" (?P<name>\w+)=(?P<value>\[[^]]*\]|\"(?:[^\"\\]|\\.)*\"|[^\s\[\"]+)")


def format_graph(graph: Graph) -> str:
    """The whole graph, constants included, as text that parse_graph reads back as an equal Graph."""
    return "\n".join(_lines(graph, whole=True)) + "\n"


def outline_graph(graph: Graph) -> str:
    """As format_graph, for people: constants of more than 16 elements are left out."""
    return "\n".join(_lines(graph, whole=False)) + "\n"


def parse_graph(text: str) -> Graph:
    """The graph that format_graph wrote; BadInput names the first line that cannot be read."""
    parser = _Parser()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            parser.read(line.strip())
        except (ValueError, KeyError, binascii.Error) as error:
            raise BadInput(f"line {number} of a graph's text cannot be read: {line[:80]!r} ({error})") from error
    return parser.graph()


def _lines(graph: Graph, *, whole: bool) -> Iterator[str]:
    yield f"graph {json.dumps(graph.name)}"
    yield from (f"input {_format_tensor(graph.tensor(name))}" for name in graph.inputs)
    yield from (f"const {_format_constant(graph, name, whole=whole)}" for name in graph.constants)
    yield from (f"tensor {_format_tensor(tensor)}" for tensor in _unconnected(graph))
    yield from (_format_operator(operator, graph) for operator in graph.operators)
    yield "output " + ", ".join(map(_format_name, graph.outputs))


def _unconnected(graph: Graph) -> list[Tensor]:
    sources = {*graph.inputs, *graph.constants, *(name for operator in graph.operators for name in operator.outputs)}
    return [tensor for name, tensor in graph.tensors.items() if name not in sources]


def _format_name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name).replace(")", "\\u0029")


def _format_tensor(tensor: Tensor) -> str:
    return f"{_format_name(tensor.name)} : {tensor.dtype.name.lower()}[{','.join(map(str, tensor.shape))}]"


def _format_constant(graph: Graph, name: str, *, whole: bool) -> str:
    tensor = graph.tensor(name)
    return f"{_format_tensor(tensor)} = {_format_data(graph.constants[name], tensor.dtype, whole=whole)}"


def _format_data(array: Array, dtype: DType, *, whole: bool) -> str:
    if array.size <= _WRITTEN_OUT_ELEMENTS:
        return json.dumps(array.tolist())
    return "base64 " + base64.b64encode(to_bytes(array, dtype)).decode() if whole else "..."


def _format_operator(operator: Operator, graph: Graph) -> str:
    outputs = ", ".join(_format_tensor(graph.tensor(name)) for name in operator.outputs)
    own_name = "" if operator.name == operator.outputs[0] else f" @{_format_name(operator.name)}"
    inputs = ", ".join(map(_format_name, operator.inputs))
    attributes = "".join(f" {name}={_format_value(value)}" for name, value in operator.attributes.items())
    return f"{outputs} = {operator.kind}{own_name}({inputs}){attributes}"


def _format_value(value: AttributeValue) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


class _Parser:
    """Collects a graph line by line; raises ValueError or KeyError on a line that it cannot read."""

    def __init__(self) -> None:
        self._name = "graph"
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, Array] = {}
        self._operators: list[Operator] = []
        self._inputs: list[str] = []
        self._outputs: tuple[str, ...] = ()

    def graph(self) -> Graph:
        return Graph(
            name=self._name,
            tensors=self._tensors,
            operators=tuple(self._operators),
            constants=self._constants,
            inputs=tuple(self._inputs),
            outputs=self._outputs,
        )

    def read(self, line: str) -> None:
        if _TENSOR.match(line):  # a tensor may be called as a keyword is
            self._read_operator(line)
            return
        keyword, _, rest = line.partition(" ")
        match keyword:
            case "":
                return
            case "graph":
                self._name = json.loads(rest)
            case "input":
                self._inputs.append(self._declare(rest)[0].name)
            case "tensor":
                self._declare(rest)
            case "const":
                self._read_constant(rest)
            case "output":
                self._outputs = _parse_names(rest)
            case _:
                raise ValueError("a line begins with graph, input, const, tensor, output or 'name : type[shape]'")

    def _declare(self, text: str) -> tuple[Tensor, str]:
        """The tensor at the beginning of the text, and what follows it."""
        match = _TENSOR.match(text)
        if match is None:
            raise ValueError("a tensor 'name : type[shape]' belongs here")
        tensor = Tensor(
            name=_parse_name(match["name"]),
            shape=tuple(int(size) for size in match["shape"].split(",") if size),
            dtype=DType[match["dtype"].upper()],
        )
        self._tensors[tensor.name] = tensor
        return tensor, text[match.end() :]

    def _read_constant(self, text: str) -> None:
        tensor, rest = self._declare(text)
        data = rest.removeprefix(" = ")
        self._constants[tensor.name] = _parse_data(data, tensor)

    def _read_operator(self, line: str) -> None:
        tensor, rest = self._declare(line)
        outputs = [tensor.name]
        while rest.startswith(", "):
            tensor, rest = self._declare(rest.removeprefix(", "))
            outputs.append(tensor.name)
        call = _CALL.match(rest)
        if call is None:
            raise ValueError("' = KIND(inputs)' belongs after the outputs")
        self._operators.append(
            Operator(
                kind=call["kind"],
                name=_parse_name(call["name"]) if call["name"] else outputs[0],
                inputs=_parse_names(call["inputs"]),
                outputs=tuple(outputs),
                attributes=_parse_attributes(rest[call.end() :]),
            )
        )


def _parse_name(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(_parse_name(match) for match in re.findall(_NAME, text))


def _parse_attributes(text: str) -> dict[str, AttributeValue]:
    matches = list(_ATTRIBUTE.finditer(text))
    if "".join(match[0] for match in matches) != text:
        raise ValueError("attributes 'name=value' belong at the end")
    return {match["name"]: _parse_value(match["value"]) for match in matches}


def _parse_value(text: str) -> AttributeValue:
    value = json.loads(text)
    return tuple(value) if isinstance(value, list) else value


def _parse_data(text: str, tensor: Tensor) -> Array:
    if not text.startswith("base64 "):
        array = np.array(json.loads(text), tensor.dtype.numpy).reshape(tensor.shape)
        array.flags.writeable = False
        return array
    data = np.frombuffer(base64.b64decode(text.removeprefix("base64 "), validate=True), np.uint8)
    if len(data) != stored_size_bytes(tensor.elements, tensor.dtype):
        raise ValueError(f"{len(data)} bytes are no {tensor.dtype.name.lower()}{list(tensor.shape)}")
    return from_bytes(data, tensor.shape, tensor.dtype)
