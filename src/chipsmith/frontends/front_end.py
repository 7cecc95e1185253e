"""The row of a front end: which networks it reads, what it needs, and the function that loads one."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from chipsmith.errors import BadInput
from chipsmith.extras import require_package

if TYPE_CHECKING:
    from chipsmith.frontends.calibration import CalibrationSource
    from chipsmith.frontends.options import LoadOptions
    from chipsmith.frontends.quantized_io import AuthorTensor
    from chipsmith.frontends.quantized_network import QuantizedNetwork

AnyPath: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class FrontEnd:
    """One form of networks and how it is read.

    `suffixes` are the endings of its files; without any it reads names of the form `package.module:function`. `form`
    says in messages what to give. `packages` are what it imports beside the base install, and `extra` the name of
    Chipsmith's extra that brings them. `loader` names the function that reads a network, as `package.module:function`:
    it takes the name of a network, a calibration or None, and LoadOptions, and gives a QuantizedNetwork. `sampler`
    names one that takes the name of a float network and gives what its inputs are, as AuthorTensors; empty where the
    network itself does not say. `live` is the class of objects in Python that it reads as well as their names, as
    `package.module:Class`. So a row costs no import, and none of its folder's files imports itself through it.
    """

    name: str
    suffixes: tuple[str, ...]
    form: str
    loader: str
    sampler: str = ""
    live: str = ""
    packages: tuple[str, ...] = ()
    extra: str | None = None

    def takes(self, model: object) -> bool:
        """Whether an object in Python, which is no name, is such a network: then its library is imported already."""
        module, _, name = self.live.partition(":")
        return module in sys.modules and isinstance(model, getattr(sys.modules[module], name))

    def load(self, model: object, calibration: CalibrationSource | None, options: LoadOptions) -> QuantizedNetwork:
        """The network that `model` names, or is. Raises BadInput where it needs a calibration or can have none."""
        network: QuantizedNetwork = _import_function(self.loader)(model, calibration, options)
        return network

    def list_inputs(self, model: str, options: LoadOptions) -> tuple[AuthorTensor, ...]:
        """What the inputs of a network are. Raises BadInput where nothing but a calibration says so."""
        if not self.sampler:
            raise BadInput(f"{model} does not say which shapes it takes: give --calibration x.npy, which does")
        inputs: tuple[AuthorTensor, ...] = _import_function(self.sampler)(model, options)
        return inputs

    def require(self, task: str) -> None:
        """Raise BadInput, which says that `task` cannot be done, where one of the packages is not installed."""
        for package in self.packages:
            require_package(package, extra=self.extra, task=task)


def _import_function(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def names_function(model: str) -> bool:
    """Whether a name has the form `package.module:function`."""
    module, separator, function = model.partition(":")
    return bool(separator) and all(name.isidentifier() for name in (*module.split("."), *function.split(".")))
