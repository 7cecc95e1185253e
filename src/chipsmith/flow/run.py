"""The whole chain of a recipe: trained, lowered, compiled, executed, compared, judged at every stage, timed, priced."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chipsmith.chip import Chip
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.deployment import Deployment
from chipsmith.errors import BadInput
from chipsmith.flow.records import (
    calibration_records,
    confusion_record,
    folds_record,
    metric_records,
    training_record,
    versions,
)
from chipsmith.flow.results import RunResult
from chipsmith.flow.run_folder import write_run
from chipsmith.flow.samples import pictures, texts
from chipsmith.flow.training import train_in
from chipsmith.frontends.pytorch.network import LoweredNetwork, lower_module
from chipsmith.frontends.quantized_network import describe_steps
from chipsmith.learn import Dataset, Recipe, Task, TrainedNetwork, predict
from chipsmith.learn.data import Examples
from chipsmith.learn.training.processes import processes
from chipsmith.learn.validation import Metrics, evaluate_outputs
from chipsmith.learn.validation.evaluate import reconstruction_errors
from chipsmith.learn.validation.folds import cross_validate
from chipsmith.learn.watching import Stages, Watch
from chipsmith.profile.inference import describe_chip, describe_inference
from chipsmith.program.program import Program
from chipsmith.reports.record import BitExactness, FoldsRecord, RunRecord, Stage
from chipsmith.sim import functional
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.witness import NAME, witness_outputs, witness_version
from chipsmith.witness.diff.sqnr import QuantisationError, layer_errors

CALIBRATION_EXAMPLES = 256
ERROR_EXAMPLES = 64
THRESHOLD_EXAMPLES = 200
THRESHOLD_QUANTILE = 0.95


def run_recipe(recipe: Recipe, chip: Chip, folder: Path, *, resume: bool, watch: Watch) -> RunResult:
    """Run the whole chain and leave the run folder. See `chipsmith.run`."""
    if processes().count > 1:
        raise BadInput("run takes one process; under torchrun use `chipsmith train`")
    stages = Stages(watch)
    with stages.stage("load the data"):
        data = recipe.load_data()
    with stages.stage("train"):
        trained = train_in(folder, recipe, data, resume=resume, watch=watch)
    with stages.stage("quantise and lower to TOSA"):
        lowered = lower_trained(trained, data)
    with stages.stage("compile"):
        program = compile_network(lowered.graph, chip)

    test = data.test if recipe.validation.executed is None else data.test.first(recipe.validation.executed)
    values = test.whole().inputs
    with stages.stage(_host_work(lowered, "before")):
        inputs = lowered.quantize_inputs(values)
    with stages.stage("execute the test set on the chip"):
        outputs = functional.execute(program, inputs)
    with stages.stage(_host_work(lowered, "after")):
        answers = _answers(lowered, outputs)
    with stages.stage("execute the test set in tosa_reference_model"):
        bit_exact = compare_with_witness(lowered.graph, inputs, outputs, count=recipe.validation.compared)
    with stages.stage("judge float, int8 and chip"):
        judged = _judge(recipe, data, test, trained, lowered, values, answers)
        quantisation = quantisation_errors(trained, lowered, data) if recipe.validation.layer_errors else ()
    with stages.stage("cross-validate"):
        folds = _folds(recipe, data)
    with stages.stage("sample"):
        made = pictures(trained, data, chip, values, answers)
        written = texts(data, lowered, program, seed=recipe.seed)
    with stages.stage("time and price"):
        inference = describe_inference(program)

    record = RunRecord(
        network=recipe.name,
        task=data.task.value,
        chip=describe_chip(chip),
        inference=inference,
        seed=recipe.seed,
        versions=versions(),
        host=stages.wall_s,
        host_steps=describe_steps(lowered.host_steps, lowered.graph),
        training=training_record(trained.training),
        metrics=metric_records(judged),
        bit_exact=bit_exact,
        confusion=confusion_record(judged["chip"], data.class_names),
        calibration=calibration_records(judged),
        folds=folds,
        pictures=made,
        texts=written,
        quantisation=quantisation,
    )
    watch.stage("write the report")
    deployed = _with_deployment(program, data, lowered)
    return RunResult(
        record=write_run(folder, record, graph=lowered.graph, program=deployed, trained=trained), folder=folder
    )


def lower_trained(trained: TrainedNetwork, data: Dataset) -> LoweredNetwork:
    """The int8 graph of the trained network; the ranges are chosen on training examples, never on the test's."""
    import torch

    example = torch.zeros(1, *data.input_shape, dtype=getattr(torch, data.input_dtype))
    calibration = data.train.first(CALIBRATION_EXAMPLES).whole().inputs
    return lower_module(trained.module, (example,), (calibration,), name=trained.training.recipe.name)


def compare_with_witness(
    graph: Graph, inputs: Mapping[str, Array], outputs: Mapping[str, Array], *, count: int
) -> BitExactness:
    """Run the first `count` inputs, one by one, through tosa_reference_model and count the elements that differ."""
    batch = {name: graph.tensor(name).shape[0] for name in graph.inputs}
    singles = {name: _single(array, batch[name])[:count] for name, array in inputs.items()}
    expected = witness_outputs(graph, singles)
    pairs = [
        (found.reshape(-1), outputs[name].reshape(-1, found[0].size)[: len(found)].reshape(-1))
        for name, found in expected.items()
    ]
    return BitExactness(
        mismatches=sum(int(np.count_nonzero(found != chip)) for found, chip in pairs),
        compared=sum(found.size for found, _ in pairs),
        images=len(next(iter(singles.values()))),
        reference=NAME,
        reference_version=witness_version(),
    )


def _single(array: Array, batch: int) -> Array:
    """Inputs of n inferences, (n x batch, ...), as (n, batch, ...)."""
    return array.reshape(-1, batch, *array.shape[1:])


def quantisation_errors(
    trained: TrainedNetwork, lowered: LoweredNetwork, data: Dataset
) -> tuple[QuantisationError, ...]:
    """The error that int8 brings to each layer, on validation examples."""
    inputs = data.validation.first(ERROR_EXAMPLES).whole().inputs
    calibrated = min(CALIBRATION_EXAMPLES, len(data.train))
    obtained = f"{len(inputs)} validation examples; ranges chosen on {calibrated} training examples"
    return layer_errors(trained.module, lowered.converted, inputs, obtained=obtained)


def _judge(
    recipe: Recipe,
    data: Dataset,
    test: Examples,
    trained: TrainedNetwork,
    lowered: LoweredNetwork,
    values: Array,
    answers: NDArray[np.float32],
) -> dict[Stage, Metrics]:
    """The same metrics of the float module, of PyTorch's int8 model and of the chip, on the same examples."""
    found: dict[Stage, NDArray[np.float32]] = {
        "float": predict(trained.module, values),
        "int8": predict(lowered.converted, values, batch=1),
        "chip": answers,
    }
    return {
        stage: evaluate_outputs(
            outputs, test, data.task, resamples=recipe.validation.bootstrap, scaling=data.target_scaling
        )
        for stage, outputs in found.items()
    }


def _folds(recipe: Recipe, data: Dataset) -> FoldsRecord | None:
    count = recipe.validation.folds
    return folds_record(cross_validate(recipe, data, folds=count)) if count else None


def _host_work(lowered: LoweredNetwork, when: Literal["before", "after"]) -> str:
    """The names of the host's steps before or after the chip: under these the run keeps their wall time."""
    steps = describe_steps(lowered.host_steps, lowered.graph)
    names = ", ".join(step.name for step in steps if step.when == when)
    return names or f"hand over, {when} the chip"


def _answers(lowered: LoweredNetwork, outputs: Mapping[str, Array]) -> NDArray[np.float32]:
    """The network's outputs (n, ...), as the host makes them from the graph's."""
    answers, *_ = lowered.dequantize_outputs(outputs)
    return answers.astype(np.float32)


def _with_deployment(program: Program, data: Dataset, lowered: LoweredNetwork) -> Program:
    """The program with what `chipsmith predict` needs to give raw data to it."""
    threshold = _anomaly_threshold(program, data, lowered) if data.task is Task.RECONSTRUCTION else None
    deployment = Deployment.of(data, lowered, anomaly_threshold=threshold).model_dump_json()
    return dataclasses.replace(program, manifest=dataclasses.replace(program.manifest, deployment=deployment))


def _anomaly_threshold(program: Program, data: Dataset, lowered: LoweredNetwork) -> float:
    """The squared error that 95 % of the validation examples, which are normal, stay below on the chip."""
    values = data.validation.first(THRESHOLD_EXAMPLES).whole().inputs
    answers = _answers(lowered, functional.execute(program, lowered.quantize_inputs(values)))
    return float(np.quantile(reconstruction_errors(answers, values), THRESHOLD_QUANTILE))
