"""The target `cuda`: the author's PyTorch module in eager mode on a CUDA device, in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.engine import RuntimeNetwork
from chipsmith.targets.target import Missing, Precision, TargetOptions, reasons_against


@dataclass(frozen=True, kw_only=True)
class CudaTarget:
    """PyTorch on the CUDA device that it takes first; a time has the copies of inputs and outputs in it."""

    name: ClassVar[str] = "cuda"
    kind: ClassVar[Evidence] = Evidence.MEASURED
    chip: ClassVar[Chip | None] = None

    @property
    def obtained(self) -> str:
        """As Target.obtained: PyTorch's version and the device. Raises BadInput where there is none."""
        from chipsmith.runtimes.torch_engine import name_cuda_device, torch_version

        return f"PyTorch {torch_version()} eager, float32, {name_cuda_device()}, inputs and outputs copied"

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: PyTorch, one that is built for CUDA, a device."""
        from chipsmith.runtimes.torch_engine import count_cuda_devices, is_cpu_build, torch_version

        release = torch_version().partition("+")[0]
        if not release:
            return (Missing(name="torch", mend="pip install 'chipsmith[torch]'"),)
        device = () if count_cuda_devices() else (Missing(name="a CUDA device and its driver", mend=""),)
        mend = f"pip install --force-reinstall torch=={release}"
        return (*((Missing(name="PyTorch built for CUDA", mend=mend),) if is_cpu_build() else ()), *device)

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: what is missing, or no PyTorch module."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> RuntimeNetwork:
        """As Target.prepare; inferences can be timed."""
        require_package("torch", extra="torch", task=f"run '{network.graph.name}' by PyTorch")
        missing = self.missing()
        if missing:
            names = " and ".join(each.name for each in missing)
            mends = "; ".join(each.mend for each in missing if each.mend)
            raise BadInput(
                f"cannot run '{network.graph.name}' on a CUDA device: {names} {_is_or_are(missing)} missing"
                f"{f'; mend: {mends}' if mends else ''}. Elsewhere --target torch runs it"
            )
        from chipsmith.runtimes.torch_engine import name_cuda_device, open_cuda

        name_cuda_device()
        return RuntimeNetwork(engine=open_cuda(network), inputs=network.author_inputs)


def _is_or_are(missing: tuple[Missing, ...]) -> str:
    return "is" if len(missing) == 1 else "are"


def open_target(_chip: Chip, options: TargetOptions) -> CudaTarget:
    """The target; no chip changes its answers. It takes a precision, float32. Raises BadInput for other options."""
    options.refuse_all_but(CudaTarget.name, "precision")
    if options.precision not in (None, Precision.FLOAT32):
        raise BadInput(f"target cuda computes in float32, not {options.precision}: leave --precision out")
    return CudaTarget()
