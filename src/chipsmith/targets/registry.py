"""The targets by name: every file of this package that defines `open_target(chip, options)`."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.targets.target import GraphTarget, Target, TargetOptions

_DOOR, _CHOICES = "open_target", "list_choices"
_NO_OPTIONS = TargetOptions()


def target_names() -> tuple[str, ...]:
    """The names of all targets, in alphabetical order."""
    return tuple(name for name in _file_names() if _door(name) is not None)


def load_target(name: str, chip: Chip, options: TargetOptions = _NO_OPTIONS) -> Target:
    """The target of that name; `chip` is the one that it runs on, if it runs on any.

    Raises BadInput for an unknown name, and for an option that the target does not take.
    """
    door = _door(name) if name in _file_names() else None
    if door is None:
        raise BadInput(f"there is no target '{name}'; there are: {', '.join(target_names())}")
    return door(chip, options)


def graph_targets(chip: Chip) -> Mapping[str, GraphTarget]:
    """The targets by name that take bare graphs of integers; `chip` as for load_target."""
    targets = {name: load_target(name, chip) for name in target_names()}
    return {name: target for name, target in targets.items() if _takes_graphs(target)}


def _takes_graphs(target: Target) -> TypeGuard[GraphTarget]:
    """As isinstance says it, but without a look at the properties, which may ask for a device that is not there."""
    return hasattr(type(target), "prepare_graph")


def list_choices(name: str) -> tuple[TargetOptions, ...]:
    """The options under which a target needs something of its own, where it says so: by its `list_choices()`."""
    choose: Callable[[], tuple[TargetOptions, ...]] = vars(_import(name)).get(_CHOICES, tuple)
    return choose()


def _file_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))


def _door(name: str) -> Callable[[Chip, TargetOptions], Target] | None:
    return vars(_import(name)).get(_DOOR)


def _import(name: str) -> ModuleType:
    return import_module(f"chipsmith.targets.{name}")
