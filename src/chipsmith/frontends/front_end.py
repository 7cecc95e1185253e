"""The row of a front end: which networks it reads, what it needs, and the function that loads one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.frontends.quantized_network import QuantizedNetwork

AnyPath: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class FrontEnd:
    """One form of networks and how it is read.

    `suffixes` are the endings of its files; without any it reads names of the form `package.module:function`. `form`
    says in messages what to give. `packages` are what it imports beside the base install, and `extra` the name of
    Chipsmith's extra that brings them. `load` takes the name of a network and the file of a calibration, or None, and
    raises BadInput where it needs one or can have none; it imports what it needs, the module that holds the row nothing
    heavy.
    """

    name: str
    suffixes: tuple[str, ...]
    form: str
    load: Callable[[str, AnyPath | None], QuantizedNetwork]
    packages: tuple[str, ...] = ()
    extra: str | None = None

    def require(self, task: str) -> None:
        """Raise BadInput, which says that `task` cannot be done, where one of the packages is not installed."""
        for package in self.packages:
            require_package(package, extra=self.extra, task=task)


def require_package(package: str, *, extra: str | None, task: str) -> None:
    """Raise BadInput, which says that `task` cannot be done, where `package`, which `extra` brings, is missing."""
    if find_spec(package) is None:
        mend = package if extra is None else f"'chipsmith[{extra}]'"
        raise BadInput(f"cannot {task}: {package} is not installed; mend: pip install {mend}")


def names_function(model: str) -> bool:
    """Whether a name has the form `package.module:function`."""
    module, separator, function = model.partition(":")
    return bool(separator) and all(name.isidentifier() for name in (*module.split("."), *function.split(".")))
