"""predict() of a network, compiled for this computer and called on numpy arrays."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from chipsmith.codegen.generate import generate_c
from chipsmith.codegen.host import find_compilers
from chipsmith.deployment.firmware.measure import STRICT
from chipsmith.deployment.firmware.parameters import widen_narrow_floats
from chipsmith.deployment.firmware.predict_source import PredictSource, write_predict
from chipsmith.deployment.firmware.recipe_input import RecipeInput
from chipsmith.files import write_texts
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.targets.reference import ReferenceTarget

UNDEFINED = ("-O1", "-fPIC", "-shared", "-fsanitize=undefined", "-fno-sanitize-recover=all")


class PredictLibrary:
    """`network_predict` of a network; `status` is what it returned last."""

    def __init__(self, network: QuantizedNetwork, folder: Path, recipe: RecipeInput | None = None) -> None:
        compilers = find_compilers()
        if not compilers:
            pytest.skip("there is no C compiler")
        self.network = widen_narrow_floats(network)
        module = generate_c(network.graph, name="network")
        self.predict: PredictSource = write_predict(self.network, module, recipe)
        own = {"network_predict.h": self.predict.header, "network_predict.c": self.predict.source}
        write_texts(folder, {**module.sources, **own})
        command = (next(iter(compilers.values())), *STRICT, *UNDEFINED, "network.c", "network_predict.c", "-o", "p.so")
        subprocess.run(command, cwd=folder, check=True)
        self.library = ctypes.CDLL(str(folder / "p.so"))
        self.status = 0

    def call(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """The outputs of one inference, each of the author's shape."""
        given = [
            np.ascontiguousarray(array, each.tensor.dtype)
            for array, each in zip(inputs, self.predict.parameters.inputs, strict=True)
        ]
        outputs = [np.full(tensor.shape, 77, tensor.dtype) for tensor in self.network.author_outputs]
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (*given, *outputs)]
        self.status = self.library.network_predict(*pointers)
        return tuple(outputs)

    def reset(self) -> None:
        """Begin a new series."""
        self.library.network_reset()


def expect(network: QuantizedNetwork, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """The outputs by Chipsmith's own host steps around the reference interpreter."""
    with np.errstate(all="ignore"):  # infinities among the inputs
        return ReferenceTarget().prepare(widen_narrow_floats(network)).run(*inputs)
