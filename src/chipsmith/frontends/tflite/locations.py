"""Which of the file's tensors each TOSA operator computes, as the converter wrote it beside the operators."""

from __future__ import annotations

import re

from chipsmith.tosa.decode import decode_block

_NAME = re.compile(r'"([^"]+)"\(')
"""A name in MLIR's form of a location, which is loc("NAME"("FILE":0:0)), or several of them fused."""


def read_locations(tosa: bytes, *, name: str) -> dict[str, str]:
    """By the first output of each operator of a `.tosa` file, the tensor of the `.tflite` file, where it is known.

    `name` names the file in messages; raises BadInput as decode_block does.
    """
    names = {
        operator.outputs[0]: ";".join(dict.fromkeys(_NAME.findall(operator.location)))
        for operator in decode_block(tosa, name=name).operators
        if operator.outputs
    }
    return {output: source for output, source in names.items() if source}
