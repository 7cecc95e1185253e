"""Functions of one int8 value: whatever chain of operators computes them, they have 256 results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from chipsmith.tosa.graph import Array, AttributeValue, DType, Graph, Operator, Tensor
from chipsmith.tosa.passes.rewrite import Constant, Replacement, Site, reshape, rewrite
from chipsmith.tosa.reference import evaluate

_INT8_VALUES: Array = np.arange(-128, 128).astype(np.int8)
_FEWEST_TABULATED = 2
_LOGIC = ("BITWISE_AND", "BITWISE_NOT", "BITWISE_OR", "BITWISE_XOR", "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR")
_SHIFTS = ("ARITHMETIC_RIGHT_SHIFT", "LOGICAL_LEFT_SHIFT", "LOGICAL_RIGHT_SHIFT")
_COMPARISONS = ("EQUAL", "GREATER", "GREATER_EQUAL", "MAXIMUM", "MINIMUM", "SELECT", "LOGICAL_XOR")
_ARITHMETIC = ("ABS", "ADD", "CAST", "CLAMP", "CLZ", "INTDIV", "MUL", "NEGATE", "RESCALE", "SUB", "TABLE")
_POINTWISE = frozenset({*_LOGIC, *_SHIFTS, *_COMPARISONS, *_ARITHMETIC, "RESHAPE"})
_OWN_SHAPE = {("TABLE", 1), ("RESHAPE", 1)}
"""Operands that are not elements to compute with."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The int8 tensor `end` as a function of the int8 tensor `root`, element by element.

    `operators` compute it, in order; `freed` of them, reshapes not counted, are needed for nothing else.
    """

    root: str
    end: str
    operators: tuple[Operator, ...]
    freed: int


def tabulate(graph: Graph) -> Graph:
    """An int8 tensor that is a function of another, element by element, becomes a TABLE of it.

    Done where two operators or more go with it, or where the function is the identity and needs no table. The
    table holds the reference's result for each of the 256 values.
    """
    site = Site(graph)
    chains = tuple(_chains(site))
    if not chains:
        return graph
    tables = _tables(site, chains)
    replacements = {chain.end: _replacement(site, chain, tables[chain.end]) for chain in chains}
    return rewrite(graph, lambda _, op: replacements.get(op.outputs[0]))


def _chains(site: Site) -> Iterator[Chain]:
    """From the outputs backwards, so that a chain is found whole and its inner tensors are left to it."""
    roots, readers = _roots(site), _readers(site.graph)
    gone: set[str] = set()
    for op in reversed(site.graph.operators):
        end = op.outputs[0]
        root = roots.get(end, end)
        if end in gone or root == end or site.graph.tensor(end).dtype is not DType.INT8:
            continue
        operators = _between(site, root, end)
        freed = _freed(operators, end, readers)
        gone.update(freed)
        counted = sum(op.outputs[0] in freed for op in operators if op.kind != "RESHAPE")
        if counted:
            yield Chain(root=root, end=end, operators=operators, freed=counted)


def _roots(site: Site) -> dict[str, str]:
    """For each tensor that is a function of one int8 tensor, that tensor: the farthest one."""
    roots = {name: name for name in site.graph.inputs if site.graph.tensor(name).dtype is DType.INT8}
    for op in site.graph.operators:
        end = op.outputs[0]
        root = _common_root(site, op, roots)
        if root is not None:
            roots[end] = root
        elif site.graph.tensor(end).dtype is DType.INT8:
            roots[end] = end
    return roots


def _common_root(site: Site, op: Operator, roots: Mapping[str, str]) -> str | None:
    computed = [name for name in op.inputs if name not in site.graph.constants]
    if op.kind not in _POINTWISE or not computed or not _constants_are_single(site, op):
        return None
    elements = site.graph.tensor(op.outputs[0]).elements
    found = {roots.get(name) for name in computed}
    whole = all(site.graph.tensor(name).elements == elements for name in computed)
    return found.pop() if whole and len(found) == 1 else None


def _constants_are_single(site: Site, op: Operator) -> bool:
    operands = ((index, site.graph.constant(name)) for index, name in enumerate(op.inputs))
    return all(data is None or data.size == 1 or (op.kind, index) in _OWN_SHAPE for index, data in operands)


def _readers(graph: Graph) -> Mapping[str, set[str]]:
    """For each tensor the outputs of the operators that read it; a graph output is read by the outside, ''."""
    readers: dict[str, set[str]] = {name: set() for name in graph.tensors}
    for op in graph.operators:
        for name in op.inputs:
            readers[name].update(op.outputs)
    for name in graph.outputs:
        readers[name].add("")
    return readers


def _between(site: Site, root: str, end: str) -> tuple[Operator, ...]:
    needed = {end}
    found: list[Operator] = []
    for op in reversed(site.graph.operators):
        if op.outputs[0] in needed and op.outputs[0] != root:
            found.append(op)
            needed.update(op.inputs)
    return tuple(reversed(found))


def _freed(operators: Iterable[Operator], end: str, readers: Mapping[str, set[str]]) -> set[str]:
    """What these operators make that nothing reads once `end` comes from elsewhere; `end` is counted among it."""
    freed = {end}
    for op in reversed(tuple(operators)):
        if readers[op.outputs[0]] <= freed:
            freed.add(op.outputs[0])
    return freed


def _tables(site: Site, chains: tuple[Chain, ...]) -> Mapping[str, Array]:
    """For each chain's end its 256 values, for the root's values from -128 on."""
    needed = {op.outputs[0] for chain in chains for op in chain.operators}
    operators = [op for op in site.graph.operators if op.outputs[0] in needed]
    views = {op.outputs[0]: op.inputs[0] for op in operators if op.kind == "RESHAPE"}
    results = {chain.end: _viewed(chain.end, views) for chain in chains}
    computing = tuple(
        replace(op, inputs=tuple(_viewed(name, views) for name in op.inputs), attributes=_flat_attributes(op))
        for op in operators
        if op.kind != "RESHAPE"
    )
    roots = tuple(dict.fromkeys(chain.root for chain in chains))
    alone = replace(_flat(site.graph, computing), inputs=roots, outputs=tuple(dict.fromkeys(results.values())))
    values = evaluate(alone, dict.fromkeys(roots, _INT8_VALUES))
    return {end: np.ascontiguousarray(values[name]) for end, name in results.items()}


def _flat_attributes(op: Operator) -> Mapping[str, AttributeValue]:
    """A RESCALE by channel has one channel here: its scales are single."""
    return {name: False if name == "per_channel" else value for name, value in op.attributes.items()}


def _viewed(name: str, views: Mapping[str, str]) -> str:
    while name in views:
        name = views[name]
    return name


def _flat(graph: Graph, operators: tuple[Operator, ...]) -> Graph:
    """These operators on 256 elements in one axis, and each constant of one element in one axis too."""
    constants = {name: data.reshape(1) if data.size == 1 else data for name, data in graph.constants.items()}
    tensors = dict(graph.tensors)
    for name in {name for op in operators for name in (*op.inputs, *op.outputs)}:
        shape = constants[name].shape if name in constants else (len(_INT8_VALUES),)
        tensors[name] = replace(tensors[name], shape=shape)
    used = {name: data for name, data in constants.items() if data.shape == tensors[name].shape}
    return replace(graph, tensors=tensors, operators=operators, constants=used)


def _replacement(site: Site, chain: Chain, table: Array) -> Replacement | None:
    op = site.sources[chain.end]
    same_shape = site.shape(chain.root) == site.shape(chain.end)
    if np.array_equal(table, _INT8_VALUES):
        identity = Replacement(operators=(replace(op, kind="IDENTITY", inputs=(chain.root,), attributes={}),))
        return identity if same_shape else reshape(site, op, chain.root)
    if chain.freed < _FEWEST_TABULATED:
        return None
    return _lookup(site, op, chain.root, table) if same_shape else _lookup_and_reshape(site, op, chain.root, table)


def _lookup(site: Site, op: Operator, root: str, table: Array) -> Replacement:
    name = site.fresh(f"{op.outputs[0]}/table")
    looked_up = replace(op, kind="TABLE", inputs=(root, name), attributes={})
    return Replacement(operators=(looked_up,), constants={name: Constant(table, DType.INT8)})


def _lookup_and_reshape(site: Site, op: Operator, root: str, table: Array) -> Replacement:
    flat = site.fresh(f"{op.outputs[0]}/values")
    looked_up = _lookup(site, replace(op, name=flat, outputs=(flat,)), root, table)
    reshaped = reshape(site, op, flat)
    return Replacement(
        operators=(*looked_up.operators, *reshaped.operators),
        constants={**looked_up.constants, **reshaped.constants},
        tensors=(Tensor(name=flat, shape=site.shape(root), dtype=DType.INT8),),
    )
