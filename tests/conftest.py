"""Fixtures that the tests of several packages share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from chipsmith.tosa.file import serialize_tosa
from chipsmith.tosa.graph import Array, Graph

if TYPE_CHECKING:
    import torch

    from chipsmith.hardware.build import Toolchain

ReferenceModel = Callable[[Graph, Mapping[str, Array]], dict[str, Array]]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the shared data sets: $CHIPSMITH_DATA, or ../shared/data beside the repository."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CHIPSMITH_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no shared data in {folder}; set CHIPSMITH_DATA to the folder that holds mlperf_tiny")
    return folder


@pytest.fixture(scope="session")
def foundry(shared_data: Path) -> Path:
    """The folder of a foundry's open libraries: standard cells at two corners, `sram` with memories."""
    folder = shared_data.parent / "pdk" / "ihp_sg13g2"
    if not folder.is_dir():
        pytest.skip(f"no cells of a foundry in {folder}")
    return folder


@pytest.fixture(scope="session")
def typical_cells(foundry: Path) -> Path:
    """The liberty file of the foundry's standard cells at their typical corner."""
    return foundry / "sg13g2_stdcell_typ_1p20V_25C.lib"


@pytest.fixture(scope="session")
def rtl_tools() -> Toolchain:
    """The tools of the RTL; its tests are skipped, with a reason, where some are missing."""
    from chipsmith.errors import BadInput
    from chipsmith.hardware.build import find_toolchain

    try:
        return find_toolchain()
    except BadInput as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def reference_model() -> ReferenceModel:
    """The witness: runs a Graph on one set of inputs in tosa_reference_model and returns its outputs by name."""
    return run_reference_model


@pytest.fixture(scope="session")
def example() -> torch.Tensor:
    """Two inputs of SmallResidual."""
    import torch

    return torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def residual() -> torch.nn.Module:
    """A SmallResidual with the same weights each time."""
    import torch
    from small_residual import SmallResidual

    torch.manual_seed(0)
    return SmallResidual().eval()


def run_reference_model(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    import tosa_reference_model

    arrays = [np.ascontiguousarray(inputs[name]) for name in graph.inputs]
    outputs, status = tosa_reference_model.run(serialize_tosa(graph), arrays)
    assert status == tosa_reference_model.GraphStatus.TOSA_VALID, status
    return {name: _typed(data, graph, name) for name, data in zip(graph.outputs, outputs, strict=True)}


def _typed(data: Array, graph: Graph, name: str) -> Array:
    tensor = graph.tensor(name)
    return np.asarray(data).view(tensor.dtype.numpy).reshape(tensor.shape)
