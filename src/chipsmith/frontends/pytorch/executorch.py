"""PT2E with ExecuTorch's quantiser: a module that rounds as it is trained, and what it becomes with its integers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.pytorch.exported import silence

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

_SPECIFICATION = "TOSA-1.0+INT"
_AT_WORK = re.compile(r"While executing %\S+ :.*?target=(?:executorch\.exir\.dialects\.edge\._ops\.)?([\w.]+)")


def prepare_training(exported: ExportedProgram, name: str) -> torch.nn.Module:
    """The network for quantisation-aware training by PT2E: it rounds weights and activations as int8 does.

    `exported` is of evaluation mode: batch normalisations are folded into the convolutions before them first, so that
    the weights that are trained and rounded are the chip's own. Raises OperatorRefused, with ExecuTorch's reason, where
    its quantiser fails.
    """
    with _refuse_in_one_line(name), silence():
        from executorch.backends.arm.quantizer import TOSAQuantizer, get_symmetric_quantization_config
        from executorch.backends.arm.tosa.compile_spec import TosaCompileSpec
        from torchao.quantization.pt2e.quantize_pt2e import prepare_qat_pt2e
        from torchao.quantization.pt2e.utils import _fuse_conv_bn_

        network = exported.module(check_guards=False)
        _fuse_conv_bn_(network)
        for parameter in network.parameters():
            parameter.requires_grad_(parameter.is_floating_point())
        quantizer = TOSAQuantizer(TosaCompileSpec(_SPECIFICATION))
        quantizer.set_global(get_symmetric_quantization_config(is_per_channel=True, is_qat=True))
        prepared: torch.nn.Module = prepare_qat_pt2e(network, quantizer)
    return prepared


def convert_trained(prepared: torch.nn.Module, name: str) -> torch.nn.Module:
    """The int8 network of what prepare_training gave, which is used up. Raises as prepare_training does."""
    with _refuse_in_one_line(name), silence():
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e

        converted: torch.nn.Module = convert_pt2e(prepared)
    return converted


@contextmanager
def _refuse_in_one_line(name: str) -> Iterator[None]:
    """ExecuTorch fails in its own passes on some combinations of operators: name the operator and its reason."""
    try:
        yield
    except Exception as error:
        raise OperatorRefused(
            f"'{name}' cannot be trained in int8: {_summarise(error)}. Replace that part of the network, or do it "
            "outside of it"
        ) from error


def _summarise(error: BaseException) -> str:
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    at_work = _AT_WORK.search(str(cause))
    return f"at {at_work[1]}, {lines[0]}" if at_work else lines[0]
