"""The stages of the main job between training and the record: one function each."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from chipsmith.flow.layer_errors import layer_errors
from chipsmith.frontends.pytorch import LoweredNetwork, lower_module
from chipsmith.learn import Accuracy as Counted
from chipsmith.learn import Dataset, TrainedNetwork, Training, classify, evaluate, predict_logits
from chipsmith.learn import accuracy as count_accuracy
from chipsmith.program.program import Program
from chipsmith.report.record import Accuracy, BitExactness, Epoch, QuantisationError, Stage, TrainingRecord
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import Array
from chipsmith.tosa.witness import NAME, witness_outputs, witness_version

NETWORK = "digits"
CALIBRATION_IMAGES = 256
ERROR_IMAGES = 64
_PACKAGES = ("chipsmith", "numpy", "numba", "tosa-tools", "torch", "torchao", "executorch", "mlxtend")
_INTERVAL = "Wilson, 95 %"


@dataclass(frozen=True, kw_only=True, eq=False)
class Outputs:
    """What the chip and the witness say about the same inputs: int8 [images, classes] each, and the logits."""

    chip: Array
    logits: Array


def lower_digits(trained: TrainedNetwork, data: Dataset) -> LoweredNetwork:
    """The int8 graph of the trained network; the ranges are chosen on training images, never on the test's."""
    import torch

    example = (torch.zeros(1, *data.image_shape),)
    return lower_module(trained.module, example, (data.train.first(CALIBRATION_IMAGES).images.copy(),), name=NETWORK)


def quantize(lowered: LoweredNetwork, images: Array) -> dict[str, Array]:
    """The graph's inputs [n, ...] for images, as the host makes them."""
    return lowered.quantize_inputs(images)


def run_on_chip(program: Program, lowered: LoweredNetwork, inputs: dict[str, Array]) -> Outputs:
    """Execute the Program on all inputs at once."""
    outputs = execute(program, inputs)
    (name,) = lowered.graph.outputs
    (logits,) = lowered.dequantize_outputs(outputs)
    return Outputs(chip=outputs[name], logits=logits)


def compare_with_witness(lowered: LoweredNetwork, inputs: dict[str, Array], outputs: Outputs) -> BitExactness:
    """Run the same inputs, one by one, through tosa_reference_model and count the elements that differ."""
    batched = {name: np.expand_dims(array, 1) for name, array in inputs.items()}
    (expected,) = witness_outputs(lowered.graph, batched).values()
    return BitExactness(
        mismatches=int(np.count_nonzero(expected.reshape(outputs.chip.shape) != outputs.chip)),
        compared=int(outputs.chip.size),
        images=len(outputs.chip),
        reference=NAME,
        reference_version=witness_version(),
    )


def accuracies(
    trained: TrainedNetwork, lowered: LoweredNetwork, data: Dataset, outputs: Outputs
) -> tuple[Accuracy, ...]:
    """Test accuracy of the float network, of PyTorch's int8 network and of the chip."""
    test = data.test
    converted = classify(predict_logits(lowered.converted, test.images, batch=1))
    on_chip = classify(outputs.logits.astype(np.float32))
    return (
        _accuracy("float", evaluate(trained.module, test), "the trained module in PyTorch"),
        _accuracy("int8", count_accuracy(test.labels, converted), "PyTorch's converted model (PT2E)"),
        _accuracy(
            "chip",
            count_accuracy(test.labels, classify(outputs.logits.astype(np.float32))),
            "the Program, functional simulation",
        ),
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
