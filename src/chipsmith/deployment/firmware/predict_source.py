"""predict() in C: what the host does around the graph, so that a caller has the author's inputs and outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from chipsmith.codegen.ctext import C_TYPES, comment, unique_identifiers
from chipsmith.codegen.module import CModule, CPort
from chipsmith.deployment.firmware.border import cast_text, dequantize_text, prepare_text, quantize_text
from chipsmith.deployment.firmware.parameters import (
    PredictParameter,
    PredictParameters,
    list_literals,
    list_parameters,
)
from chipsmith.deployment.firmware.recipe_input import REAL, RecipeInput
from chipsmith.frontends.quantized_io import ConstantOutput, IoBinding, OutputBinding, PassedInput, StateBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import Array

_ROUND_EVEN = """\
/* The nearest integer, of two the even one, within low and high; of what is no number low. */
static int32_t round_even(float value, int32_t low, int32_t high)
{
    if (!(value > (float)low)) {
        return low;
    }
    if (value >= (float)high) {
        return high;
    }
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;
    if (rest > 0.5f || (rest == 0.5f && whole % 2 != 0)) {
        return whole + 1;
    }
    return rest < -0.5f || (rest == -0.5f && whole % 2 != 0) ? whole - 1 : whole;
}
"""
_ROUND_AWAY = """\
/* The nearest integer, of two the one farther from zero, within low and high; of what is no number low. */
static int32_t round_away(float value, int32_t low, int32_t high)
{
    if (!(value > (float)low)) {
        return low;
    }
    if (value >= (float)high) {
        return high;
    }
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;
    return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
}
"""
_HEADER = """\
/* {title}: an inference from the author's inputs to the author's outputs. */
#ifndef {guard}
#define {guard}

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

/*
{contract}
 */
int {name}_predict({declarations});
{reset}
#ifdef __cplusplus
}}
#endif

#endif
"""
_RESET_DECLARATION = """
/* Begins a new series: the states have their first values again, as before the first call. */
void {name}_reset(void);
"""
_SOURCE = """\
#include "{name}_predict.h"

#include "{name}.h"

#include <stddef.h>
#include <string.h>

{definitions}int {name}_predict({declarations})
{{
{body}
    return 0;
}}
{reset}"""


@dataclass(frozen=True, kw_only=True)
class PredictSource:
    """predict() as a header and a source, `NAME_predict.h` and `NAME_predict.c`.

    `signature` is its declaration, `contract` says in lines what its parameters are and what it returns.
    """

    header: str
    source: str
    parameters: PredictParameters
    signature: str
    contract: tuple[str, ...]


def write_predict(network: QuantizedNetwork, module: CModule, recipe: RecipeInput | None = None) -> PredictSource:
    """`NAME_predict` of a network whose graph is `module`; the same bits as QuantizedNetwork's own host steps.

    Of a network of a `recipe` it takes what the recipe's reader gives, and does the recipe's steps. Raises BadInput for
    a type that C does not have.
    """
    writer = _PredictWriter(network=network, module=module, recipe=recipe)
    return PredictSource(
        header=writer.header,
        source=writer.source,
        parameters=writer.parameters,
        signature=f"int {module.name}_predict({writer.declarations});",
        contract=tuple(writer.contract()),
    )


@dataclass(frozen=True, kw_only=True)
class _PredictWriter:
    """The texts of a network's predict()."""

    network: QuantizedNetwork
    module: CModule
    recipe: RecipeInput | None

    @cached_property
    def buffers(self) -> Mapping[str, str]:
        """The names of the arrays of the graph's ports, which are static where no parameter stands for them."""
        ports = (*self.module.inputs, *self.module.outputs)
        texts = [f"{port.tensor}_integers" for port in ports]
        return dict(zip((port.tensor for port in ports), unique_identifiers(texts), strict=True))

    @cached_property
    def parameters(self) -> PredictParameters:
        own = {"round_even", "round_away", REAL, "i", *(f"i{level}" for level in range(8))}
        own |= {f"{self.module.name}_{word}" for word in ("run", "predict", "reset")}
        initials = {f"{name}_initial" for name in self.buffers.values()}
        inputs = self.network.author_inputs if self.recipe is None else (self.recipe.tensor,)
        taken = {*own, *self.buffers.values(), *initials}
        return list_parameters(inputs, self.network.author_outputs, taken=taken)

    @cached_property
    def direct(self) -> Mapping[str, str]:
        """The graph's tensors that are a parameter as it is, with that parameter's name."""
        inputs = ((binding, self.parameters.inputs[binding.position]) for binding in self.network.inputs)
        computed = self.network.computed_outputs
        often = Counter(binding.tensor for binding in computed)
        outputs = (
            (binding, self.parameters.outputs[binding.position]) for binding in computed if often[binding.tensor] == 1
        )
        pairs = (*inputs, *outputs)
        return {binding.tensor: each.identifier for binding, each in pairs if self._is_direct(binding, each)}

    def _is_direct(self, binding: IoBinding, parameter: PredictParameter) -> bool:
        tensor = self.network.graph.tensor(binding.tensor)
        same = parameter.tensor.dtype == tensor.dtype.numpy and parameter.tensor.dtype.kind != "b"
        return same and binding.scale is None and not binding.zero_point and not binding.moves_axes

    @property
    def header(self) -> str:
        name = self.module.name
        return _HEADER.format(
            title=comment(self.network.graph.name),
            guard=f"{name.upper()}_PREDICT_H",
            name=name,
            contract="\n".join(f" * {comment(line)}" for line in self.contract()),
            declarations=self.declarations,
            reset=_RESET_DECLARATION.format(name=name) if self.network.states else "",
        )

    def contract(self) -> Iterator[str]:
        for word, parameters in (("Input", self.parameters.inputs), ("Output", self.parameters.outputs)):
            for each in parameters:
                kind = f"{each.tensor.dtype} {list(each.tensor.shape)}"
                yield f"{word} {each.identifier}: '{each.tensor.name}', {kind}, {each.elements} elements."
        yield "Arrays lie row by row, the last dimension fastest. Returns 0; or n where the n-th input holds a value"
        yield "that the network does not take (then nothing is written)."
        if self.recipe is not None:
            yield from self.recipe.notes
        if self.network.states:
            yield f"{len(self.network.states)} states go on from call to call; {self.module.name}_reset begins anew."

    @property
    def declarations(self) -> str:
        inputs = (f"const {each.c_type} *{each.identifier}" for each in self.parameters.inputs)
        outputs = (f"{each.c_type} *{each.identifier}" for each in self.parameters.outputs)
        return ", ".join((*inputs, *outputs)) or "void"

    @property
    def source(self) -> str:
        body = "\n".join(self._body())
        helpers = [text for name, text in (("round_even", _ROUND_EVEN), ("round_away", _ROUND_AWAY)) if name in body]
        numbers = () if self.recipe is None else self.recipe.constants()
        definitions = (*self._arrays(), *self._constants(), *numbers, *helpers)
        return _SOURCE.format(
            name=self.module.name,
            definitions="".join(f"{text}\n" for text in definitions),
            declarations=self.declarations,
            body=body,
            reset=self._reset(),
        )

    def _arrays(self) -> Iterator[str]:
        states = {state.before: state for state in self.network.states}
        lines = [self._array(port, states) for port in self._own_ports()]
        if lines:
            yield "\n".join(lines) + "\n"

    def _own_ports(self) -> Iterator[CPort]:
        ports = {port.tensor: port for port in (*self.module.inputs, *self.module.outputs)}
        return (port for name, port in ports.items() if name not in self.direct)

    def _array(self, port: CPort, states: Mapping[str, StateBinding]) -> str:
        name, count = self.buffers[port.tensor], max(1, port.elements)
        c_type = C_TYPES[port.dtype]
        if port.tensor not in states or not states[port.tensor].initial.any():
            return f"static {c_type} {name}[{count}];"
        values = list_literals(states[port.tensor].initial)
        initial = f"static const {c_type} {name}_initial[{count}] = {{\n{values},\n}};"
        return f"{initial}\nstatic {c_type} {name}[{count}] = {{\n{values},\n}};"

    def _constants(self) -> Iterator[str]:
        for binding in self.network.outputs:
            if isinstance(binding, ConstantOutput) and binding.values.size:
                yield self._constant(binding)

    def _constant(self, binding: ConstantOutput) -> str:
        parameter = self.parameters.outputs[binding.position]
        values: Array = binding.values.astype(parameter.tensor.dtype)
        name = f"{parameter.identifier}_constant"
        return f"static const {parameter.c_type} {name}[{values.size}] = {{\n{list_literals(values)},\n}};\n"

    def _body(self) -> Iterator[str]:
        read = {binding.position for binding in self.network.inputs}
        read |= {binding.source for binding in self.network.outputs if isinstance(binding, PassedInput)}
        for position, parameter in enumerate(self.parameters.inputs):
            if position not in read:
                yield f"    (void){parameter.identifier};"
        for binding in self.network.inputs:
            if binding.tensor not in self.direct:
                yield self._quantize(binding)
        ports = (*self.module.inputs, *self.module.outputs)
        yield f"    {self.module.name}_run({', '.join(self._argument(port.tensor) for port in ports)});"
        for output in self.network.outputs:
            yield from self._output(output)
        for state in self.network.states:
            target = self.buffers[state.before]
            yield f"    memcpy({target}, {self._argument(state.after)}, sizeof {target});"

    def _argument(self, tensor: str) -> str:
        return self.direct.get(tensor, self.buffers[tensor])

    def _quantize(self, binding: IoBinding) -> str:
        parameter, tensor = self.parameters.inputs[binding.position], self.network.graph.tensor(binding.tensor)
        target = self.buffers[binding.tensor]
        if self.recipe is not None and self.recipe.steps:
            return prepare_text(parameter, binding, tensor, target=target, recipe=self.recipe)
        return quantize_text(parameter, binding, tensor, target=target, refusal=binding.position + 1)

    def _output(self, binding: OutputBinding) -> Iterator[str]:
        parameter = self.parameters.outputs[binding.position]
        if not parameter.elements:
            yield f"    (void){parameter.identifier};"
            return
        match binding:
            case PassedInput(source=source):
                yield self._copy(self.parameters.inputs[source], parameter)
            case ConstantOutput():
                name = parameter.identifier
                yield f"    memcpy({name}, {name}_constant, sizeof {name}_constant);"
            case IoBinding() if binding.tensor not in self.direct:
                tensor = self.network.graph.tensor(binding.tensor)
                yield dequantize_text(parameter, binding, tensor, source=self.buffers[binding.tensor])

    def _copy(self, source: PredictParameter, target: PredictParameter) -> str:
        value = cast_text(target, f"{source.identifier}[i]")
        head = f"    for (size_t i = 0; i < {target.elements}; i++) {{"
        return f"{head}\n        {target.identifier}[i] = {value};\n    }}"

    def _reset(self) -> str:
        if not self.network.states:
            return ""
        lines = "\n".join(map(self._reset_line, self.network.states))
        return f"\nvoid {self.module.name}_reset(void)\n{{\n{lines}\n}}\n"

    def _reset_line(self, state: StateBinding) -> str:
        name = self.buffers[state.before]
        if not state.initial.any():
            return f"    memset({name}, 0, sizeof {name});"
        return f"    memcpy({name}, {name}_initial, sizeof {name});"
