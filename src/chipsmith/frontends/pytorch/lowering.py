"""From the nodes of an exported program to a float TOSA graph: constants folded by PyTorch, the rest by handlers."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chipsmith.errors import ChipsmithError, OperatorRefused
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.pytorch.calls import AtenCall, Result
from chipsmith.frontends.pytorch.data_dependent import advise
from chipsmith.frontends.pytorch.decompose import list_leaves, list_tensors, take_apart
from chipsmith.frontends.pytorch.exported import innermost_module, locate_node
from chipsmith.frontends.pytorch.functional import is_write, operator_name
from chipsmith.frontends.pytorch.handlers import HANDLERS
from chipsmith.quantisation.network import FloatLayer
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule, Node

_ASSERTIONS = frozenset(
    [
        "_assert_tensor_metadata",
        "_assert_async",
        "_assert_scalar",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
    ]
)
_MOVES = frozenset(
    [
        "view",
        "reshape",
        "flatten",
        "unflatten",
        "permute",
        "transpose",
        "t",
        "unsqueeze",
        "squeeze",
        "expand",
        "expand_as",
        "contiguous",
        "clone",
        "detach",
        "alias",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "chunk",
        "unbind",
        "dropout",
        "feature_dropout",
        "to",
        "_to_copy",
        "view_as",
        "cat",
        "stack",
    ]
)
"""Operators that leave every value as it is: their results are no layers."""


@dataclass(kw_only=True, eq=False)
class ProgramLowering:
    """The lowering of one program into `build`, node by node; `layers` are those of the nodes so far.

    The origin of an operator is its node; `paths` has the path of the module of each, or the node's own name.
    `within` is the place of the author's node that is taken apart, while its parts are lowered.
    """

    build: GraphBuilder
    within: str | None = None
    layers: list[FloatLayer] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)

    def run(self, module: GraphModule, inputs: Mapping[str, Result]) -> Result:
        """What the output node of a graph holds; `inputs` are the results of its placeholders by their names."""
        results: dict[Node, Result] = {}
        for node in module.graph.nodes:
            match node.op:
                case "placeholder":
                    results[node] = inputs[node.name]
                case "get_attr":
                    results[node] = _attribute(module, str(node.target))
                case "output":
                    break
                case _:
                    results[node] = self._run_node(node, results)
        return _substitute(node.args[0], results)

    def _run_node(self, node: Node, results: Mapping[Node, Result]) -> Result:
        args, kwargs = _substitute(node.args, results), _substitute(node.kwargs, results)
        if self.within is not None:
            return self._compute(node, args, kwargs)
        path, _ = innermost_module(node)
        self.build.scope = self.build.origin = node.name
        self.paths[node.name] = path or node.name
        result = self._compute(node, args, kwargs)
        self._keep_layer(node, result)
        return result

    def _compute(self, node: Node, args: Any, kwargs: Any) -> Result:
        import torch

        if inspect.isbuiltin(node.target) or inspect.isfunction(node.target):
            return node.target(*args, **kwargs)
        if not hasattr(node.target, "_schema"):
            return self._run_inner_graph(node, args)
        if operator_name(node.target) in _ASSERTIONS:
            return None
        call = _read_call(node, args, kwargs, build=self.build, place=self._locate(node))
        if torch.Tag.nondeterministic_seeded in node.target.tags and _draws(call):
            raise OperatorRefused(
                f"{call.title}: random numbers are drawn anew at each call; make them an input of the network"
            )
        _refuse_missing(call, node, args)
        if not any(isinstance(item, (GraphValue, Const)) for item in list_leaves((args, kwargs))):
            return _fold(node, args, kwargs)
        if len(call.results) == 1 and any(isinstance(size, int) and size == 0 for size in call.results[0].shape):
            return _empty(call.results[0])
        return self._handle(call, node, args, kwargs)

    def _handle(self, call: AtenCall, node: Node, args: Any, kwargs: Any) -> Result:
        handler = HANDLERS.get(call.operator)
        if handler is None:
            return self._take_apart(node, call, args, kwargs)
        try:
            return handler(call)
        except OperatorRefused:
            raise
        except ChipsmithError as error:
            raise type(error)(f"{call.title}: {error}") from error

    def _take_apart(self, node: Node, call: AtenCall, args: Any, kwargs: Any) -> Result:
        """Lower a node without a handler by PyTorch's own decomposition of it."""
        graph = take_apart(node.target, args, kwargs, build=self.build, known=HANDLERS)
        if graph is None:
            raise call.refuse(_why_missing(node, call.place))
        names = [inner.name for inner in graph.graph.nodes if inner.op == "placeholder"]
        inputs = dict(zip(names, list_tensors((args, kwargs)), strict=True))
        return ProgramLowering(build=self.build, within=call.place).run(graph, inputs)

    def _run_inner_graph(self, node: Node, args: Any) -> Result:
        """Graphs inside of a graph: those of a context, such as autocast, and a branch that is known."""
        import torch

        graphs = [item for item in args if isinstance(item, torch.fx.GraphModule)]
        name = operator_name(node.target)
        if name == "cond" and not isinstance(args[0], GraphValue):
            chosen, operands = graphs[0 if bool(args[0]) else 1], args[3]
        elif len(graphs) == 1 and name.startswith("wrap_with"):
            chosen, operands = graphs[0], args[args.index(graphs[0]) + 1 :]
        else:
            raise OperatorRefused(
                f"{_title(name, self._locate(node))}: the network decides while it runs what it computes. Compute both "
                "and choose by torch.where, or do it outside of the network"
            )
        names = [inner.name for inner in chosen.graph.nodes if inner.op == "placeholder"]
        return self.run(chosen, dict(zip(names, operands, strict=True)))

    def _locate(self, node: Node) -> str:
        return locate_node(node) if self.within is None else self.within

    def _keep_layer(self, node: Node, result: Result) -> None:
        if not isinstance(result, GraphValue) or self.build.dtype(result.tensor) is not DType.FP32:
            return
        name = operator_name(node.target)
        if name in _MOVES or node.target is operator.getitem or result.tensor not in self.build.origins:
            return
        layer = FloatLayer(
            name=self.paths[node.name], operator=name, tensor=result.tensor, axes=result.axes, source=node.name
        )
        self.layers.append(layer)


def _title(name: str, place: str) -> str:
    return f"{name} ({place})" if place else name


def _read_call(node: Node, args: Any, kwargs: Any, *, build: GraphBuilder, place: str) -> AtenCall:
    target: Any = node.target
    operands = {argument.name: argument.default_value for argument in target._schema.arguments}
    operands.update(zip(operands, args, strict=False))
    operands.update(kwargs)
    name = operator_name(target)
    return AtenCall(
        operator=name, title=_title(name, place), place=place, operands=operands, results=_results(node), build=build
    )


def _results(node: Node) -> tuple[torch.Tensor, ...]:
    value = node.meta.get("val")
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(item for item in items if hasattr(item, "dtype"))


def _empty(foreseen: torch.Tensor) -> Result:
    """A tensor without elements, which is as good as constant."""
    import torch

    return torch.zeros(tuple(foreseen.shape), dtype=foreseen.dtype)


def _draws(call: AtenCall) -> bool:
    """Whether an operator that may draw random numbers does: those with a handler draw in training alone."""
    training = any(call.flag(name) for name in ("train", "training"))
    return call.operator not in HANDLERS or training or bool(call.operands.get("dropout_p"))


def _why_missing(node: Node, place: str) -> str:
    """Why an operator has no handler: a number that leaves the tensors is no operator of the user's own."""
    if "_local_scalar_dense" in str(node.target):
        return advise(place.rpartition(".py:")[2].partition(": ")[2])
    return "it has no counterpart on the chip"


def _refuse_missing(call: AtenCall, node: Node, args: Any) -> None:
    """Refuse to read a result that its operator's lowering does not have."""
    for given, value in zip(node.args, args, strict=False):
        if value is None and getattr(given, "meta", {}).get("val") is not None:
            raise call.refuse(
                f"it reads '{given}', a result that has no form here (such as the places of a pooling's maxima)"
            )


def _fold(node: Node, args: Any, kwargs: Any) -> Result:
    """Compute a node of constants by PyTorch."""
    import torch

    target: Any = node.target
    with torch.no_grad():
        operands = (args[0].clone(), *args[1:]) if is_write(node) else args
        return target(*operands, **kwargs)


def _attribute(module: GraphModule, path: str) -> Any:
    value: Any = module
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _substitute(item: Any, results: Mapping[Node, Result]) -> Any:
    """Operands with what nodes gave in the place of the nodes; sequences become lists."""
    if isinstance(item, (list, tuple)):
        return [_substitute(part, results) for part in item]
    if isinstance(item, dict):
        return {key: _substitute(part, results) for key, part in item.items()}
    return results[item] if hasattr(item, "all_input_nodes") else item
