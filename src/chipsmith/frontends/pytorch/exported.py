"""A user's module as torch.export sees it, and where in the user's code its nodes stand."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import lru_cache
from linecache import getline
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.data_dependent import advise, depends_on_values

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import Node


_UNKNOWN_OUTPUT = re.compile(r"Found <class '([\w.<>]+)'> in output")


@dataclass(frozen=True, kw_only=True, eq=False)
class ModuleCall:
    """The example arguments of a module's `forward`: `positional`, in order, and those that are given by `names`."""

    positional: tuple[torch.Tensor, ...] = ()
    named: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @property
    def tensors(self) -> tuple[torch.Tensor, ...]:
        """All of them in the order of the network's inputs."""
        return (*self.positional, *self.named.values())

    def replaced(self, tensors: tuple[torch.Tensor, ...]) -> ModuleCall:
        """The same call with other tensors, given in the order of `tensors`."""
        count = len(self.positional)
        return ModuleCall(positional=tensors[:count], named=dict(zip(self.named, tensors[count:], strict=True)))


def export_module(module: torch.nn.Module, call: ModuleCall, name: str) -> ExportedProgram:
    """The module, in evaluation mode already, as a graph of ATen operators for arguments of these shapes.

    Raises BadInput with PyTorch's reason in one line, and the user's module and line, where it cannot be exported.
    """
    import torch

    try:
        with silence(), torch.no_grad():
            return torch.export.export(module, call.positional, dict(call.named), strict=False)
    except Exception as error:  # whatever the user's own module raises while it is traced
        shapes = [list(tensor.shape) for tensor in call.tensors]
        blamed = _blame(error, module)
        raise BadInput(
            f"PyTorch cannot export '{name}' for inputs of shape {shapes}: {_reason(error, blamed)}{blamed}"
        ) from error


def _reason(error: Exception, blamed: str) -> str:
    """PyTorch's reason in a line, or in words of ours where a step depends on values.

    PyTorch's advice for what a module returns is not for those who only use the module.
    """
    if depends_on_values(f"{type(error).__name__}: {error}"):
        return advise(blamed.partition(": ")[2])
    returned = _UNKNOWN_OUTPUT.search(str(error))
    if returned:
        advice = " (use_cache=False, where it is a cache)" if returned[1].startswith("transformers.") else ""
        kind = returned[1].rsplit(".", 1)[-1]
        return f"it returns a {kind}; return tensors, or tuples, lists and dictionaries of them{advice}"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removesuffix(".")


def _blame(error: Exception, module: torch.nn.Module) -> str:
    """The innermost line of the user's that was at work, and the path of its module; empty where there is none."""
    frames = [frame for frame in _frames(error) if not _is_library(frame[0].f_code.co_filename)]
    if not frames:
        return ""
    paths = {id(part): path for path, part in module.named_modules()}
    path = next(
        (paths[id(part)] for frame, _ in reversed(frames) if id(part := frame.f_locals.get("self")) in paths), ""
    )
    frame, line = frames[-1]
    return f"; {_join(path, _quote(frame.f_code.co_filename, line))}"


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return frames


def _is_library(file: str) -> bool:
    return file.startswith("<") or any(Path(file).is_relative_to(folder) for folder in _library_folders())


@lru_cache
def _library_folders() -> tuple[Path, ...]:
    import torch

    return Path(torch.__file__).parent, Path(chipsmith.__file__).parent


def _quote(file: str, line: int) -> str:
    return f"{Path(file).name}:{line}: {getline(file, line).strip()}"


def _join(path: str, line: str) -> str:
    return ", ".join(part for part in (f"in {path}" if path else "", f"at {line}" if line else "") if part)


def innermost_module(node: Node) -> tuple[str, str]:
    """The path and the class of the module that a node belongs to; both empty for the network itself."""
    path, kind = list((node.meta.get("nn_module_stack") or {"": ("", "")}).values())[-1]
    return str(path), str(getattr(kind, "__name__", kind)).rsplit(".", 1)[-1]


def locate_node(node: Node) -> str:
    """Where the user calls a node: the path of the module and the line, such as "in encoder.0, at net.py:7: x.sort()".

    Empty where PyTorch recorded neither.
    """
    path, kind = innermost_module(node)
    return _join(f"{path}, a {kind}" if path else "", _line_of(node))


def _line_of(node: Node) -> str:
    """The innermost line of the node's stack that is the user's own."""
    lines = (node.meta.get("stack_trace") or "").splitlines()
    for index in range(len(lines) - 1, -1, -1):
        words = lines[index].strip().split('"')
        if lines[index].strip().startswith('File "') and not _is_library(words[1]):
            number = words[2].split("line ")[1].split(",")[0]
            code = lines[index + 1].strip() if index + 1 < len(lines) else ""
            return f"{Path(words[1]).name}:{number}: {code}"
    return ""


@contextmanager
def silence() -> Iterator[None]:
    """PyTorch warns, logs and prints about its own workings: not the user's concern."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def list_examples(program: ExportedProgram) -> tuple[torch.Tensor, ...]:
    """The tensors that a program takes, in their order, as far as their shapes and types."""
    given = set(program.graph_signature.user_inputs)
    values = (node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder" and node.name in given)
    return tuple(value for value in values if hasattr(value, "dtype"))
