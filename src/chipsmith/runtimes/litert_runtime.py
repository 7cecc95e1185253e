"""LiteRT as an engine."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.runtimes.model_file import RuntimeFile
from chipsmith.tosa.graph import Array


class LiteRtKernels(Enum):
    """Whose kernels LiteRT computes with; the value is its resolver's name."""

    XNNPACK = "AUTO"
    BUILTIN = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"


class LiteRtEngine:
    """An interpreter of LiteRT."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self._inputs = [port["index"] for port in interpreter.get_input_details()]
        self._outputs = [port["index"] for port in interpreter.get_output_details()]

    def infer(self, inputs: Sequence[Array]) -> Sequence[Array]:
        """As InferenceEngine.infer."""
        interpreter = self._interpreter
        try:
            for index, array in zip(self._inputs, inputs, strict=True):
                interpreter.set_tensor(index, array)
            interpreter.invoke()
            return [interpreter.get_tensor(index) for index in self._outputs]
        except (RuntimeError, ValueError) as error:
            raise CheckFailed(f"LiteRT did not run the network: {str(error).strip()[:200]}") from error

    def reset(self) -> None:
        """As InferenceEngine.reset."""
        self._interpreter.reset_all_variables()


def open_litert(file: RuntimeFile, kernels: LiteRtKernels, *, threads: int) -> LiteRtEngine:
    """The engine of a file with so many threads. Raises BadInput with LiteRT's words where it refuses the file."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        interpreter = Interpreter(
            model_content=file.data,
            num_threads=threads,
            experimental_op_resolver_type=OpResolverType[kernels.value],
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise BadInput(f"LiteRT does not take the network ({file.origin}): {str(error).strip()[:200]}") from error
    return LiteRtEngine(interpreter)
