"""The target `cpu`: the network on this computer's processor, by onnxruntime, OpenVINO or LiteRT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.engine import RuntimeNetwork
from chipsmith.runtimes.processor import describe_processor
from chipsmith.runtimes.runtime import PACKAGES, Runtime
from chipsmith.runtimes.threads import describe_threads, read_threads
from chipsmith.targets.target import Missing, Precision, TargetOptions, reasons_against

_SATURATION = "whose lack of VNNI lets its int8 products saturate in 16 bits"


@dataclass(frozen=True, kw_only=True)
class CpuTarget:
    """This computer's processor and a runtime on it, with as many threads as `threads` says."""

    name: ClassVar[str] = "cpu"
    kind: ClassVar[Evidence] = Evidence.MEASURED
    chip: ClassVar[Chip | None] = None

    runtime: Runtime
    precision: Precision
    threads: int

    @property
    def obtained(self) -> str:
        """As Target.obtained: the runtime and its version, precision, threads, the processor and its SIMD."""
        return self.describe(describe_threads(self.threads))

    def describe(self, threads: str) -> str:
        """As `obtained`, where the threads are those that `threads` says."""
        processor = describe_processor()
        kernels = ("its own kernels",) if self.runtime is Runtime.LITERT_BUILTIN else ()
        saturates = self.precision is Precision.INT8 and self.runtime is Runtime.OPENVINO
        caveat = (_SATURATION,) if saturates and not processor.sums_int8_products else ()
        return ", ".join((PACKAGES[self.runtime].name, *kernels, self.precision, threads, str(processor), *caveat))

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: the runtime's package."""
        package = PACKAGES[self.runtime]
        if package.is_installed:
            return ()
        return (Missing(name=package.distribution, mend=f"pip install 'chipsmith[{package.extra}]'"),)

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: what the network or the runtime has no form for."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> RuntimeNetwork:
        """As Target.prepare; inferences can be timed."""
        # The runtimes write ONNX files by the quantiser's own nouns, which take a third of a second to import.
        from chipsmith.runtimes.open import open_float_engine, open_int8_engine

        package = PACKAGES[self.runtime]
        require_package(
            package.module,
            extra=package.extra,
            task=f"run '{network.graph.name}' by {package.label}",
            distribution=package.distribution,
        )
        open_engine = open_float_engine if self.precision is Precision.FLOAT32 else open_int8_engine
        engine = open_engine(network, self.runtime, threads=self.threads)
        return RuntimeNetwork(engine=engine, inputs=network.author_inputs)


def open_target(_chip: Chip, options: TargetOptions) -> CpuTarget:
    """The target; no chip changes its answers.

    It takes a runtime (default onnxruntime), a precision (default int8) and threads (default all that this process may
    use). Raises BadInput for other options and values.
    """
    options.refuse_all_but(CpuTarget.name, "runtime", "precision", "threads")
    return CpuTarget(
        runtime=_read_runtime(options.runtime),
        precision=options.precision or Precision.INT8,
        threads=read_threads(options.threads),
    )


def list_choices() -> tuple[TargetOptions, ...]:
    """The runtimes that need another package than the default does."""
    return tuple(TargetOptions(runtime=runtime) for runtime in (Runtime.OPENVINO, Runtime.LITERT))


def _read_runtime(name: str | None) -> Runtime:
    names = [runtime.value for runtime in Runtime]
    if name is not None and name not in names:
        raise BadInput(f"there is no runtime '{name}'; there are: {', '.join(names)}")
    return Runtime.ONNXRUNTIME if name is None else Runtime(name)
