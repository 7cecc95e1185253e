"""The whole chain of a recipe: trained, lowered, compiled, executed, judged on each target, timed, priced."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chipsmith.chip import Chip
from chipsmith.costs import DEFAULT_VOLUME
from chipsmith.deployment.deployment import Deployment
from chipsmith.errors import BadInput
from chipsmith.flow.advice import advise_run
from chipsmith.flow.bill_of_materials import leave_run_bom
from chipsmith.flow.inspection import load_for_training
from chipsmith.flow.mistakes import find_mistakes
from chipsmith.flow.records import (
    Judged,
    calibration_records,
    confusion_record,
    folds_record,
    metric_records,
    training_record,
    versions,
)
from chipsmith.flow.results import RunResult
from chipsmith.flow.run_facts import RunRequest, count_parameters, describe_recipe, describe_splits
from chipsmith.flow.run_folder import write_run
from chipsmith.flow.samples import pictures, texts
from chipsmith.flow.training import train_in
from chipsmith.frontends.pytorch.eager import EagerModel
from chipsmith.frontends.pytorch.exported import ModuleCall
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn import Dataset, Recipe, Task, TrainedNetwork
from chipsmith.learn.data import Examples
from chipsmith.learn.progress import Progress, StageTimer
from chipsmith.learn.reproducible import one_thread
from chipsmith.learn.training.processes import processes
from chipsmith.learn.validation import evaluate_outputs
from chipsmith.learn.validation.answers import tabulate_answers
from chipsmith.learn.validation.evaluate import reconstruction_errors
from chipsmith.profile.measure import describe_chip
from chipsmith.program.program import Program
from chipsmith.reports.record import CHIP, JUDGED, RunRecord
from chipsmith.targets import HostedGraph, PreparedNetwork, load_target
from chipsmith.targets.npu import NpuGraph, NpuTarget
from chipsmith.tosa.graph import Array
from chipsmith.witness.bit_exactness import compare_with_witness
from chipsmith.witness.diff.sqnr import QuantisationError, layer_errors

CALIBRATION_EXAMPLES = 256
ERROR_EXAMPLES = 64
SOURCE_BATCH = 250
THRESHOLD_EXAMPLES = 200
THRESHOLD_QUANTILE = 0.95


def run_recipe(
    recipe: Recipe,
    chip: Chip,
    folder: Path,
    *,
    resume: bool,
    progress: Progress,
    wipe: bool = False,
    volume: int = DEFAULT_VOLUME,
    request: RunRequest | None = None,
) -> RunResult:
    """Run the whole chain and leave the run folder. See `chipsmith.run`; `request` is what the record says of it."""
    if processes().count > 1:
        raise BadInput("run takes one process; under torchrun use `chipsmith train`")
    stages = StageTimer(progress)
    with stages.stage("load the data and look at them"):
        inspected = load_for_training(recipe, progress)
        data = inspected.data
    with stages.stage("train"):
        trained = train_in(folder, recipe, data, resume=resume, progress=progress)
    with stages.stage("quantise and lower to TOSA"):
        network = lower_trained(trained, data)
    with stages.stage("compile"):
        npu = NpuTarget(chip=chip, wipe=wipe).prepare(network)

    test = data.test if recipe.validation.executed is None else data.test.first(recipe.validation.executed)
    values = test.whole().inputs
    with stages.stage(_host_work(network, "before")):
        inputs = network.quantize_inputs(values)
    with stages.stage("execute the test set on the chip"):
        outputs = npu.graph.execute(inputs)
    with stages.stage(_host_work(network, "after")):
        answers = _first(network.dequantize_outputs(outputs))
    with stages.stage("execute the test set in tosa_reference_model"):
        bit_exact = compare_with_witness(network.graph, inputs, outputs, count=recipe.validation.compared)
    with stages.stage("judge on each target"):
        judged = _judge(recipe, chip, data, test, network, answers)
        quantisation = quantisation_errors(network, recipe, data) if recipe.validation.layer_errors else ()
        digests = inspected.loaded.test.digests[: len(test)]
        table = tabulate_answers(answers, test, data.task, digests=digests, scaling=data.target_scaling)
    with stages.stage("cross-validate"):
        folds = folds_record(recipe, data)
    with stages.stage("sample"):
        mistakes = find_mistakes(inspected, table, answers)
        drawn = pictures(trained, data, chip, values, answers)
        written = texts(data, npu, seed=recipe.seed)
    with stages.stage("time and price"):
        inference = npu.graph.profile(volume=volume)
    with stages.stage("simulate what would help"):
        advice = advise_run(network.graph, npu.graph.program, volume=volume, training=trained.training)

    asked = request or RunRequest(recipe=describe_recipe(recipe))
    record = RunRecord(
        network=recipe.name,
        task=data.task.value,
        chip=describe_chip(chip),
        inference=inference,
        seed=recipe.seed,
        versions=versions(),
        host=stages.wall_s,
        data=inspected.report,
        host_steps=network.host_steps,
        training=training_record(trained.training),
        metrics=metric_records(judged.values()),
        bit_exact=bit_exact,
        confusion=confusion_record(judged[CHIP].metrics, data.class_names),
        calibration=calibration_records(judged.values()),
        folds=folds,
        recipe=asked.recipe,
        command=asked.command,
        splits=describe_splits(inspected, recipe),
        parameters=count_parameters(trained.module),
        mistakes=mistakes,
        pictures=drawn,
        texts=written,
        quantisation=quantisation,
        advice=advice,
    )
    progress.stage("write the report")
    program = _with_deployment(npu, network, data, recipe)
    stored = write_run(folder, record, network=network, program=program, trained=trained, answers=table)
    leave_run_bom(folder, stored, recipe=recipe, data=data, progress=progress)
    return RunResult(record=stored, folder=folder)


def lower_trained(trained: TrainedNetwork, data: Dataset) -> QuantizedNetwork:
    """As lower_single; its source takes any number of examples a call."""
    import torch

    network = lower_single(trained, data)
    example = torch.zeros(1, *data.input_shape, dtype=getattr(torch, data.input_dtype))
    call = ModuleCall(positional=(example.expand(SOURCE_BATCH, *data.input_shape),))
    assert isinstance(network.source, EagerModel)
    source = EagerModel(build=lambda: trained.module, call=call, program=network.source.program)
    return dataclasses.replace(network, source=source)


def lower_single(trained: TrainedNetwork, data: Dataset) -> QuantizedNetwork:
    """The int8 form of the trained network; its ranges are those of the calibration part, never the test's.

    Its source is the trained module, called with single examples.
    """
    import torch

    example = torch.zeros(1, *data.input_shape, dtype=getattr(torch, data.input_dtype))
    calibration = trained.training.recipe.calibration_part(data).first(CALIBRATION_EXAMPLES).whole().inputs
    return lower_module(trained.module, (example,), (calibration,), name=trained.training.recipe.name)


def quantisation_errors(network: QuantizedNetwork, recipe: Recipe, data: Dataset) -> tuple[QuantisationError, ...]:
    """The error that int8 brings to each layer, on validation examples."""
    inputs = data.validation.first(ERROR_EXAMPLES).whole().inputs
    part = recipe.calibration_part(data)
    calibrated, name = min(CALIBRATION_EXAMPLES, len(part)), "training" if part is data.train else "validation"
    obtained = f"{len(inputs)} validation examples; ranges chosen on {calibrated} {name} examples"
    return layer_errors(network, inputs, obtained=obtained)


def _judge(
    recipe: Recipe,
    chip: Chip,
    data: Dataset,
    test: Examples,
    network: QuantizedNetwork,
    answers: NDArray[np.float32],
) -> dict[str, Judged]:
    """The same metrics on each target by name, on the same examples; `answers` are the chip's."""
    values = test.whole().inputs
    judged: dict[str, Judged] = {}
    with one_thread():  # the order of floating-point sums, so the last bits, depends on the number of threads
        for target in (load_target(name, chip) for name in JUDGED):
            outputs = answers if target.name == CHIP else _first(target.prepare(network).run(values))
            metrics = evaluate_outputs(
                outputs, test, data.task, resamples=recipe.validation.bootstrap, scaling=data.target_scaling
            )
            judged[target.name] = Judged(name=target.name, kind=target.kind, obtained=target.obtained, metrics=metrics)
    return judged


def _host_work(network: QuantizedNetwork, when: Literal["before", "after"]) -> str:
    """The names of the host's steps before or after the chip: under these the run keeps their wall time."""
    names = ", ".join(step.name for step in network.host_steps if step.when == when)
    return names or f"hand over, {when} the chip"


def _first(outputs: tuple[Array, ...]) -> NDArray[np.float32]:
    """The output (n, ...) that a recipe's network is judged by."""
    return outputs[0].astype(np.float32)


def _with_deployment(npu: HostedGraph[NpuGraph], network: QuantizedNetwork, data: Dataset, recipe: Recipe) -> Program:
    """The program with what `chipsmith predict` needs to give raw data to it, and to say what is unlike training."""
    threshold = _anomaly_threshold(npu, data) if data.task is Task.RECONSTRUCTION else None
    deployment = Deployment.of_recipe(recipe, data, network, anomaly_threshold=threshold).model_dump_json()
    program = npu.graph.program
    return dataclasses.replace(program, manifest=dataclasses.replace(program.manifest, deployment=deployment))


def _anomaly_threshold(npu: PreparedNetwork, data: Dataset) -> float:
    """The squared error that 95 % of the validation examples, which are normal, stay below on the chip."""
    values = data.validation.first(THRESHOLD_EXAMPLES).whole().inputs
    return float(np.quantile(reconstruction_errors(_first(npu.run(values)), values), THRESHOLD_QUANTILE))
