"""Sessions of onnxruntime that compute a network literally."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PROVIDERS = ["CPUExecutionProvider"]


def open_session(data: bytes, folder: Path | None = None) -> Any:
    """A session of a file's bytes: node by node without optimisations, one thread, no messages but errors it raises.

    `folder` is where weights lie that the file keeps beside it. Raises onnxruntime's own errors.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    if folder is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder.resolve()))
    return onnxruntime.InferenceSession(data, options, providers=_PROVIDERS)


def first_line(error: Exception) -> str:
    """What onnxruntime says, cut to a line: its classes of errors have no common base of their own."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def show_tensors(data: bytes, names: Sequence[str]) -> bytes:
    """The file's bytes, changed in so far that these tensors are outputs too."""
    import onnx

    proto = onnx.ModelProto.FromString(data)
    known = {port.name for port in proto.graph.output}
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    shown: bytes = proto.SerializeToString()
    return shown
