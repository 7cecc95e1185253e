"""PyTorch's eager mode as an engine: the author's own module, on the processor or on a CUDA device."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.extras import installed_version
from chipsmith.frontends.pytorch.eager import EagerModel, list_outputs
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch

    from chipsmith.frontends.pytorch.exported import ModuleCall

_CPU, _CUDA = "cpu", "cuda"
_CUDA_LIBRARIES = {"win32": "nvcuda.dll"}
_CPU_BUILD = "+cpu"


class TorchEngine:
    """A module in evaluation mode on a device, which copies its inputs there and its outputs back."""

    def __init__(self, module: torch.nn.Module, call: ModuleCall, *, device: str, threads: int | None) -> None:
        self._module, self._call, self._device, self._threads = module, call, device, threads

    def infer(self, inputs: Sequence[Array]) -> Sequence[Array]:
        """As InferenceEngine.infer. A module may write into its inputs: it gets copies."""
        import torch

        examples = self._call.tensors
        try:
            with torch.inference_mode(), _set_up(self._threads):
                tensors = tuple(
                    torch.tensor(array, dtype=example.dtype, device=self._device)
                    for array, example in zip(inputs, examples, strict=True)
                )
                call = self._call.replaced(tensors)
                return list_outputs(self._module(*call.positional, **call.named))
        except Exception as error:  # whatever a user's module raises
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise CheckFailed(f"{type(self._module).__name__} did not run in PyTorch: {reason[:200]}") from error

    def reset(self) -> None:
        """As InferenceEngine.reset: nothing is kept."""


def open_eager(network: QuantizedNetwork, *, threads: int) -> TorchEngine:
    """The author's module on the processor, with so many threads. Raises BadInput where the network is no module."""
    source = _read_module(network)
    return TorchEngine(source.module, source.call, device=_CPU, threads=threads)


def open_cuda(network: QuantizedNetwork) -> TorchEngine:
    """A copy of the author's module on the CUDA device that PyTorch takes. Raises BadInput as open_eager."""
    import copy

    source = _read_module(network)
    module = copy.deepcopy(source.module).to(_CUDA)
    return TorchEngine(module, source.call, device=_CUDA, threads=None)


def _read_module(network: QuantizedNetwork) -> EagerModel:
    if not isinstance(network.source, EagerModel):
        raise BadInput(
            f"'{network.graph.name}' is no PyTorch module, which alone PyTorch runs: give --target cpu, which runs "
            "files by their own runtimes"
        )
    return network.source


@contextmanager
def _set_up(threads: int | None) -> Iterator[None]:
    """So many threads, and float32 that is float32 on devices with shorter products; all as it was afterwards."""
    import torch

    threads_before, short_before = torch.get_num_threads(), torch.backends.cudnn.allow_tf32
    try:
        if threads not in (None, threads_before):
            torch.set_num_threads(threads)
        torch.backends.cudnn.allow_tf32 = False
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = short_before
        if torch.get_num_threads() != threads_before:
            torch.set_num_threads(threads_before)


def is_cpu_build() -> bool:
    """Whether the installed PyTorch was built for processors alone."""
    return torch_version().endswith(_CPU_BUILD)


def torch_version() -> str:
    """PyTorch's version, without importing it; empty where it is not installed."""
    return installed_version("torch") or ""


def count_cuda_devices() -> int:
    """The CUDA devices that the driver shows this process; 0 without a driver. PyTorch is not imported."""
    try:
        driver: Any = ctypes.CDLL(_CUDA_LIBRARIES.get(sys.platform, "libcuda.so.1"))
        count = ctypes.c_int(0)
        return count.value if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0
    except (OSError, AttributeError):
        return 0


def name_cuda_device() -> str:
    """The device that PyTorch takes, and its CUDA's version. Raises BadInput where PyTorch sees none."""
    import torch

    if not torch.cuda.is_available():
        raise BadInput("PyTorch sees no CUDA device; `chipsmith doctor` says what is missing")
    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
