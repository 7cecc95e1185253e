"""A network of the user's own, named as `package.module:function`."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.frontends.front_end import names_function
from chipsmith.frontends.pytorch import FRONT_END
from chipsmith.suggest import nearest_name

if TYPE_CHECKING:
    import torch


def build_module(model: str, arguments: Mapping[str, object]) -> torch.nn.Module:
    """The torch.nn.Module that the function `package.module:function` returns, or that stands under that name.

    The current directory can be imported from. Of `arguments` the function is given those that it has arguments
    for. Raises BadInput where the name, the function or what it returns does not fit, or torch is missing.
    """
    module_name, function = split_name(model)
    require_package("torch", extra=FRONT_END.extra, task=f"build {model}")
    with importable_here(), redirect_stdout(sys.stderr):
        return _build(_import(module_name), function, model, arguments)


def split_name(model: str) -> tuple[str, str]:
    """The module and the function of `package.module:function`; raises BadInput for any other form."""
    if not names_function(model):
        raise BadInput(f"'{model}' names no network: give {FRONT_END.form}")
    module_name, _, function = model.partition(":")
    return module_name, function


@contextmanager
def importable_here() -> Iterator[None]:
    """Within it the current directory can be imported from."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise BadInput(f"cannot import {name}: it needs the module '{error.name}', which is missing") from error
        message = f"there is no module '{error.name}' here or among the installed packages"
        raise BadInput(f"cannot import {name}: {message}; run in the folder that holds it") from error
    except Exception as error:  # whatever a user's module raises
        raise BadInput(f"cannot import {name}: it raised {_told(error)}") from error


def _build(module: ModuleType, function: str, model: str, arguments: Mapping[str, object]) -> torch.nn.Module:
    import torch

    build = _attribute(module, function, model)
    if isinstance(build, torch.nn.Module):
        return build
    if not callable(build):
        raise BadInput(f"{model} is a {type(build).__name__}; it must be a function that returns a torch.nn.Module")
    given = {name: value for name, value in arguments.items() if name in _parameters(build)}
    try:
        network = build(**given)
    except Exception as error:  # whatever a user's function raises
        called = f"with {', '.join(given)}" if given else "without arguments"
        raise BadInput(f"{model} raised {_told(error)}; it is called {called}") from error
    if not isinstance(network, torch.nn.Module):
        raise BadInput(f"{model} returned a {type(network).__name__}; it must return a torch.nn.Module")
    return network


def _parameters(function: Callable[..., object]) -> frozenset[str]:
    """The names of a function's arguments; none where Python cannot say."""
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _attribute(module: ModuleType, function: str, model: str) -> object:
    value: object = module
    for name in function.split("."):
        if not hasattr(value, name):
            raise BadInput(f"{model}: '{name}' is not in {module.__name__}{_nearest(name, value)}")
        value = getattr(value, name)
    return value


def _nearest(name: str, holder: object) -> str:
    known = [item for item in vars(holder) if not item.startswith("_")] if hasattr(holder, "__dict__") else []
    near = nearest_name(name, known)
    return f"; did you mean '{near}'?" if near else f", which has {', '.join(sorted(known)[:10]) or 'no names'}"


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
