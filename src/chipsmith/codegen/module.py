"""The noun CModule: a network as portable C11."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.shown import Shown
from chipsmith.tosa.graph import DType


@dataclass(frozen=True, kw_only=True)
class CPort(Shown):
    """An input or output of the network: the graph's `tensor`, and the C identifier that stands for it."""

    tensor: str
    identifier: str
    shape: tuple[int, ...]
    dtype: DType

    @property
    def elements(self) -> int:
        """Elements of one inference."""
        return math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class CModule(Shown):
    """A network as one header and one source.

    `name` is the C identifier that all its global names begin with; the files are `name`.h and `name`.c. The source
    needs <stdint.h> and <string.h> alone, allocates nothing and keeps every activation in one static arena of
    `arena_bytes`; its constants take `constant_bytes` of read-only memory. `live_bytes` is the largest sum of the bytes
    of tensors that live at once: no arena is smaller.

    The header declares, for inputs and outputs in the graph's order,
    `void NAME_run(const T0 *in0, ..., U0 *out0, ...)` with their C types.
    """

    name: str
    header: str
    source: str
    inputs: tuple[CPort, ...]
    outputs: tuple[CPort, ...]
    arena_bytes: int
    live_bytes: int
    constant_bytes: int

    @property
    def sources(self) -> Mapping[str, str]:
        """The texts of its two files by their names."""
        return {f"{self.name}.h": self.header, f"{self.name}.c": self.source}
