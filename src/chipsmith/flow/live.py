"""What objects in memory stand for where a verb takes a file or a folder: results, runs, programs, recipes."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias

import numpy as np

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.predict import read_deployment
from chipsmith.errors import BadInput
from chipsmith.flow.calibration import AnyCalibration
from chipsmith.flow.compress import Compressed
from chipsmith.flow.judging import JudgedProgram
from chipsmith.flow.results import CompileResult, QuantumRunResult, RunResult, SimResult, TrainResult
from chipsmith.flow.run import lower_single
from chipsmith.flow.run_files import QASM, RESULT, TRAINED
from chipsmith.flow.run_folder import read_run
from chipsmith.flow.search import Searched
from chipsmith.frontends.quantized_io import AuthorTensor, IoBinding, author_shape
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn import Recipe, TrainedNetwork, load_trained
from chipsmith.learn.functions import functions_of
from chipsmith.learn.trained_file import read_training
from chipsmith.program.file import read_program
from chipsmith.program.program import Program
from chipsmith.reports.record import RunRecord
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph
from chipsmith.witness.cosimulate import CosimResult

AnyPath: TypeAlias = str | os.PathLike[str]
AnyRun: TypeAlias = AnyPath | RunResult | QuantumRunResult
AnyProgram: TypeAlias = AnyPath | Program | CompileResult | SimResult | CosimResult | JudgedProgram | RunResult
"""What is a Program, holds one, or left one in its folder."""
AnyRecipe: TypeAlias = AnyPath | Recipe | TrainResult | TrainedNetwork | RunResult | QuantumRunResult
_EXAMPLES = "the networks of files, modules, QuantizedNetworks, Graphs, runs and trainings"


def find_folder(run: object) -> Path:
    """The folder of a run, by its path or its result. Raises BadInput for anything else."""
    match run:
        case RunResult() | QuantumRunResult() | Compressed() | Searched():
            return run.folder
        case str() | os.PathLike():
            return Path(run)
    raise BadInput(f"a run is its folder or what `run` returned, and a {type(run).__name__} is given")


def find_file(thing: object) -> Path:
    """The file or folder that a result stands for, to be signed or verified. Raises BadInput where it has none."""
    match thing:
        case CompileResult(path=Path() as path) | TrainResult(path=path):
            return path
        case CompileResult():
            raise BadInput("this program was not written to a file: compile it with output='NAME.program'")
    return find_folder(thing)


def find_program(thing: object) -> Program | Path:
    """The Program that a value is or holds, or the file of one; a run's is in its folder.

    Raises BadInput where a value has none.
    """
    match thing:
        case Program():
            return thing
        case CompileResult() | SimResult() | CosimResult() | JudgedProgram() | RunResult():
            return thing.program
        case str() | os.PathLike():
            path = Path(thing)
            return _program_file(path) if path.is_dir() else path
    raise BadInput(f"a program is a file, a Program or what holds one, and a {type(thing).__name__} is given")


def find_own_program(thing: object) -> Program | None:
    """The Program that a value is or holds in memory; None of a network, and of a run, which has its network too."""
    match thing:
        case Program():
            return thing
        case CompileResult() | SimResult() | CosimResult() | JudgedProgram():
            return thing.program
    return None


def find_recipe(thing: object) -> str | Path | Recipe:
    """The Recipe that a value is, or was made by; a name or a file as it is. Raises BadInput where there is none."""
    match thing:
        case str() | Recipe():
            return thing
        case TrainResult() | TrainedNetwork():
            return thing.training.recipe
        case RunResult() | QuantumRunResult():
            return read_training(thing.folder / TRAINED).recipe
        case os.PathLike():
            return Path(thing)
    raise BadInput(f"a recipe is a name, a YAML file or a Recipe, and a {type(thing).__name__} is given")


def find_calibration(calibration: AnyCalibration | TrainResult | RunResult) -> AnyCalibration:
    """A calibration as it is given; of a training or a run that of its recipe."""
    if isinstance(calibration, TrainResult | TrainedNetwork | RunResult):
        recipe = find_recipe(calibration)
        assert isinstance(recipe, Recipe)
        return recipe
    return calibration


def find_run_recipe(program: object) -> Recipe | None:
    """The recipe of the run that left a program, where `program` is the run's result or its folder; else None."""
    match program:
        case RunResult():
            return read_training(program.folder / TRAINED).recipe
        case str() | os.PathLike() if (Path(program) / TRAINED).is_file():
            return read_training(Path(program) / TRAINED).recipe
    return None


def find_network(thing: object, *, sourced: bool = False, allow: Collection[str] = ()) -> object:
    """What the front ends read of a value: a run's network in integers, a training's quantised as `run` does it.

    With `sourced` a run's network comes with its own module too, from its weights and its data; a function that its
    recipe names is called only where `allow` names it. What is a network for the front ends stays as it is. Raises
    BadInput for a Program, of which no network can be told.
    """
    match thing:
        case RunResult():
            return _run_network(thing.folder, sourced=sourced, allow=allow)
        case TrainResult():
            run = functions_of(thing.training.recipe.network)  # by this process
            return _sourced_network(load_trained(thing.path, allow=run))
        case TrainedNetwork():
            return _sourced_network(thing)
        case str() | os.PathLike() if (Path(thing) / RESULT).is_file():
            return _run_network(Path(thing), sourced=sourced, allow=allow)
        case Program() | CompileResult() | SimResult() | CosimResult() | JudgedProgram():
            raise BadInput(f"a Program has its chip already and no network can be told of it: give {_EXAMPLES}")
    return thing


def _program_file(folder: Path) -> Path:
    programs = sorted(folder.glob("*.program"))
    if len(programs) == 1:
        return programs[0]
    if programs:
        raise BadInput(f"{folder} has {len(programs)} programs, name one: {', '.join(map(str, programs))}")
    if (folder / QASM).is_file():
        raise BadInput(f"{folder} is the run of a quantum network, which has no program for a chip")
    raise BadInput(f"{folder} holds no program: name the folder that `chipsmith run RECIPE` left, or a .program file")


def _run_network(folder: Path, *, sourced: bool, allow: Collection[str]) -> QuantizedNetwork:
    record = read_run(folder)
    if not isinstance(record, RunRecord):
        raise BadInput(f"{folder} is the run of a quantum network, which compiles for no AI chip")
    if sourced:
        return _sourced_network(load_trained(folder / TRAINED, allow=allow))
    program = folder / f"{record.network}.program"
    loaded = read_program(program)
    names = {row.name: row.source for row in loaded.manifest.operators if row.source}
    graph = read_tosa(str(folder / f"{record.network}.tosa"))
    return _bind(graph, read_deployment(loaded, name=str(program)), names)


def _sourced_network(trained: TrainedNetwork) -> QuantizedNetwork:
    return lower_single(trained, trained.training.recipe.load_data())


def _bind(graph: Graph, deployment: Deployment, names: dict[str, str]) -> QuantizedNetwork:
    """The graph with the author's inputs and outputs in numbers, as the host has them around the chip."""
    return QuantizedNetwork(
        graph=graph,
        inputs=deployment.inputs,
        outputs=deployment.outputs,
        author_inputs=_describe(deployment.inputs, graph, "input"),
        author_outputs=_describe(deployment.outputs, graph, "output"),
        operator_names=names,
    )


def _describe(bindings: tuple[IoBinding, ...], graph: Graph, word: str) -> tuple[AuthorTensor, ...]:
    return tuple(
        AuthorTensor(
            name=word if len(bindings) == 1 else f"{word}_{binding.position}",
            dtype=np.dtype(np.float32) if binding.scale is not None else graph.tensor(binding.tensor).dtype.numpy,
            shape=author_shape(binding, graph, ()),
        )
        for binding in bindings
    )
