"""OpenVINO as an engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.runtimes.model_file import RuntimeFile
from chipsmith.tosa.graph import Array


class OpenVinoEngine:
    """A request of a network that OpenVINO compiled for the processor."""

    def __init__(self, request: Any, order: Sequence[int]) -> None:
        self._request, self._order = request, order

    def infer(self, inputs: Sequence[Array]) -> Sequence[Array]:
        """As InferenceEngine.infer."""
        try:
            results = self._request.infer(dict(zip(self._order, inputs, strict=True)), share_inputs=True)
        except RuntimeError as error:
            raise CheckFailed(f"OpenVINO did not run the network: {_first_line(error)}") from error
        return [*results.values()]

    def reset(self) -> None:
        """As InferenceEngine.reset."""
        self._request.reset_state()


def open_openvino(file: RuntimeFile, inputs: Sequence[AuthorTensor], *, threads: int) -> OpenVinoEngine:
    """The engine of a file with so many threads. Raises BadInput with OpenVINO's words where it refuses the file.

    What is float32 is computed in float32, also where the processor has shorter types.
    """
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
    }
    try:
        model = core.read_model(file.path or file.data)
        order = _find_inputs(model, inputs)
        model.reshape({place: list(port.shape) for place, port in zip(order, inputs, strict=True)})
        request = core.compile_model(model, "CPU", settings).create_infer_request()
    except RuntimeError as error:
        raise BadInput(f"OpenVINO does not take the network ({file.origin}): {_first_line(error)}") from error
    return OpenVinoEngine(request, order)


def _find_inputs(model: Any, inputs: Sequence[AuthorTensor]) -> list[int]:
    """The place of each of the author's inputs among the model's."""
    places = {name: place for place, port in enumerate(model.inputs) for name in port.names}
    return [places.get(port.name, position) for position, port in enumerate(inputs)]


def _first_line(error: Exception) -> str:
    """What OpenVINO says, without the places in its own source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    spoken = [line for line in lines if not line.startswith(("Exception from", "Check '"))]
    return (spoken or lines or [type(error).__name__])[0][:300]
