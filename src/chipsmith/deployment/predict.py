"""Raw data through a Program: preprocessed, run on the target npu, and read as an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.labelled import check_class, judge_labelled
from chipsmith.deployment.language import Writing, write_tokens
from chipsmith.deployment.prediction import Predicted, Prediction
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import StateBinding, dequantize_all, quantize_all
from chipsmith.learn.data import Task
from chipsmith.learn.data.files import naming
from chipsmith.learn.data.raw import RawExample, apply_raw, read_raw
from chipsmith.learn.data.raw_folder import RawForm, SkippedFile, find_raw
from chipsmith.learn.likeness import Unlike
from chipsmith.learn.preprocessing import TextReader
from chipsmith.learn.progress import SILENT, Progress
from chipsmith.learn.validation.classes import softmax
from chipsmith.learn.validation.evaluate import reconstruction_errors
from chipsmith.program.limits import Limits
from chipsmith.program.port_values import find_stray_index
from chipsmith.program.program import Port, Program
from chipsmith.schema import Json
from chipsmith.sim import cycle
from chipsmith.targets import HostedGraph
from chipsmith.targets.npu import NpuGraph
from chipsmith.tosa.graph import Array, DType, Tensor
from chipsmith.units import percent

SHOWN_CLASSES = 5
_BATCH = 250
"""Inputs that are read, and executed, at a time."""
_DTYPES = {"<b1": DType.BOOL, "<i1": DType.INT8, "<i2": DType.INT16, "<i4": DType.INT32}


@dataclass(frozen=True, kw_only=True)
class _Inferred:
    """What is known of one example before its answer is read: its network's outputs (k), and why it is unlike."""

    example: RawExample
    outputs: NDArray[np.float32]
    values: Array
    unlike: Unlike | None


@dataclass(frozen=True, kw_only=True)
class DeployedHost:
    """What the host does around a Program, as its deployment says it."""

    program: Program
    deployment: Deployment

    @property
    def states(self) -> tuple[StateBinding, ...]:
        """As Host.states: a recipe's network has none."""
        return ()

    def count_inferences(self, inputs: Sequence[Array]) -> int:
        """As Host.count_inferences: a recipe's network takes its examples one by one."""
        return len(inputs[0])

    def quantize_inputs(self, *values: Array) -> dict[str, Array]:
        """As Host.quantize_inputs."""
        ports = {port.name: port for port in self.program.manifest.inputs}
        tensors = {name: _tensor(port) for name, port in ports.items()}
        integers = quantize_all(values, self.deployment.inputs, tensors)
        for name, array in integers.items():
            _check_tokens(ports[name], array)
        return integers

    def dequantize_outputs(self, outputs: Mapping[str, Array], _inputs: Sequence[Array]) -> tuple[Array, ...]:
        """As Host.dequantize_outputs; a recipe's network computes all of its outputs."""
        return dequantize_all(outputs, self.deployment.outputs)


@dataclass(frozen=True, kw_only=True)
class DeployedNetwork:
    """A Program on the simulated chip, with its deployment."""

    deployment: Deployment
    network: HostedGraph[NpuGraph]

    def answers(self, values: Array) -> NDArray[np.float32]:
        """The network's first output (n, ...) for inputs (n, ...)."""
        outputs, *_ = self.network.run(values)
        return outputs.astype(np.float32)


def _tensor(port: Port) -> Tensor:
    return Tensor(name=port.name, shape=port.shape, dtype=_DTYPES[port.dtype])


def _check_tokens(port: Port, tokens: Array) -> None:
    """BadInput for a token that the network has no row for."""
    stray = find_stray_index(port, tokens)
    if stray is not None and port.index_range is not None:
        raise BadInput(
            f"token {stray} does not exist: the network knows {port.index_range[1] + 1} tokens, from 0 on, and the "
            "tokeniser of its program has others; run its recipe again"
        )


def predict_raw(
    program: Program,
    given: Sequence[Any],
    *,
    writing: Writing,
    name: str,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> Predicted:
    """See `chipsmith.predict`; `name` names the Program in messages."""
    deployed = deploy(program, name=name, limits=limits)
    deployment = deployed.deployment
    form = RawForm(
        preprocessing=deployment.preprocessing, columns=deployment.columns, class_names=deployment.class_names
    )
    read = [find_raw(form, each) for each in given]
    examples = [example for each in read for example in each.examples]
    skipped = [file for each in read for file in each.skipped]
    if not examples and not skipped:
        raise BadInput("nothing to predict: give a file, a folder of files, an array or a text")
    if deployment.task is Task.LANGUAGE:
        predictions = [_write(deployed, example, writing) for example in examples]
        inferences, metrics = writing.tokens * len(examples), None
    else:
        answered = list(_answer(deployed, examples, skipped, progress))
        predictions = [_READINGS[deployment.task](deployment, each) for each in answered]
        inferences = len(answered)
        metrics = judge_labelled(
            deployment, [each.outputs for each in answered], [each.example.label for each in answered]
        )
    if not predictions:
        raise BadInput(f"none of {len(skipped)} files can be read; the first: {skipped[0].reason}")
    return Predicted(
        program=program,
        task=deployment.task,
        predictions=tuple(predictions),
        inferences=inferences,
        latency_cycles=cycle.simulate(program).latency_cycles,
        metrics=metrics,
        skipped=tuple(skipped),
        likeness=deployment.likeness,
    )


def _answer(
    deployed: DeployedNetwork, examples: Sequence[RawExample], skipped: list[SkippedFile], progress: Progress
) -> Iterator[_Inferred]:
    """The outputs for each example, `_BATCH` at a time; what cannot be read and may be skipped goes to `skipped`."""
    for start in range(0, len(examples), _BATCH):
        if len(examples) > _BATCH:
            progress.stage(f"{start:,} of {len(examples):,} inputs")
        read = list(_read(deployed.deployment, examples[start : start + _BATCH], skipped))
        if read:
            outputs = deployed.answers(np.stack([values for _, values, _ in read]))
            for (example, values, unlike), row in zip(read, outputs, strict=True):
                yield _Inferred(example=example, outputs=row, values=values, unlike=unlike)


def _read(
    deployment: Deployment, examples: Sequence[RawExample], skipped: list[SkippedFile]
) -> Iterator[tuple[RawExample, Array, Unlike | None]]:
    for example in examples:
        try:
            with naming(example.name):
                if deployment.task is Task.CLASSIFICATION and example.label is not None:
                    check_class(str(example.label), deployment.class_names)
                values = apply_raw(deployment.preprocessing, example)
                unlike = _examine(deployment, example, values)
        except BadInput as fault:
            if not example.skippable:
                raise
            skipped.append(SkippedFile(name=example.name, reason=str(fault)))
            continue
        yield example, values, unlike


def _examine(deployment: Deployment, example: RawExample, values: Array) -> Unlike | None:
    if deployment.likeness is None:
        return None
    return deployment.likeness.examine(deployment.preprocessing.reader, example.raw, values)


def quantize_raw(program: Program, given: str, *, name: str) -> dict[str, Array]:
    """The integers of one inference by port name, of raw data as `predict_raw` takes it; `name` names the Program.

    Raises BadInput where the Program takes no raw data, or `given` holds more or fewer than one example.
    """
    host = DeployedHost(program=program, deployment=read_deployment(program, name=name))
    preprocessing = host.deployment.preprocessing
    examples = read_raw(preprocessing, given, host.deployment.columns)
    if len(examples) != 1:
        raise BadInput(f"{given} holds {len(examples)} examples, and one inference takes 1")
    return host.quantize_inputs(np.stack([apply_raw(preprocessing, examples[0])]))


def read_deployment(program: Program, *, name: str) -> Deployment:
    """The deployment of a Program that a recipe's run made. Raises BadInput, with `name`, where it has none."""
    text = program.manifest.deployment
    if text is None:
        raise BadInput(
            f"{name} takes and gives integers alone: it was not made of a recipe. `chipsmith run RECIPE` makes one "
            "that takes raw data, `chipsmith simulate` executes this one"
        )
    deployment = Deployment.parse(text, name=name)
    ports = {port.name for port in (*program.manifest.inputs, *program.manifest.outputs)}
    bound = {binding.tensor for binding in (*deployment.inputs, *deployment.outputs)}
    if len(deployment.inputs) != 1 or not deployment.outputs or not bound <= ports:
        raise BadInput(f"{name}: its deployment is of a network with other inputs and outputs; compile it again")
    return deployment


def deploy(program: Program, *, name: str, limits: Limits | None = None) -> DeployedNetwork:
    """A Program that a recipe's run made, on the simulated chip. Raises BadInput, with `name`, for another one."""
    deployment = read_deployment(program, name=name)
    host = DeployedHost(program=program, deployment=deployment)
    return DeployedNetwork(
        deployment=deployment, network=HostedGraph(host=host, graph=NpuGraph(program=program, limits=limits))
    )


def _classify(deployment: Deployment, answered: _Inferred) -> Prediction:
    row = softmax(answered.outputs)
    names = deployment.class_names
    order = np.argsort(-row, kind="stable")
    best = {names[index]: float(row[index]) for index in order[:SHOWN_CLASSES]}
    chosen = names[order[0]]
    others = ", ".join(f"{other} {percent(share, 1)}" for other, share in list(best.items())[1:3])
    return _prediction(
        answered,
        {"class": chosen, "probability": best[chosen], "probabilities": best},
        f"{chosen} ({percent(best[chosen], 1)}; {others})",
    )


def _regress(deployment: Deployment, answered: _Inferred) -> Prediction:
    row = answered.outputs
    restored = deployment.target_scaling.restore(row[None])[0] if deployment.target_scaling else row
    values = {name: float(value) for name, value in zip(deployment.class_names, restored, strict=True)}
    return _prediction(answered, {"values": values}, ", ".join(f"{name} {value:.4g}" for name, value in values.items()))


def _prediction(answered: _Inferred, answer: Json, line: str) -> Prediction:
    example = answered.example
    return Prediction(input=example.name, answer=answer, line=line, label=example.label, unlike=answered.unlike)


def _rebuild(deployment: Deployment, answered: _Inferred) -> Prediction:
    (error,) = reconstruction_errors(answered.outputs[None], answered.values[None])
    answer, line = _error_answer(float(error), deployment.anomaly_threshold)
    return _prediction(answered, answer, line)


def _error_answer(error: float, threshold: float | None) -> tuple[Json, str]:
    if threshold is None:
        return {"error": error}, f"mean squared error {error:.4g}"
    verdict = "anomaly" if error > threshold else "normal"
    return (
        {"class": verdict, "error": error, "threshold": threshold},
        f"{verdict} (mean squared error {error:.4g}, threshold {threshold:.4g})",
    )


_READINGS = {
    Task.CLASSIFICATION: _classify,
    Task.REGRESSION: _regress,
    Task.RECONSTRUCTION: _rebuild,
    Task.GENERATION: _rebuild,
}


def _write(deployed: DeployedNetwork, example: RawExample, writing: Writing) -> Prediction:
    reader = deployed.deployment.preprocessing.reader
    if not isinstance(reader, TextReader) or not isinstance(example.raw, str) or not example.raw:
        raise BadInput("a text to go on with is needed: one or more characters")
    prompt = reader.encode(example.raw)
    tokens = write_tokens(deployed.network, prompt, length=reader.length, pad=reader.pad, writing=writing)
    text = reader.decode(tokens)
    unlike = (
        None
        if deployed.deployment.likeness is None
        else _examine(deployed.deployment, example, reader.read(example.raw))
    )
    return Prediction(input=example.name, answer={"text": text}, line=text, unlike=unlike)
