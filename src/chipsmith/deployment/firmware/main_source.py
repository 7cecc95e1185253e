"""`main.c`: an example of predict(), which is a test too, for it knows what the outputs must be."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.deployment.firmware.examples import ReferenceExamples
from chipsmith.deployment.firmware.parameters import PredictParameter, PredictParameters, list_literals
from chipsmith.tosa.graph import Array

_TEXT = """\
/* Predicts {count} examples and compares the outputs, bit for bit, with those of the reference interpreter. */
#include "{name}_predict.h"

#include <stdio.h>
#include <string.h>

enum {{ EXAMPLES = {count} }};

{arrays}

{results}

int main(void)
{{
    for (int example = 0; example < EXAMPLES; example++) {{
        if ({name}_predict({arguments})) {{
            puts("predict() does not take an input");
            return 1;
        }}
{comparisons}
    }}
    puts("ok");
    return 0;
}}
"""
_COMPARISON = """\
        if (memcmp(computed_{name}, expected_{name}[example], sizeof computed_{name}) != 0) {{
            puts("output {name} differs from the reference");
            return 1;
        }}"""


def write_main(name: str, parameters: PredictParameters, vector: ReferenceExamples) -> str:
    """The text of `main.c`. It prints "ok" and returns 0 where every output is right."""
    outputs = [each for each in parameters.outputs if each.elements]
    return _TEXT.format(
        name=name,
        count=vector.count,
        arrays="\n".join(_arrays(parameters, vector)),
        results="\n".join(
            f"static {each.c_type} computed_{each.identifier}[{max(1, each.elements)}];" for each in parameters.outputs
        ),
        arguments=", ".join(_arguments(parameters)),
        comparisons="\n".join(_COMPARISON.format(name=each.identifier) for each in outputs),
    )


def _arguments(parameters: PredictParameters) -> Iterator[str]:
    yield from (f"given_{each.identifier}[example]" for each in parameters.inputs)
    yield from (f"computed_{each.identifier}" for each in parameters.outputs)


def _arrays(parameters: PredictParameters, vector: ReferenceExamples) -> Iterator[str]:
    for parameter, values in zip(parameters.inputs, vector.inputs, strict=True):
        yield _array("given", parameter, values)
    for parameter, values in zip(parameters.outputs, vector.outputs, strict=True):
        if parameter.elements:
            yield _array("expected", parameter, values)


def _array(word: str, parameter: PredictParameter, values: Array) -> str:
    rows = ",\n".join(f"    {{\n{list_literals(row)},\n    }}" for row in values.reshape(len(values), -1))
    name = f"{word}_{parameter.identifier}[EXAMPLES][{parameter.elements}]"
    return f"static const {parameter.c_type} {name} = {{\n{rows},\n}};"
