"""Kernels in the making: one after another is emitted, and tensors are copied where an engine cannot read a view."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.chains import Chain
from chipsmith.compiler.fuse.graph_index import GraphIndex
from chipsmith.compiler.fuse.memo import Memo
from chipsmith.compiler.lower.context import LoweringContext
from chipsmith.compiler.lower.kernel import Buffer, Kernel, UnplacedInstruction
from chipsmith.compiler.lower.tensor_views import TensorViews
from chipsmith.compiler.lower.vector import lower_copy
from chipsmith.compiler.lower.view import View, dense_strides
from chipsmith.program.instructions import Engine


@dataclass(frozen=True, kw_only=True)
class KernelWriter:
    """The kernels of a graph so far, where its tensors stand after them, and what was found of it for other chips."""

    chip: Chip
    tensors: TensorViews
    memo: Memo
    kernels: list[Kernel] = field(default_factory=list)

    @property
    def index(self) -> GraphIndex:
        """The graph."""
        return self.tensors.index

    def view(self, tensor: str) -> View:
        """Where a tensor stands."""
        return self.tensors.view(tensor)

    def context(self, chain: Chain) -> LoweringContext:
        """What the lowering of a chain in several kernels draws on."""
        return LoweringContext(
            output=chain.output, index=self.index, view=self.view, chip=self.chip, buffers=self.tensors.buffers
        )

    # --- kernels --------------------------------------------------------------------------------------------------

    def emit(
        self, chain: Chain, steps: tuple[UnplacedInstruction, ...], *, engine: Engine = Engine.VECTOR, macs: int = 0
    ) -> None:
        """A kernel that computes a chain or a part of it."""
        self._add(chain.operators[-1], steps, engine=engine, operators=chain.operators, macs=macs)

    def emit_stages(self, chain: Chain, stages: Iterable[tuple[UnplacedInstruction, ...]]) -> None:
        """A kernel of the vector engine for each stage: the next one may read all that it wrote."""
        for steps in stages:
            self.emit(chain, steps)

    def _add(
        self,
        name: str,
        steps: tuple[UnplacedInstruction, ...],
        *,
        engine: Engine,
        operators: tuple[str, ...],
        macs: int,
    ) -> None:
        kernel = f"k{len(self.kernels)}:{name}"
        self.kernels.append(Kernel(name=kernel, engine=engine, steps=steps, operators=operators, macs=macs))

    # --- copies ---------------------------------------------------------------------------------------------------

    def copy(self, name: str, source: View, target: View) -> None:
        """A kernel of that name that copies a view, repeated to the target's shape."""
        steps = lower_copy(source, target, self.chip)
        self._add(name, steps, engine=Engine.VECTOR, operators=(), macs=0)

    def copy_dense(self, tensor: str, view: View) -> View:
        """A copy of a tensor, which stands in a view, in a dense buffer of its own."""
        name = f"{tensor}.dense{len(self.kernels)}"
        target = self.tensors.new_buffer(tensor, name)
        self.copy(name, view, target)
        return target

    def copy_view(self, tensor: str, view: View) -> View:
        """A dense copy of any view of a tensor, in the view's shape."""
        name = f"{tensor}.rearranged{len(self.kernels)}"
        size = view.dtype.size_bytes
        target = replace(view, buffer=name, offset=0, strides=dense_strides(view.shape, size))
        self.tensors.buffers[name] = Buffer(name=name, size_bytes=math.prod(view.shape) * size)
        self.copy(name, view, target)
        return target

    def move(self, tensor: str, view: View) -> None:
        """From here on a tensor stands in another view."""
        self.tensors.views[tensor] = view
