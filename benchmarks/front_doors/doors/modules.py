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

CALIBRATION_INPUTS = 16
JUDGED_INPUTS = 4
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
    """Three subjects for each network."""
    return [subject for network in networks for subject in _list_doors(package, network)]


def _list_doors(package: str, network: ModuleNetwork) -> list[Subject]:
    model = f"doors.groups.{package.replace('-', '_')}:{network.function}"
    by_pytorch = Subject(
        group=package,
        file=network.function,
        door=Door.PYTORCH,
        packages=(package,),
        make=partial(make_module, model, network.ports),
    )
    by_onnx = [
        Subject(
            group=package,
            file=f"{network.function}.{exporter}.onnx",
            door=Door.ONNX,
            packages=(package, "onnxscript") if exporter is Exporter.DYNAMO else (package,),
            make=partial(make_export, model, network.ports, exporter),
        )
        for exporter in Exporter
    ]
    return [by_pytorch, *by_onnx]


def make_module(model: str, ports: Sequence[Port], _folder: Path) -> Example:
    """A network by its function, beside the eager module."""
    inputs = draw_ports(ports, JUDGED_INPUTS, seed=1)
    return Example(
        model=model,
        input_names=tuple(port.name for port in ports),
        calibration=draw_ports(ports, CALIBRATION_INPUTS, seed=0),
        inputs=inputs,
        expected=run_module(build_module(model), inputs),
    )


def make_export(model: str, ports: Sequence[Port], exporter: Exporter, folder: Path) -> Example:
    """The `.onnx` file of a network, beside onnxruntime on that file."""
    file = folder / "model.onnx"
    export_module(build_module(model), ports, exporter, file)
    inputs = draw_ports(ports, JUDGED_INPUTS, seed=1)
    return Example(
        model=str(file),
        input_names=tuple(port.name for port in ports),
        calibration=draw_ports(ports, CALIBRATION_INPUTS, seed=0),
        inputs=inputs,
        expected=run_onnx(file, inputs),
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
