"""A recipe's run as C sources: the network of its folder, and its preprocessing."""

from __future__ import annotations

from pathlib import Path

from chipsmith.deployment.firmware.recipe_input import RecipeInput, bind_recipe
from chipsmith.deployment.predict import read_deployment
from chipsmith.errors import BadInput
from chipsmith.flow.run_files import RESULT
from chipsmith.flow.run_folder import read_run
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.program.file import read_program
from chipsmith.tosa.file import read_tosa


def load_run(folder: Path) -> tuple[QuantizedNetwork, RecipeInput]:
    """The network that a run left, bound to what its recipe's reader gives.

    Raises BadInput where the folder holds no run, or its preprocessing has a step that C does not do.
    """
    if not (folder / RESULT).is_file():
        raise BadInput(f"{folder} is a folder and holds no run: `chipsmith run digits` makes one, or name a file")
    name = read_run(folder).network
    program = folder / f"{name}.program"
    deployment = read_deployment(read_program(program), name=str(program))
    return bind_recipe(read_tosa(str(folder / f"{name}.tosa")), deployment)
