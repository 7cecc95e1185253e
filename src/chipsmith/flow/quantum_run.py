"""The whole story of a quantum network: trained, judged without and with errors, and beside classical models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.flow.bill_of_materials import leave_run_bom
from chipsmith.flow.inspection import load_for_training
from chipsmith.flow.mistakes import find_mistakes
from chipsmith.flow.quantum_records import (
    check_file,
    check_states,
    circuit_record,
    device_record,
    kernel_record,
    write_circuit,
)
from chipsmith.flow.records import (
    QUANTUM_PACKAGES,
    Judged,
    calibration_records,
    confusion_record,
    folds_record,
    metric_records,
    training_record,
    versions,
)
from chipsmith.flow.results import QuantumRunResult
from chipsmith.flow.run_facts import RunRequest, count_parameters, describe_recipe, describe_splits
from chipsmith.flow.run_folder import write_quantum_run
from chipsmith.flow.training import train_in
from chipsmith.learn import Dataset, Recipe, TrainedNetwork, predict, train
from chipsmith.learn.baselines import RBF, Baseline, baselines
from chipsmith.learn.data import Examples
from chipsmith.learn.judging import QuantumJudging
from chipsmith.learn.networks import QuantumNetwork
from chipsmith.learn.progress import Progress, StageTimer
from chipsmith.learn.quantum_models import Answers, TrainedCircuit, as_quantum_model
from chipsmith.learn.training.processes import processes
from chipsmith.learn.validation import evaluate_outputs
from chipsmith.learn.validation.answers import tabulate_answers
from chipsmith.learn.validation.paired import accuracy_difference
from chipsmith.profile.profile import Evidence
from chipsmith.quantum.device import load_device
from chipsmith.reports.quantum.record import ComparisonRecord, QuantumRunRecord
from chipsmith.targets import QuantumMode
from chipsmith.targets.quantum import QuantumTarget

SAME_EXAMPLES = "exact_same_examples"
"""The exact answers of the model and to the examples that meet the noise, so that the two can be held together."""
DEVICE = QuantumMode.DEVICE.value
OBTAINED = "trained and run on this computer"
"""How the answers of the models beside the circuit come about."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The answers of a model to a part of the data, and what they are worth."""

    answers: Answers
    judged: Judged


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A model beside the circuit on the same data: what its answers are worth, and the circuit's lead over it."""

    trained: TrainedNetwork
    answered: Answered
    comparison: ComparisonRecord


def run_quantum(
    recipe: Recipe, folder: Path, *, resume: bool, progress: Progress, request: RunRequest | None = None
) -> QuantumRunResult:
    """Run the whole story and leave the run folder. See `chipsmith.run`; `request` is what the record says of it."""
    judging = recipe.quantum or QuantumJudging()
    _require_means(recipe)
    stages = StageTimer(progress)
    with stages.stage("load the data and look at them"):
        inspected = load_for_training(recipe, progress)
        data = inspected.data
    with stages.stage("train"):
        trained = train_in(folder, recipe, data, resume=resume, progress=progress)
    model = as_quantum_model(trained, data)
    with stages.stage("answer exactly and with shots"):
        exact, shots = (
            _answer(recipe, data, data.test, model, _target(recipe, judging, mode), name=mode.value)
            for mode in (QuantumMode.EXACT, QuantumMode.SHOTS)
        )
    with stages.stage(f"answer with the noise of {judging.device}"):
        noisy = tuple(_answer_noisily(recipe, judging, data, model))
    compared = []
    for baseline in baselines(recipe, features=data.input_shape[0], outputs=data.outputs):
        with stages.stage(f"compare with {baseline.what}"):
            compared.append(_compare(baseline, recipe, data, exact))
    with stages.stage("cross-validate"):
        folds = folds_record(recipe, data)
    with stages.stage("hold the circuit to Qiskit and PennyLane"):
        qasm = write_circuit(model, data)
        file_check, state_check = check_file(qasm, model, data), check_states(model, data)
    rbf = next(row.trained for row in compared if row.comparison.target == RBF)
    answered = (exact, shots, *noisy, *(row.answered for row in compared))
    table = tabulate_answers(exact.answers, data.test, data.task, digests=inspected.loaded.test.digests)
    asked = request or RunRequest(recipe=describe_recipe(recipe))
    record = QuantumRunRecord(
        network=recipe.name,
        model=model.WHAT,
        task=data.task.value,
        seed=recipe.seed,
        versions=versions(QUANTUM_PACKAGES),
        host=stages.wall_s,
        data=inspected.report,
        training=training_record(trained.training),
        metrics=metric_records(row.judged for row in answered),
        confusion=confusion_record(exact.judged.metrics, data.class_names),
        calibration=calibration_records([exact.judged]),
        folds=folds,
        recipe=asked.recipe,
        command=asked.command,
        splits=describe_splits(inspected, recipe),
        parameters=count_parameters(trained.module),
        mistakes=find_mistakes(inspected, table, exact.answers),
        shots=judging.shots,
        circuit=circuit_record(trained, model, data),
        device=device_record(judging, model, data),
        comparisons=tuple(row.comparison for row in compared),
        file_check=file_check,
        state_check=state_check,
        kernel=kernel_record(trained, model, data, rbf=rbf),
    )
    progress.stage("write the report")
    stored = write_quantum_run(folder, record, qasm=qasm, trained=trained, answers=table)
    leave_run_bom(folder, stored, recipe=recipe, data=data, progress=progress)
    return QuantumRunResult(record=stored, folder=folder)


def _require_means(recipe: Recipe) -> None:
    """Raise BadInput before any work where it could not be ended."""
    if processes().count > 1:
        raise BadInput("run takes one process; under torchrun use `chipsmith train`")
    assert isinstance(recipe.network, QuantumNetwork)
    missing = QuantumTarget().missing()
    if missing:
        names = ", ".join(part.name for part in missing)
        raise BadInput(f"cannot run {recipe.name}: {names} not installed; mend: {missing[0].mend}")
    device = load_device((recipe.quantum or QuantumJudging()).device)
    if device.qubits < recipe.network.qubits:
        raise BadInput(f"{device.name} has {device.qubits} qubits, {recipe.name} takes {recipe.network.qubits}")


def _target(recipe: Recipe, judging: QuantumJudging, mode: QuantumMode) -> QuantumTarget:
    return QuantumTarget(mode=mode, shots=judging.shots, device=judging.device, seed=recipe.seed)


def _answer(
    recipe: Recipe, data: Dataset, examples: Examples, model: TrainedCircuit, target: QuantumTarget, *, name: str
) -> Answered:
    (answers,) = target.prepare_model(model).run(examples.whole().inputs)
    return _judge(
        recipe, data, examples, answers.astype(np.float32), name=name, kind=target.kind, obtained=target.obtained
    )


def _judge(
    recipe: Recipe, data: Dataset, examples: Examples, answers: Answers, *, name: str, kind: Evidence, obtained: str
) -> Answered:
    metrics = evaluate_outputs(answers, examples, data.task, resamples=recipe.validation.bootstrap)
    return Answered(answers=answers, judged=Judged(name=name, kind=kind, obtained=obtained, metrics=metrics))


def _answer_noisily(
    recipe: Recipe, judging: QuantumJudging, data: Dataset, model: TrainedCircuit
) -> Iterator[Answered]:
    """The first examples without errors, then with the noise of the device."""
    few, examples = model.on_first(judging.noisy_train), data.test.first(judging.noisy_test)
    for mode, name in ((QuantumMode.EXACT, SAME_EXAMPLES), (QuantumMode.DEVICE, DEVICE)):
        yield _answer(recipe, data, examples, few, _target(recipe, judging, mode), name=name)


def _compare(baseline: Baseline, recipe: Recipe, data: Dataset, exact: Answered) -> Compared:
    trained = train(baseline.recipe, data)
    test = data.test.whole()
    answers = predict(trained.module, test.inputs)
    answered = _judge(recipe, data, data.test, answers, name=baseline.target, kind=baseline.evidence, obtained=OBTAINED)
    lead = accuracy_difference(exact.answers, answers, test.targets, resamples=recipe.validation.bootstrap)
    comparison = ComparisonRecord(
        target=baseline.target,
        what=baseline.what,
        parameters=baseline.parameters,
        difference=lead.value,
        low=lead.low,
        high=lead.high,
    )
    return Compared(trained=trained, answered=answered, comparison=comparison)
