"""The target `torch`: the author's PyTorch module in eager mode on this computer's processor, in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.extras import require_package
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.engine import RuntimeNetwork
from chipsmith.runtimes.processor import describe_processor
from chipsmith.runtimes.threads import describe_threads, read_threads
from chipsmith.targets.target import Missing, TargetOptions, reasons_against


@dataclass(frozen=True, kw_only=True)
class TorchTarget:
    """PyTorch on this computer's processor."""

    name: ClassVar[str] = "torch"
    kind: ClassVar[Evidence] = Evidence.MEASURED
    chip: ClassVar[Chip | None] = None

    threads: int

    @property
    def obtained(self) -> str:
        """As Target.obtained: PyTorch's version, threads, the processor and its SIMD."""
        from chipsmith.runtimes.torch_engine import torch_version

        return f"PyTorch {torch_version()} eager, float32, {describe_threads(self.threads)}, {describe_processor()}"

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: PyTorch."""
        from chipsmith.runtimes.torch_engine import torch_version

        return () if torch_version() else (Missing(name="torch", mend="pip install 'chipsmith[torch]'"),)

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: what is no PyTorch module."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> RuntimeNetwork:
        """As Target.prepare; inferences can be timed."""
        require_package("torch", extra="torch", task=f"run '{network.graph.name}' by PyTorch")
        from chipsmith.runtimes.torch_engine import open_eager

        return RuntimeNetwork(engine=open_eager(network, threads=self.threads), inputs=network.author_inputs)


def open_target(_chip: Chip, options: TargetOptions) -> TorchTarget:
    """The target; no chip changes its answers. It takes threads (default all that this process may use).

    Raises BadInput for other options and values.
    """
    options.refuse_all_but(TorchTarget.name, "threads")
    return TorchTarget(threads=read_threads(options.threads))
