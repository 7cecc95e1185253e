"""onnxruntime as an engine."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.frontends.onnx.session import first_line
from chipsmith.runtimes.model_file import RuntimeFile
from chipsmith.tosa.graph import Array

_EXTERNAL_FOLDER = "session.model_external_initializers_file_folder_path"


class Activations(Enum):
    """What onnxruntime keeps activations of 8 bits in; the value is the entry of its configuration that says so."""

    UNSIGNED = "session.x64quantprecision"
    """uint8. Weights become uint8 too where a processor of x86 has no VNNI: products would saturate in 16 bits."""
    SIGNED = "session.qdqisint8allowed"
    """int8, also on x86."""


class OnnxRuntimeEngine:
    """A session of onnxruntime with all of its optimisations."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._names = [port.name for port in session.get_inputs()]

    def infer(self, inputs: Sequence[Array]) -> Sequence[Array]:
        """As InferenceEngine.infer."""
        try:
            outputs: Sequence[Array] = self._session.run(None, dict(zip(self._names, inputs, strict=True)))
        except Exception as error:  # onnxruntime's classes have no common base of their own
            raise CheckFailed(f"onnxruntime did not run the network: {first_line(error)}") from error
        return outputs

    def reset(self) -> None:
        """As InferenceEngine.reset: nothing is kept."""


def open_onnxruntime(file: RuntimeFile, activations: Activations, *, threads: int) -> OnnxRuntimeEngine:
    """The engine of a file with so many threads. Raises BadInput with onnxruntime's words where it refuses the file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry(activations.value, "1")
    if file.path is not None:
        options.add_session_config_entry(_EXTERNAL_FOLDER, str(file.path.parent.resolve()))
    try:
        session = onnxruntime.InferenceSession(file.data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's classes have no common base of their own
        raise BadInput(f"onnxruntime does not take the network ({file.origin}): {first_line(error)}") from error
    return OnnxRuntimeEngine(session)
