"""The text of the header and of the source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.codegen.arena import Arena, output_roots
from chipsmith.codegen.ctext import C_TYPES, comment, wrap_line
from chipsmith.codegen.library import kernel_texts, needed_kernels
from chipsmith.codegen.module import CPort
from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout
from chipsmith.codegen.unit import Unit
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.verify import describe, operation_of

_ASSERTIONS = """\
_Static_assert(sizeof(int) >= 4, "products of 16 bits must fit an int");
_Static_assert((-1 >> 1) == -1, "right shifts of negative values must keep the sign");
_Static_assert((int8_t)255 == -1, "conversions to a signed type must keep the low bits");
"""
_MEMBERS: Mapping[DType, str] = {DType.BOOL: "u8", DType.INT8: "i8", DType.INT16: "i16", DType.INT32: "i32"}


@dataclass(frozen=True, kw_only=True)
class SourceText:
    """The source, and the bytes of its constants."""

    text: str
    constant_bytes: int


def header_text(
    name: str, inputs: Sequence[CPort], outputs: Sequence[CPort], arena_bytes: int, constant_bytes: int
) -> str:
    """The header: sizes of the ports, and the function that runs one inference."""
    guard = f"{name.upper()}_H"
    sizes = "".join(
        f"#define {name.upper()}_{port.identifier.upper()}_SIZE {port.elements}\n" for port in (*inputs, *outputs)
    )
    parameters = _parameters(inputs, outputs, "")
    ports = "".join(f" *   {_port_comment(port)}\n" for port in (*inputs, *outputs))
    return f"""\
/* Network '{comment(name)}' in integers.
 *
 * {name}_run computes one inference from the buffers of the inputs into those of the outputs, which must not overlap:
{ports} * It allocates nothing: {arena_bytes} bytes of static memory and {constant_bytes} bytes of constants. As that
 * memory is static, two inferences must not run at the same time. */
#ifndef {guard}
#define {guard}

#include <stdint.h>

{sizes}
#ifdef __cplusplus
extern "C" {{
#endif

{wrap_line(f"void {name}_run({parameters});", indent=0)}

#ifdef __cplusplus
}}
#endif

#endif
"""


def _port_comment(port: CPort) -> str:
    return (
        f"{port.identifier}: {C_TYPES[port.dtype]}[{', '.join(map(str, port.shape))}], tensor '{comment(port.tensor)}'"
    )


def _parameters(inputs: Sequence[CPort], outputs: Sequence[CPort], qualifier: str) -> str:
    texts = [f"const {C_TYPES[port.dtype]} *{qualifier}{port.identifier}" for port in inputs]
    texts += [f"{C_TYPES[port.dtype]} *{qualifier}{port.identifier}" for port in outputs]
    return ", ".join(texts) or "void"


def source_text(
    layout: GraphLayout,
    *,
    name: str,
    steps: Sequence[CStep],
    arena: Arena,
    inputs: Sequence[CPort],
    outputs: Sequence[CPort],
) -> SourceText:
    """The source."""
    reserved = frozenset({*kernel_texts(), *(port.identifier for port in (*inputs, *outputs))})
    unit = Unit(layout=layout, bases=_bases(layout, arena, inputs, outputs), reserved=reserved)
    calls: list[str] = []
    for index, step in enumerate(steps):
        calls += [f"/* {comment(_describe(layout.graph, operator))} */" for operator in step.operators]
        calls += step.write(unit, arena.scratch.get(index)).splitlines()
    calls += _copies(unit, outputs)
    calls += _unused(inputs, calls)
    body = "".join(f"{wrap_line(line, indent=4)}\n" for line in calls)
    head = wrap_line(f"void {name}_run({_parameters(inputs, outputs, 'restrict ')})", indent=0)
    run = f"{head}\n{{\n{body}}}\n"
    kernels = needed_kernels([*unit.texts.values(), run])
    texts = [_head(name), _arena_text(arena), *kernels, *unit.texts.values(), run]
    return SourceText(text="\n".join(text for text in texts if text), constant_bytes=unit.constant_bytes)


def _describe(graph: Graph, operator: Operator) -> str:
    return describe(operation_of(graph, operator))


def _head(name: str) -> str:
    return f'#include "{name}.h"\n\n#include <stdbool.h>\n#include <string.h>\n\n{_ASSERTIONS}'


def _arena_text(arena: Arena) -> str:
    if not arena.size_bytes:
        return ""
    size = arena.size_bytes
    members = (("int8_t", "i8", 1), ("uint8_t", "u8", 1), ("int16_t", "i16", 2), ("int32_t", "i32", 4))
    fields = "".join(f"    {ctype} {member}[{-(-size // width)}];\n" for ctype, member, width in members)
    return f"static union {{\n{fields}}} arena;\n"


def _bases(
    layout: GraphLayout, arena: Arena, inputs: Sequence[CPort], outputs: Sequence[CPort]
) -> Mapping[str, tuple[str, int]]:
    """As Unit has them."""
    bases = {port.tensor: (port.identifier, 0) for port in inputs}
    written = {port.tensor: port.identifier for port in reversed(outputs)}
    bases |= {root: (written[name], 0) for root, name in output_roots(layout).items()}
    for name, offset in arena.offsets.items():
        dtype = layout.graph.tensor(name).dtype
        bases[name] = (f"arena.{_MEMBERS[dtype]}", offset // dtype.size_bytes)
    return bases


def _copies(unit: Unit, outputs: Sequence[CPort]) -> Iterator[str]:
    """What no operator computes into an output's buffer."""
    for port in outputs:
        source, tensor = unit.pointer(port.tensor), unit.layout.graph.tensor(port.tensor)
        if source != port.identifier:
            yield f"memcpy({port.identifier}, {source}, {tensor.size_bytes});"


def _unused(inputs: Sequence[CPort], calls: Sequence[str]) -> list[str]:
    """For each input that the network does not use, the words that keep compilers from warning of it."""
    used = {word for call in calls if not call.startswith("/*") for word in re.findall(r"\w+", call)}
    return [f"(void){port.identifier};" for port in inputs if port.identifier not in used]
