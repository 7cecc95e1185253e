"""PyTorch modules: exported, quantised and lowered to TOSA."""

from __future__ import annotations

from chipsmith.frontends.front_end import AnyPath, FrontEnd
from chipsmith.frontends.quantized_network import QuantizedNetwork


def _load(model: str, calibration: AnyPath | None) -> QuantizedNetwork:
    from chipsmith.frontends.pytorch.load import load_pytorch

    return load_pytorch(model, calibration)


FRONT_END = FrontEnd(
    name="PyTorch",
    suffixes=(),
    form="package.module:function where the function returns a torch.nn.Module",
    load=_load,
    packages=("torch", "executorch", "torchao"),
    extra="torch",
)
