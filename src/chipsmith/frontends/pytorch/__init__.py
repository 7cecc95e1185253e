"""PyTorch modules: exported, quantised and lowered to TOSA."""

from __future__ import annotations

from chipsmith.frontends.front_end import FrontEnd

FRONT_END = FrontEnd(
    name="PyTorch",
    suffixes=(),
    form="package.module:function where the function returns a torch.nn.Module",
    live="torch.nn:Module",
    loader="chipsmith.frontends.pytorch.load:load_pytorch",
    packages=("torch",),
    extra="torch",
)
