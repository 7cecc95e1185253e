"""Raw data through a Program: preprocessed, run on the target npu, and read as an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.language import Writing, write_tokens
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import StateBinding, dequantize_all, quantize_all
from chipsmith.learn.data import Task
from chipsmith.learn.data.raw import RawExample, apply_raw, read_raw
from chipsmith.learn.preprocessing import TextReader
from chipsmith.learn.validation.classes import softmax
from chipsmith.learn.validation.evaluate import reconstruction_errors
from chipsmith.program.limits import Limits
from chipsmith.program.port_values import find_stray_index
from chipsmith.program.program import Port, Program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown
from chipsmith.sim import cycle
from chipsmith.targets import HostedGraph
from chipsmith.targets.npu import NpuGraph
from chipsmith.tosa.graph import Array, DType, Tensor
from chipsmith.units import percent

SHOWN_CLASSES = 5
_DTYPES = {"<b1": DType.BOOL, "<i1": DType.INT8, "<i2": DType.INT16, "<i4": DType.INT32}


@dataclass(frozen=True, kw_only=True)
class Prediction(Shown):
    """The answer for one example: `answer` goes to JSON, `line` says it to people."""

    input: str
    answer: Json
    line: str


@dataclass(frozen=True, kw_only=True)
class Predicted(Shown):
    """Answers of a Program; `latency_cycles` is of one inference, cold, and `inferences` were executed in all."""

    program: Program
    task: Task
    predictions: tuple[Prediction, ...]
    inferences: int
    latency_cycles: int

    def _brief(self) -> str:
        chip = self.program.chip.name
        answers = "; ".join(f"{row.input}: {row.line}" for row in self.predictions[:2])
        more = f"; {len(self.predictions) - 2} more" if len(self.predictions) > 2 else ""
        return f"{answers}{more}; {self.latency_us:,.2f} µs each on {chip} (simulated)"

    @property
    def latency_us(self) -> float:
        """Time of one inference on the chip, in microseconds."""
        return self.latency_cycles / self.program.chip.clock_mhz

    def to_json(self) -> Json:
        """The object of `chipsmith predict --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.program.manifest.network,
            **self.program.chip.identity,
            "task": self.task.value,
            "inferences": self.inferences,
            "latency_cycles": self.latency_cycles,
            "latency_us": self.latency_us,
            "predictions": [{"input": prediction.input, **prediction.answer} for prediction in self.predictions],
        }


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
    program: Program, given: Sequence[str], *, writing: Writing, name: str, limits: Limits | None = None
) -> Predicted:
    """See `chipsmith.predict`; `name` names the Program in messages."""
    deployed = deploy(program, name=name, limits=limits)
    task = deployed.deployment.task
    examples = [example for text in given for example in read_raw(deployed.deployment.preprocessing, text)]
    if not examples:
        raise BadInput("nothing to predict: give a file, or a text")
    if task is Task.LANGUAGE:
        predictions = [_write(deployed, example, writing) for example in examples]
        inferences = writing.tokens * len(examples)
    else:
        values = np.stack([apply_raw(deployed.deployment.preprocessing, example) for example in examples])
        predictions = _READINGS[task](deployed, examples, values)
        inferences = len(examples)
    return Predicted(
        program=program,
        task=task,
        predictions=tuple(predictions),
        inferences=inferences,
        latency_cycles=cycle.simulate(program).latency_cycles,
    )


def quantize_raw(program: Program, given: str, *, name: str) -> dict[str, Array]:
    """The integers of one inference by port name, of raw data as `predict_raw` takes it; `name` names the Program.

    Raises BadInput where the Program takes no raw data, or `given` holds more or fewer than one example.
    """
    host = DeployedHost(program=program, deployment=read_deployment(program, name=name))
    preprocessing = host.deployment.preprocessing
    examples = read_raw(preprocessing, given)
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


def _classify(deployed: DeployedNetwork, examples: Sequence[RawExample], values: Array) -> list[Prediction]:
    names = deployed.deployment.class_names
    probabilities = softmax(deployed.answers(values))
    return [_class_answer(example.name, names, row) for example, row in zip(examples, probabilities, strict=True)]


def _class_answer(name: str, names: Sequence[str], row: NDArray[np.float64]) -> Prediction:
    order = np.argsort(-row, kind="stable")
    best = {names[index]: float(row[index]) for index in order[:SHOWN_CLASSES]}
    chosen = names[order[0]]
    others = ", ".join(f"{other} {percent(share, 1)}" for other, share in list(best.items())[1:3])
    return Prediction(
        input=name,
        answer={"class": chosen, "probability": best[chosen], "probabilities": best},
        line=f"{chosen} ({percent(best[chosen], 1)}; {others})",
    )


def _regress(deployed: DeployedNetwork, examples: Sequence[RawExample], values: Array) -> list[Prediction]:
    deployment = deployed.deployment
    answers = deployed.answers(values)
    restored = deployment.target_scaling.restore(answers) if deployment.target_scaling else answers
    return [
        Prediction(
            input=example.name,
            answer={"values": {name: float(value) for name, value in zip(deployment.class_names, row, strict=True)}},
            line=", ".join(f"{name} {value:.4g}" for name, value in zip(deployment.class_names, row, strict=True)),
        )
        for example, row in zip(examples, restored, strict=True)
    ]


def _rebuild(deployed: DeployedNetwork, examples: Sequence[RawExample], values: Array) -> list[Prediction]:
    errors = reconstruction_errors(deployed.answers(values), values)
    threshold = deployed.deployment.anomaly_threshold
    return [
        _error_answer(example.name, float(error), threshold) for example, error in zip(examples, errors, strict=True)
    ]


def _error_answer(name: str, error: float, threshold: float | None) -> Prediction:
    if threshold is None:
        return Prediction(input=name, answer={"error": error}, line=f"mean squared error {error:.4g}")
    verdict = "anomaly" if error > threshold else "normal"
    return Prediction(
        input=name,
        answer={"class": verdict, "error": error, "threshold": threshold},
        line=f"{verdict} (mean squared error {error:.4g}, threshold {threshold:.4g})",
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
    return Prediction(input=example.name, answer={"text": text}, line=text)
