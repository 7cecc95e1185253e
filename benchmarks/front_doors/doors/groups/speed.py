"""Lowering cold: ResNet-18, MobileNetV2, a layer of BERT-base and the network of `run digits` by both doors, and the
`.tflite` files of MLPerf Tiny ($CHIPSMITH_DATA). What counts is `lowering_cpu_s`, everything from the process's start.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from doors.modules import Exporter, ModuleNetwork, Port, image, list_subject, seeded
from doors.process import SOURCE
from doors.subject import Comparison, Door, Example, Subject
from doors.truth import open_interpreter, run_litert

if TYPE_CHECKING:
    from torch import nn

NETWORKS = (
    ModuleNetwork(function="resnet18", ports=image(3, 224), calibration_inputs=2, judged_inputs=1),
    ModuleNetwork(function="mobilenet_v2", ports=image(3, 224), calibration_inputs=2, judged_inputs=1),
    ModuleNetwork(
        function="bert_layer", ports=(Port(name="src", shape=(1, 128, 768)),), calibration_inputs=2, judged_inputs=1
    ),
    ModuleNetwork(function="digits", ports=image(1, 28), calibration_inputs=128, judged_inputs=4),
)
DATA = Path(os.environ.get("CHIPSMITH_DATA", SOURCE.parents[1] / "shared" / "data")) / "mlperf_tiny"

ROUNDED_OTHERWISE = "FULLY_CONNECTED"


def list_subjects() -> Sequence[Subject]:
    forms = (None, Exporter.TORCHSCRIPT)
    modules = [list_subject("speed", ("torch",), network, exporter) for network in NETWORKS for exporter in forms]
    files = [
        Subject(
            group="speed",
            file=file.name,
            door=Door.TFLITE,
            packages=("ai-edge-litert",),
            make=partial(make_tflite, file),
        )
        for file in sorted(DATA.glob("*_int8.tflite"))
    ]
    return [*modules, *files]


def make_tflite(file: Path, _folder: Path) -> Example:
    """An integer file with random inputs, beside LiteRT's reference kernels."""
    interpreter = open_interpreter(file)
    inputs, expected = run_litert(interpreter, 4, np.random.default_rng(1))
    kinds = [operator["op_name"] for operator in interpreter._get_ops_details()]
    return Example(
        model=str(file),
        input_names=("input",),
        calibration=(),
        inputs=inputs,
        expected=expected,
        comparison=Comparison.INTEGERS,
        steps=kinds.count(ROUNDED_OTHERWISE),
    )


@seeded
def resnet18() -> nn.Module:
    from chipsmith.learn.networks import ResNet

    return ResNet.imagenet18().build(input_shape=(3, 224, 224), outputs=1000)


@seeded
def mobilenet_v2() -> nn.Module:
    from chipsmith.learn.networks import MobileNetV2

    return MobileNetV2().build(input_shape=(3, 224, 224), outputs=1000)


@seeded
def bert_layer() -> nn.Module:
    from torch import nn

    return nn.TransformerEncoderLayer(768, 12, 3072, dropout=0.0, batch_first=True, activation="gelu")


@seeded
def digits() -> nn.Module:
    from chipsmith.learn.networks import Cnn

    return Cnn(channels=(16, 32), dense=(64,), dropout=0.2).build(input_shape=(1, 28, 28), outputs=10)
