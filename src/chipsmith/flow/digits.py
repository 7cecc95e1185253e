"""The stages of the main job between training and the record: one function each."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chipsmith.flow.layer_errors import layer_errors
from chipsmith.flow.networks import describe_steps
from chipsmith.frontends.pytorch import LoweredNetwork, lower_module
from chipsmith.learn import Accuracy as Counted
from chipsmith.learn import Dataset, TrainedNetwork, Training, classify, evaluate, predict_logits
from chipsmith.learn import accuracy as count_accuracy
from chipsmith.report.record import Accuracy, BitExactness, Epoch, QuantisationError, Stage, TrainingRecord
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.witness import NAME, witness_outputs, witness_version

NETWORK = "digits"
CALIBRATION_IMAGES = 256
ERROR_IMAGES = 64
_PACKAGES = ("chipsmith", "numpy", "numba", "tosa-tools", "torch", "torchao", "executorch", "mlxtend")
_INTERVAL = "Wilson, 95 %"


def lower_digits(trained: TrainedNetwork, data: Dataset) -> LoweredNetwork:
    """The int8 graph of the trained network; the ranges are chosen on training images, never on the test's."""
    import torch

    example = (torch.zeros(1, *data.image_shape),)
    return lower_module(trained.module, example, (data.train.first(CALIBRATION_IMAGES).images.copy(),), name=NETWORK)


def host_work(lowered: LoweredNetwork, when: Literal["before", "after"]) -> str:
    """The names of the host's steps before or after the chip: under these the run keeps their wall time."""
    steps = describe_steps(lowered.host_steps, lowered.graph)
    return ", ".join(step.name for step in steps if step.when == when)


def quantize(lowered: LoweredNetwork, images: Array) -> dict[str, Array]:
    """The graph's inputs [n, ...] for images, as the host makes them."""
    return lowered.quantize_inputs(images)


def dequantize(lowered: LoweredNetwork, outputs: Mapping[str, Array]) -> NDArray[np.float32]:
    """The network's logits [n, classes], as the host makes them from the graph's outputs."""
    (logits,) = lowered.dequantize_outputs(outputs)
    return logits.astype(np.float32)


def compare_with_witness(graph: Graph, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> BitExactness:
    """Run the same inputs, one by one, through tosa_reference_model and count the elements that differ."""
    (chip,) = outputs.values()
    (expected,) = witness_outputs(graph, {name: np.expand_dims(array, 1) for name, array in inputs.items()}).values()
    return BitExactness(
        mismatches=int(np.count_nonzero(expected.reshape(chip.shape) != chip)),
        compared=int(chip.size),
        images=len(chip),
        reference=NAME,
        reference_version=witness_version(),
    )


def accuracies(
    trained: TrainedNetwork, lowered: LoweredNetwork, data: Dataset, logits: NDArray[np.float32]
) -> tuple[Accuracy, ...]:
    """Test accuracy of the float network, of PyTorch's int8 network and of the chip, whose logits are given."""
    test = data.test
    converted = classify(predict_logits(lowered.converted, test.images, batch=1))
    return (
        _accuracy("float", evaluate(trained.module, test), "the trained module in PyTorch"),
        _accuracy("int8", count_accuracy(test.labels, converted), "PyTorch's converted model (PT2E)"),
        _accuracy("chip", count_accuracy(test.labels, classify(logits)), "the Program, functional simulation"),
    )


def quantisation_errors(
    trained: TrainedNetwork, lowered: LoweredNetwork, data: Dataset
) -> tuple[QuantisationError, ...]:
    """The error that int8 brings to each layer, on validation images."""
    obtained = f"{ERROR_IMAGES} validation images; ranges chosen on {CALIBRATION_IMAGES} training images"
    return layer_errors(
        trained.module, lowered.converted, data.validation.first(ERROR_IMAGES).images, obtained=obtained
    )


def training_record(training: Training) -> TrainingRecord:
    """The curves and the verdict as the report shows them."""
    epochs = tuple(
        Epoch(
            number=one.number,
            train_loss=one.train_loss,
            validation_loss=one.validation_loss,
            train_accuracy=one.train_accuracy,
            validation_accuracy=one.validation_accuracy,
        )
        for one in training.history
    )
    return TrainingRecord(
        epochs=epochs,
        verdict=training.verdict.fit.value,
        reason=training.verdict.reason,
        train_images=training.train_images,
        validation_images=training.validation_images,
    )


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _accuracy(stage: Stage, counted: Counted, obtained: str) -> Accuracy:
    return Accuracy(
        stage=stage,
        correct=counted.correct,
        images=counted.total,
        low=counted.interval.low,
        high=counted.interval.high,
        interval=_INTERVAL,
        obtained=obtained,
    )
