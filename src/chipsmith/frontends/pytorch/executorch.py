"""Quantisation-aware training by PT2E, and its result as the bytes of a TOSA file; what is left outside is refused."""

from __future__ import annotations

import operator
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.pytorch.exported import ModuleCall, export_module, innermost_module, silence
from chipsmith.frontends.pytorch.operator_names import read_operator_names

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import Node

    Batch = tuple[torch.Tensor, ...]

QUANTIZE = "quantized_decomposed.quantize_per_tensor.default"
DEQUANTIZE = "quantized_decomposed.dequantize_per_tensor.default"
_SPECIFICATION = "TOSA-1.0+INT"
_DELEGATE = "executorch_call_delegate"
_AT_WORK = re.compile(r"While executing %\S+ :.*?target=(?:executorch\.exir\.dialects\.edge\._ops\.)?([\w.]+)")


@dataclass(frozen=True, kw_only=True)
class IoQuantisation:
    """Quantisation of the network's input or output at `position`; no scale where it is an integer.

    It is the file's input or output number `index`; an output that the network gives twice has two positions.
    """

    position: int
    index: int
    scale: float | None
    zero_point: int


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """A TOSA file, the quantisation of the network's inputs and outputs, and its operators' origins by name.

    `operator_names` is as read_operator_names gives it.
    """

    tosa: bytes
    operator_names: dict[str, str]
    inputs: tuple[IoQuantisation, ...]
    outputs: tuple[IoQuantisation, ...]


def prepare_training(exported: ExportedProgram, name: str) -> torch.nn.Module:
    """The network for quantisation-aware training by PT2E: it rounds weights and activations as int8 does.

    `exported` is of evaluation mode: batch normalisations are folded into the convolutions before them first, so that
    the weights that are trained and rounded are the chip's own. Raises OperatorRefused, with ExecuTorch's reason, where
    its quantiser fails.
    """
    with _refuse_in_one_line(name), silence():
        from executorch.backends.arm.quantizer import get_symmetric_quantization_config
        from torchao.quantization.pt2e.quantize_pt2e import prepare_qat_pt2e
        from torchao.quantization.pt2e.utils import _fuse_conv_bn_

        network = exported.module(check_guards=False)
        _fuse_conv_bn_(network)
        for parameter in network.parameters():
            parameter.requires_grad_(parameter.is_floating_point())
        quantizer = _build_quantizer(get_symmetric_quantization_config(is_per_channel=True, is_qat=True))
        prepared: torch.nn.Module = prepare_qat_pt2e(network, quantizer)
    return prepared


def convert_trained(prepared: torch.nn.Module, name: str) -> torch.nn.Module:
    """The int8 network of what prepare_training gave, which is used up. Raises as prepare_training does."""
    with _refuse_in_one_line(name), silence():
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e

        converted: torch.nn.Module = convert_pt2e(prepared)
    return converted


def _build_quantizer(config: Any) -> Any:
    """ExecuTorch's TOSA quantiser with one configuration for the whole network."""
    from executorch.backends.arm.quantizer import TOSAQuantizer
    from executorch.backends.arm.tosa.compile_spec import TosaCompileSpec

    quantizer = TOSAQuantizer(TosaCompileSpec(_SPECIFICATION))
    quantizer.set_global(config)
    return quantizer


@contextmanager
def _refuse_in_one_line(name: str) -> Iterator[None]:
    """ExecuTorch fails in its own passes on some combinations of operators: name the operator and its reason."""
    try:
        yield
    except Exception as error:
        raise OperatorRefused(
            f"'{name}' cannot be lowered to TOSA in int8: {_summarise(error)}. Replace that part of the network, or do "
            "it outside of it"
        ) from error


def _summarise(error: BaseException) -> str:
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    at_work = _AT_WORK.search(str(cause))
    return f"at {at_work[1]}, {lines[0]}" if at_work else lines[0]


def lower_program(converted: torch.nn.Module, example_inputs: Batch, name: str) -> Lowered:
    """The converted network as one TOSA file; OperatorRefused naming what stays outside of it or cannot be lowered."""
    exported = export_module(converted, ModuleCall(positional=example_inputs), name)
    with _refuse_in_one_line(name), silence(), tempfile.TemporaryDirectory(prefix="chipsmith-") as folder:
        from executorch.backends.arm.tosa.compile_spec import TosaCompileSpec
        from executorch.backends.arm.tosa.partitioner import TOSAPartitioner
        from executorch.exir import to_edge_transform_and_lower

        specification = TosaCompileSpec(_SPECIFICATION).dump_intermediate_artifacts_to(folder)
        specification.dump_debug_info(TosaCompileSpec.DebugMode.JSON)
        edge = to_edge_transform_and_lower(exported, partitioner=[TOSAPartitioner(specification)])
        files = [file.read_bytes() for file in sorted(Path(folder).glob("*.tosa"))]
        records = [file.read_text() for file in Path(folder).glob("*.json")]
    return _require_whole(edge.exported_program(), files, records, name)


def _require_whole(edge: ExportedProgram, files: Sequence[bytes], records: Sequence[str], name: str) -> Lowered:
    left = [node for node in edge.graph.nodes if not _is_border(node)]
    if left or len(files) != 1:
        raise OperatorRefused(_explain_refusal(left, len(files), name))
    names = read_operator_names(records[0])
    return Lowered(tosa=files[0], operator_names=names, inputs=_read_inputs(edge), outputs=_read_outputs(edge))


def _is_border(node: Node) -> bool:
    """Whether a node of the lowered program is the delegated graph or the quantisation around it."""
    if node.op != "call_function" or _is_delegate(node):
        return True
    if node.target is operator.getitem:
        return _is_delegate(_first_argument(node))
    if _name_target(node) == QUANTIZE:
        return _first_argument(node).op == "placeholder" and all(_is_delegate(user) for user in node.users)
    if _name_target(node) == DEQUANTIZE:
        return _first_argument(node).target is operator.getitem and all(user.op == "output" for user in node.users)
    return False


def _name_target(node: Node) -> str:
    return str(getattr(node.target, "_op", node.target))


def _first_argument(node: Node) -> Any:
    return node.args[0]


def _is_delegate(node: Node) -> bool:
    return node.op == "call_function" and str(node.target) == _DELEGATE


def _explain_refusal(left: Sequence[Node], files: int, name: str) -> str:
    operators = dict.fromkeys(_describe(node) for node in left if not _is_glue(node))
    if not operators:
        return f"'{name}' lowers to {files} TOSA graphs and not to one; its inputs must reach its outputs in int8"
    return (
        f"'{name}' has operators without an int8 form in TOSA: {', '.join(operators)}. Replace them in the network, "
        "or do them outside of it"
    )


def _is_glue(node: Node) -> bool:
    """What stands around an operator that was left out, and is not to blame."""
    return node.target is operator.getitem or _name_target(node) in (QUANTIZE, DEQUANTIZE)


def _describe(node: Node) -> str:
    """The operator's name and the place that calls it, as far as PyTorch recorded it."""
    place = _name_module(node) or _quote_line(node)
    return f"{_name_target(node)} (in {place})" if place else _name_target(node)


def _name_module(node: Node) -> str:
    """The path and class of the innermost module; none for the network itself."""
    path, kind = innermost_module(node)
    return f"{path}, a {kind}" if path else ""


def _quote_line(node: Node) -> str:
    """The source line of the network's own `forward`."""
    lines = (node.meta.get("stack_trace") or "").strip().splitlines()
    places = [index for index, line in enumerate(lines) if line.strip().startswith("File ")]
    if not places or "executorch" in lines[places[-1]] or places[-1] + 1 == len(lines):
        return ""
    return f"'{lines[places[-1] + 1].strip()}'"


def _read_inputs(edge: ExportedProgram) -> tuple[IoQuantisation, ...]:
    positions = {name: index for index, name in enumerate(edge.graph_signature.user_inputs)}
    (delegate,) = (node for node in edge.graph.nodes if _is_delegate(node))
    return tuple(_read_input(node, index, positions) for index, node in enumerate(delegate.args[1:]))


def _read_input(node: Node, index: int, positions: dict[Any, int]) -> IoQuantisation:
    if node.op == "placeholder":
        return IoQuantisation(position=positions[node.name], index=index, scale=None, zero_point=0)
    source, scale, zero_point, *_ = node.args
    return IoQuantisation(position=positions[source.name], index=index, scale=float(scale), zero_point=int(zero_point))


def _read_outputs(edge: ExportedProgram) -> tuple[IoQuantisation, ...]:
    """One for each output of the network, in its order."""
    return tuple(
        _read_output(node, position) for position, node in enumerate(_first_argument(edge.graph.output_node()))
    )


def _read_output(node: Node, position: int) -> IoQuantisation:
    item, scale, zero_point, *_ = node.args if _name_target(node) == DEQUANTIZE else (node, None, 0)
    return IoQuantisation(position=position, index=item.args[1], scale=scale, zero_point=zero_point)
