"""Graph to kernels: chains found by the matcher, views instead of copies, copies where no view will do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.chains import Chain, Expansion, TensorChain, VectorChain
from chipsmith.compiler.fuse.graph_index import VIEW_KINDS, Lookup, integer, integers, macs
from chipsmith.compiler.fuse.match import POOLS, Matcher
from chipsmith.compiler.lower.column_stripes import columns_of, slabs_of
from chipsmith.compiler.lower.context import Sketch
from chipsmith.compiler.lower.conv_geometry import (
    SWAPPED,
    Geometry,
    geometries,
    geometry_of,
    has_many_phases,
    swapping_pays,
)
from chipsmith.compiler.lower.epilogue import channel_records, drain_template
from chipsmith.compiler.lower.kernel import Buffer, Kernel, Step
from chipsmith.compiler.lower.multi_step import EXPANSIONS
from chipsmith.compiler.lower.reductions import is_long_reduction, reduce_chain
from chipsmith.compiler.lower.tensor import Drained, lower_convolution, lower_matmul
from chipsmith.compiler.lower.transposed_conv import subpixel_stages
from chipsmith.compiler.lower.vector import TYPES, lower_copy, lower_vector
from chipsmith.compiler.lower.view import View, dense_strides, dense_view, inverse
from chipsmith.program.program import Placement
from chipsmith.tosa.graph import Array, Graph, Operator


@dataclass(frozen=True, kw_only=True)
class Built:
    """The kernels of a graph in order, every buffer they name, the views of its ports, and the placements."""

    kernels: tuple[Kernel, ...]
    buffers: dict[str, Buffer]
    inputs: dict[str, View]
    outputs: dict[str, View]
    placements: tuple[Placement, ...]


def build(graph: Graph, chip: Chip) -> Built:
    """The kernels that compute a graph on a chip; OperatorRefused names what has no kernel."""
    builder = _Builder(lookup=Lookup(graph), chip=chip)
    return builder.run()


@dataclass
class _Builder:
    lookup: Lookup
    chip: Chip
    buffers: dict[str, Buffer] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    kernels: list[Kernel] = field(default_factory=list)
    placements: dict[str, Placement] = field(default_factory=dict)

    def run(self) -> Built:
        graph = self.lookup.graph
        chains = {self.lookup.producers[chain.output].name: chain for chain in Matcher(self.lookup).cover()}
        produced = {chain.output for chain in chains.values()}
        ports = {name: self._fresh(name, name) for name in graph.inputs}
        self.views.update(ports)
        self._place_concatenations(produced)
        for op in graph.operators:
            if op.name in chains:
                self._chain(chains[op.name])
            elif op.kind in VIEW_KINDS:
                self._view(op)
            elif op.kind == "CONCAT":
                self._concatenate(op)
        outputs = self._outputs()
        return Built(
            kernels=tuple(self.kernels),
            buffers=self.buffers,
            inputs=ports,
            outputs=outputs,
            placements=tuple(self._placement(op) for op in graph.operators),
        )

    # --- where tensors stand --------------------------------------------------------------------------------------

    def _view_or(self, others: Mapping[str, View], tensor: str) -> View:
        return others.get(tensor) or self.view(tensor)

    def view(self, tensor: str) -> View:
        """Where a tensor stands; a constant gets its buffer the first time."""
        if tensor in self.views:
            return self.views[tensor]
        data = self.lookup.graph.constant(tensor)
        if data is None:
            self.views[tensor] = self._fresh(tensor, tensor)
        else:
            self.views[tensor] = self._constant(tensor, data)
        return self.views[tensor]

    def _fresh(self, tensor: str, buffer: str) -> View:
        one = self.lookup.graph.tensor(tensor)
        self.buffers[buffer] = Buffer(name=buffer, size_bytes=one.size_bytes)
        return dense_view(one, buffer)

    def _constant(self, tensor: str, data: Array) -> View:
        one = self.lookup.graph.tensor(tensor)
        little = data.astype(data.dtype.newbyteorder("<")).tobytes()
        self.buffers[tensor] = Buffer(name=tensor, size_bytes=len(little), data=little)
        return dense_view(one, tensor)

    def _place_concatenations(self, produced: set[str]) -> None:
        """Let the inputs of CONCAT be computed in their places wherever a view of the result can hold them."""
        for op in reversed(self.lookup.graph.operators):
            if op.kind != "CONCAT":
                continue
            whole = self.view(op.outputs[0])
            for name, part in self._parts(op, whole):
                self._claim(name, part, produced)

    def _parts(self, op: Operator, whole: View) -> list[tuple[str, View]]:
        axis = integer(op, "axis")
        parts: list[tuple[str, View]] = []
        at = 0
        for name in op.inputs:
            shape = self.lookup.graph.tensor(name).shape
            start = tuple(at if one == axis else 0 for one in range(len(shape)))
            parts.append((name, whole.slice(start, shape)))
            at += shape[axis]
        return parts

    def _claim(self, tensor: str, place: View, produced: set[str]) -> None:
        op = self.lookup.producers.get(tensor)
        if op is None or tensor in self.views or tensor in self.lookup.graph.outputs:
            return
        if op.kind == "RESHAPE":
            inner = place.reshape(self.lookup.graph.tensor(op.inputs[0]).shape)
            if inner is not None:
                self._claim(op.inputs[0], inner, produced)
        elif tensor in produced or op.kind == "CONCAT":
            self.views[tensor] = place

    # --- kernels --------------------------------------------------------------------------------------------------

    def _chain(self, chain: Chain) -> None:
        if isinstance(chain, TensorChain):
            self._tensor(chain)
            return
        if isinstance(chain, Expansion):
            self._stages(chain, EXPANSIONS[chain.operator.kind](chain.operator, self._sketch(chain)))
            return
        if is_long_reduction(chain, self.view, self.chip):
            self._stages(chain, reduce_chain(chain, self._sketch(chain)))
            return
        if chain.core is not None and chain.core.kind in POOLS:
            self._pool(chain, chain.core)
            return
        steps = lower_vector(chain, self.view, self.chip)
        self._emit(chain.output, "vector", steps, chain.operators, macs=0)

    def _sketch(self, chain: Chain) -> Sketch:
        return Sketch(output=chain.output, lookup=self.lookup, view=self.view, chip=self.chip, buffers=self.buffers)

    def _stages(self, chain: Chain, stages: Iterator[tuple[Step, ...]]) -> None:
        """Each stage is a kernel: the next one may read all that it wrote."""
        for steps in stages:
            self._emit(chain.output, "vector", steps, chain.operators, macs=0)

    def _tensor(self, chain: TensorChain) -> None:
        matmul = chain.anchor.kind == "MATMUL"
        for name in chain.anchor.inputs[: 2 if matmul else 1]:
            self._readable(name, allow_columns=matmul and name == chain.anchor.inputs[1])
        if not matmul:
            self._readable_weights(chain.anchor)
        if chain.residual is not None:
            self._readable(chain.residual.residual.tensor, allow_columns=False)
        output = self.view(chain.output)
        aside = output.strides[-1] != output.dtype.size_bytes and output.shape[-1] != 1
        if aside:
            self.views[chain.output] = self._fresh(chain.output, f"{chain.output}.aside")
        drained = self._drained(chain)
        if has_many_phases(self.lookup.graph, chain.anchor):
            self._subpixels(chain, drained)
        else:
            steps = self._tensor_steps(chain, drained)
            self._emit(chain.output, "tensor", steps, chain.operators, macs=drained.macs)
        if aside:
            self._copy(f"{chain.output}.place", self.views[chain.output], output)
            self.views[chain.output] = output

    def _subpixels(self, chain: TensorChain, drained: Drained) -> None:
        whole = geometry_of(chain, self.view, self.view(chain.anchor.inputs[0]))
        counted = drained.macs
        for kind, steps in subpixel_stages(whole, drained, self._sketch(chain)):
            done = counted if kind == "tensor" else 0
            self._emit(chain.output, kind, steps, chain.operators, macs=done)
            counted -= done

    def _drained(self, chain: TensorChain) -> Drained:
        output = self.view(chain.output)
        matmul = chain.anchor.kind == "MATMUL"
        parameters, records = channel_records(chain, self.lookup, output.shape[-1])
        return Drained(
            name=chain.anchor.name,
            template=drain_template(chain, self.lookup, TYPES[output.dtype]),
            parameters=parameters,
            records=records,
            bias=None if matmul or len(records) else self.view(chain.anchor.inputs[2]),
            macs=macs(self.lookup.graph, chain.anchor),
        )

    def _tensor_steps(self, chain: TensorChain, drained: Drained) -> tuple[Step, ...]:
        if chain.anchor.kind == "MATMUL":
            a, b = (self.view(name) for name in chain.anchor.inputs[:2])
            return lower_matmul(a, b, self.view(chain.output), drained)
        lowered = lower_convolution(self._geometries(chain), drained, self.buffers, self.chip)
        self.buffers.update({one.name: one for one in lowered.buffers})
        return lowered.steps

    def _geometries(self, chain: TensorChain) -> list[Geometry]:
        anchor = chain.anchor
        a = self.view(anchor.inputs[0])
        if anchor.kind == "DEPTHWISE_CONV2D" and a.shape[-1] != self.view(chain.anchor.outputs[0]).shape[-1]:
            a = self._multiplied(anchor, a)
        found = [self._gathered(anchor.inputs[1], one) for one in geometries(chain, self.view, a)]
        found = [part for one in found for part in self._slabs(anchor.inputs[0], one)]
        constant = self.buffers[found[0].weights.buffer].data is not None
        if len(found) == 1 and constant and swapping_pays(found[0], self.chip):
            return [found[0].swapped(self._rearranged(anchor.inputs[0], found[0].a.transpose(SWAPPED)))]
        return found

    def _slabs(self, tensor: str, geometry: Geometry) -> list[Geometry]:
        """The geometry, or its slabs of columns with copies of their inputs."""
        parts = list(columns_of(geometry, self.chip))
        if len(parts) == 1:
            return parts
        return [replace(one, a=self._rearranged(f"{tensor}.{at}", one.a)) for at, one in enumerate(parts)]

    def _pool(self, chain: VectorChain, core: Operator) -> None:
        """A pooling in slabs of columns, one where its input is not wide."""
        a, o = self.view(chain.a.tensor), self.view(chain.output)
        pad = integers(core, "pad")
        kernel, stride = integers(core, "kernel"), integers(core, "stride")
        slabs = slabs_of(
            a,
            axis=2,
            outputs=o.shape[2],
            kernel=kernel[1],
            stride=stride[1],
            dilation=1,
            pad=pad[2],
            reach_bytes=(kernel[0] - 1) * abs(a.strides[1]),
            chip=self.chip,
        )
        for at, one in enumerate(slabs):
            source = a
            if len(slabs) > 1:
                columns = a.every(2, first=one.low, count=one.high - one.low)
                source = self._rearranged(f"{chain.a.tensor}.{at}", columns)
            views = {chain.a.tensor: source, chain.output: o.every(2, first=one.first, count=one.count)}
            moved = replace(core, attributes={**core.attributes, "pad": (*pad[:2], one.pad, pad[3])})
            steps = lower_vector(replace(chain, core=moved), partial(self._view_or, views), self.chip)
            self._emit(chain.output, "vector", steps, chain.operators, macs=0)

    def _gathered(self, tensor: str, geometry: Geometry) -> Geometry:
        """The geometry with its weights in a copy of their own where it uses less than half of a computed tensor."""
        used, whole = math.prod(geometry.weights.shape), self.buffers[geometry.weights.buffer]
        if whole.data is not None or not used or 2 * used > whole.size_bytes:
            return geometry
        copy = self._rearranged(tensor, geometry.weights.transpose(geometry.weight_order))
        return replace(geometry, weights=copy.transpose(inverse(geometry.weight_order)))

    def _multiplied(self, anchor: Operator, a: View) -> View:
        """A copy of a depthwise convolution's input with each channel as often as it has kernels."""
        multiplier = self.view(anchor.inputs[1]).shape[3]
        repeated = a.insert(len(a.shape)).broadcast((*a.shape, multiplier))
        copy = self._rearranged(anchor.inputs[0], repeated)
        joined = copy.reshape((*a.shape[:-1], a.shape[-1] * multiplier))
        if joined is None:
            raise ValueError("a dense tensor takes any shape")
        return joined

    def _rearranged(self, tensor: str, view: View) -> View:
        """A dense copy of a view of a tensor."""
        name = f"{tensor}.rearranged{len(self.kernels)}"
        size = view.dtype.size_bytes
        target = replace(view, buffer=name, offset=0, strides=dense_strides(view.shape, size))
        self.buffers[name] = Buffer(name=name, size_bytes=math.prod(view.shape) * size)
        self._copy(name, view, target)
        return target

    def _readable_weights(self, anchor: Operator) -> None:
        """See that the tensor engine can read weights and bias that are no constants; otherwise copy them."""
        weights, bias = (self.view(name) for name in anchor.inputs[1:3])
        dense = weights.dense if anchor.kind == "DEPTHWISE_CONV2D" else weights.strides[-1] == 1
        if self.buffers[weights.buffer].data is None and not dense:
            self.views[anchor.inputs[1]] = self._copied(anchor.inputs[1], weights)
        channels = self.lookup.graph.tensor(anchor.outputs[0]).shape[-1]
        if self.lookup.graph.constant(anchor.inputs[2]) is None and (not bias.dense or bias.shape != (channels,)):
            self.views[anchor.inputs[2]] = self._rearranged(anchor.inputs[2], bias.broadcast((channels,)))

    def _readable(self, tensor: str, *, allow_columns: bool) -> None:
        """See that the tensor engine can read a tensor: one dense dimension, none backwards; otherwise copy it."""
        view = self.view(tensor)
        axes = (-1, -2) if allow_columns else (-1,)
        if min(view.strides) < 0 or not any(view.strides[axis] == 1 for axis in axes):
            self.views[tensor] = self._copied(tensor, view)

    def _view(self, op: Operator) -> None:
        source = self.view(op.inputs[0])
        shape = self.lookup.graph.tensor(op.outputs[0]).shape
        match op.kind:
            case "RESHAPE":
                view = source.reshape(shape) or self._copied(op.inputs[0], source).reshape(shape)
            case "TRANSPOSE":
                view = source.transpose(integers(op, "perms"))
            case "SLICE":
                start = self.lookup.graph.constants[op.inputs[1]]
                view = source.slice(tuple(int(one) for one in start), shape)
            case "REVERSE":
                view = source.reverse(integer(op, "axis"))
            case _:
                view = source
        if view is None:
            raise ValueError(f"{op.name}: a dense tensor takes any shape")
        self.views[op.outputs[0]] = view

    def _concatenate(self, op: Operator) -> None:
        for name, place in self._parts(op, self.view(op.outputs[0])):
            if self.view(name) != place:
                self._copy(f"{op.name}.{name}", self.view(name), place)

    def _outputs(self) -> dict[str, View]:
        """Views of the graph's outputs, each the whole of a buffer that no other port has."""
        outputs: dict[str, View] = {}
        taken = set(self.lookup.graph.inputs)
        for name in self.lookup.graph.outputs:
            view = self.view(name)
            whole = self.buffers[view.buffer]
            fills = view.dense and whole.data is None and view.extent == (0, whole.size_bytes)
            outputs[name] = view if fills and view.buffer not in taken else self._copied(name, view)
            taken.add(outputs[name].buffer)
        return outputs

    def _copied(self, tensor: str, view: View) -> View:
        name = f"{tensor}.dense{len(self.kernels)}"
        one = self.lookup.graph.tensor(tensor)
        self.buffers[name] = Buffer(name=name, size_bytes=one.size_bytes)
        target = dense_view(one, name)
        self._copy(name, view, target)
        return target

    def _copy(self, name: str, source: View, target: View) -> None:
        self._emit(name, "vector", lower_copy(source, target, self.chip), (), macs=0)

    def _emit(self, output: str, kind: str, steps: tuple[Step, ...], operators: tuple[str, ...], *, macs: int) -> None:
        name = f"k{len(self.kernels)}:{operators[-1] if operators else output}"
        self.kernels.append(Kernel(name=name, kind=kind, steps=steps, operators=operators, macs=macs))
        for one in operators:
            self._record(one, kind, name, operators)

    # --- placements -----------------------------------------------------------------------------------------------

    def _record(self, operator: str, kind: str, kernel: str, operators: tuple[str, ...]) -> None:
        op = self.lookup.operator(operator)
        others = [self.lookup.operator(one).kind for one in operators if one != operator]
        reason = f"fused with {', '.join(others)}" if others else "an instruction of its own"
        self.placements.setdefault(
            operator, Placement(name=operator, kind=op.kind, placed=kind, reason=reason, kernel=kernel)
        )

    def _placement(self, op: Operator) -> Placement:
        if op.name in self.placements:
            return self.placements[op.name]
        reasons = {"CONCAT": "its inputs are computed or copied into their places"}
        if op.kind in VIEW_KINDS or op.kind in reasons:
            reason = reasons.get(op.kind, "another view of the same bytes")
            return Placement(name=op.name, kind=op.kind, placed="view", reason=reason, kernel="")
        return Placement(name=op.name, kind=op.kind, placed="dead", reason="no output depends on it", kernel="")
