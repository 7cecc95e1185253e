"""The row of a front end: which networks it reads, what it needs, and the function that loads one."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from chipsmith.extras import require_package

if TYPE_CHECKING:
    from chipsmith.frontends.quantized_network import QuantizedNetwork

AnyPath: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class FrontEnd:
    """One form of networks and how it is read.

    `suffixes` are the endings of its files; without any it reads names of the form `package.module:function`. `form`
    says in messages what to give. `packages` are what it imports beside the base install, and `extra` the name of
    Chipsmith's extra that brings them. `loader` names the function that reads a network, as `package.module:function`:
    it takes the name of a network and the file of a calibration, or None, and gives a QuantizedNetwork. So a row costs
    no import, and none of its folder's files imports itself through it.
    """

    name: str
    suffixes: tuple[str, ...]
    form: str
    loader: str
    packages: tuple[str, ...] = ()
    extra: str | None = None

    def load(self, model: str, calibration: AnyPath | None) -> QuantizedNetwork:
        """The network that `model` names. Raises BadInput where it needs a calibration or can have none."""
        module, _, function = self.loader.partition(":")
        network: QuantizedNetwork = getattr(importlib.import_module(module), function)(model, calibration)
        return network

    def require(self, task: str) -> None:
        """Raise BadInput, which says that `task` cannot be done, where one of the packages is not installed."""
        for package in self.packages:
            require_package(package, extra=self.extra, task=task)


def names_function(model: str) -> bool:
    """Whether a name has the form `package.module:function`."""
    module, separator, function = model.partition(":")
    return bool(separator) and all(name.isidentifier() for name in (*module.split("."), *function.split(".")))
