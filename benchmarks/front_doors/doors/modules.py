"""PyTorch networks of packages as Subjects: by the PyTorch door, and by the ONNX door behind both of its exporters."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from doors.subject import Door, Example, Inference, Subject
from doors.truth import run_module, run_onnx

if TYPE_CHECKING:
    from torch import nn

OPSET = {"torchscript": 17, "dynamo": 18}


class Exporter(StrEnum):
    """The exporters of `torch.onnx.export`."""

    TORCHSCRIPT = "torchscript"
    DYNAMO = "dynamo"


@dataclass(frozen=True, kw_only=True)
class Port:
    """An argument of `forward`: its name and shape; `tokens` is how many there are, None for normal float32 values."""

    name: str
    shape: tuple[int, ...]
    tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class ModuleNetwork:
    """A network of a package: the function of the group's file that builds it, and the arguments of its `forward`."""

    function: str
    ports: tuple[Port, ...]
    calibration_inputs: int = 16
    judged_inputs: int = 4


def image(channels: int, size: int, *, name: str = "x") -> tuple[Port, ...]:
    """A square image as the only input."""
    return (Port(name=name, shape=(1, channels, size, size)),)


def seeded(build: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """The same weights each time, in evaluation mode."""

    @functools.wraps(build)
    def build_seeded() -> nn.Module:
        import torch

        torch.manual_seed(0)
        return build().eval()

    return build_seeded


def list_modules(package: str, networks: Sequence[ModuleNetwork]) -> list[Subject]:
    """Three subjects for each network: the module, and the files that each exporter writes."""
    forms = (None, *Exporter)
    return [list_subject(package, (package,), network, exporter) for network in networks for exporter in forms]


def list_subject(group: str, packages: tuple[str, ...], network: ModuleNetwork, exporter: Exporter | None) -> Subject:
    """A network of the file of a group: its module, or where an exporter is given the file that this writes."""
    model = f"doors.groups.{group.replace('-', '_')}:{network.function}"
    if exporter is None:
        make = partial(make_module, model, network)
        return Subject(group=group, file=network.function, door=Door.PYTORCH, packages=packages, make=make)
    return Subject(
        group=group,
        file=f"{network.function}.{exporter}.onnx",
        door=Door.ONNX,
        packages=(*packages, "onnxscript") if exporter is Exporter.DYNAMO else packages,
        make=partial(make_export, model, network, exporter),
    )


def make_module(model: str, network: ModuleNetwork, _folder: Path) -> Example:
    """A network by its function, beside the eager module."""
    inputs = draw_ports(network.ports, network.judged_inputs, seed=1)
    return _make_example(model, network, inputs, run_module(build_module(model), inputs))


def make_export(model: str, network: ModuleNetwork, exporter: Exporter, folder: Path) -> Example:
    """The `.onnx` file of a network, beside onnxruntime on that file."""
    file = folder / "model.onnx"
    export_module(build_module(model), network.ports, exporter, file)
    inputs = draw_ports(network.ports, network.judged_inputs, seed=1)
    return _make_example(str(file), network, inputs, run_onnx(file, inputs))


def _make_example(
    model: str, network: ModuleNetwork, inputs: tuple[Inference, ...], expected: tuple[Inference, ...]
) -> Example:
    return Example(
        model=model,
        input_names=tuple(port.name for port in network.ports),
        calibration=draw_ports(network.ports, network.calibration_inputs, seed=0),
        inputs=inputs,
        expected=expected,
    )


def build_module(model: str) -> nn.Module:
    """The module that `package.module:function` returns."""
    module, _, function = model.partition(":")
    built: nn.Module = getattr(import_module(module), function)()
    return built


def export_module(module: nn.Module, ports: Sequence[Port], exporter: Exporter, file: Path) -> None:
    """Write a module as an `.onnx` file, its weights in it."""
    import torch

    example = tuple(torch.from_numpy(array) for array in draw_ports(ports, 1, seed=0)[0])
    torch.onnx.export(
        module,
        example,
        str(file),
        dynamo=exporter is Exporter.DYNAMO,
        external_data=False,
        opset_version=OPSET[exporter],
        input_names=[port.name for port in ports],
    )


def draw_ports(ports: Sequence[Port], count: int, *, seed: int) -> tuple[Inference, ...]:
    """`count` inferences of random inputs."""
    draw = np.random.default_rng(seed)
    return tuple(tuple(_draw_port(port, draw) for port in ports) for _ in range(count))


def _draw_port(port: Port, draw: np.random.Generator) -> Any:
    if port.tokens is not None:
        return draw.integers(0, port.tokens, port.shape)
    return draw.standard_normal(port.shape, dtype=np.float32)


def stand_in(*names: str) -> None:
    """Put an empty module in the place of each of these, which a package imports and its networks here do not use.

    `torchvision` and `torchaudio` have no release that loads beside this torch.
    """
    for name in names:
        module = _StandIn(name)
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        sys.modules.setdefault(name, module)


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return "0"
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})
