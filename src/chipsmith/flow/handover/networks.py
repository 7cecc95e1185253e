"""The networks of a design that is handed over: given as a graph, or trained by a recipe in the study's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from chipsmith.chip import Chip
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.predict import DeployedHost
from chipsmith.errors import BadInput
from chipsmith.flow.handover.claims import HandedNetwork
from chipsmith.flow.judging import DataPart, judge_answers
from chipsmith.learn import Recipe
from chipsmith.learn.elastic import subnetwork_recipe
from chipsmith.learn.validation.evaluate import Predict
from chipsmith.program.file import serialize_program
from chipsmith.program.program import Program
from chipsmith.schema import Json
from chipsmith.studies.search.design_space import network_values
from chipsmith.studies.search.pairs import StudiedNetwork
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.studies.search.trials import DesignTrial
from chipsmith.targets import HostedGraph
from chipsmith.targets.reference import ReferenceTarget
from chipsmith.tosa.file import parse_tosa, serialize_tosa
from chipsmith.tosa.graph import Graph


def compile_given(name: str, network: StudiedNetwork, chip: Chip) -> HandedNetwork:
    """A network of a file, for a chip; it has no data to judge it by."""
    assert network.graph is not None
    program = compile_network(network.graph, chip)
    files = {f"{name}.tosa": serialize_tosa(network.graph), f"{name}.program": serialize_program(program)}
    return HandedNetwork(name=name, weight=network.weight, program=program, files=files)


def compile_trained(name: str, network: RecipeNetwork, trial: DesignTrial, chip: Chip, folder: Path) -> HandedNetwork:
    """The network of the winner that a recipe has trained, as the search left it in `folder`.

    What it is worth on validation part and test part is judged by the meaning of its integer graph, as the search did;
    a Program that is executed has the same bits. Its recipe is that of its own structure.
    """
    texts = {
        suffix: _read(folder / f"{network.name}.{suffix}") for suffix in ("tosa", "deployment.json", "safetensors")
    }
    graph = parse_tosa(texts["tosa"], name=f"{network.name}.tosa")
    deployment = texts["deployment.json"].decode()
    compiled = compile_network(graph, chip)
    program = replace(compiled, manifest=replace(compiled.manifest, deployment=deployment))
    recipe = _own_recipe(network, trial)
    answers = _answers(program, graph, deployment, network.name)
    return HandedNetwork(
        name=name,
        weight=network.weight,
        program=program,
        files={
            f"{name}.tosa": texts["tosa"],
            f"{name}.program": serialize_program(program),
            f"{name}.safetensors": texts["safetensors"],
            f"{name}.recipe.yaml": yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, width=120).encode(),
        },
        judged={part.value: _judge(answers, network, recipe, part) for part in DataPart},
    )


def _own_recipe(network: RecipeNetwork, trial: DesignTrial) -> Recipe:
    if network.elastic is None:
        return network.recipe
    values = network.elastic_values(network_values(trial.values))
    return subnetwork_recipe(network.recipe, network.elastic, values, seed=network.recipe.seed)


def _answers(program: Program, graph: Graph, deployment: str, name: str) -> Predict:
    """What the integer graph answers, by the interpreter of its meaning."""
    host = DeployedHost(program=program, deployment=Deployment.parse(deployment, name=name))
    hosted = HostedGraph(host=host, graph=ReferenceTarget().prepare_graph(graph))
    return lambda inputs: hosted.run(inputs)[0].astype(np.float32)


def _judge(answers: Predict, network: RecipeNetwork, recipe: Recipe, part: DataPart) -> Json:
    metric = judge_answers(answers, recipe, network.dataset, part).primary_metric
    return {"metric": metric.name, "value": metric.value, "examples": metric.count}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot export: {file}: {error.strerror}; go on with the search, which writes it") from error
