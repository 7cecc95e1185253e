"""How much the int8 ranges cost, on inputs that did not calibrate, beside onnxruntime's own int8 of the same file.

rapidocr's networks read rendered text; MobileNetV2 and others of `pytorchcv` have random weights and random images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from doors.groups import pytorchcv, transformers, wheels
from doors.modules import Exporter
from doors.rival import run_onnxruntime_int8
from doors.subject import Example, Subject

BY_EXPORT = {
    pytorchcv: ("mobilenetv2_w1", "resnet20_cifar10", "seresnet20_cifar10"),
    transformers: ("bert", "segformer", "whisper_encoder"),
}
BY_FILE = ("rapidocr det", "rapidocr cls", "rapidocr rec", "nudenet 320n")


def list_subjects() -> Sequence[Subject]:
    exports = [
        subject
        for group, names in BY_EXPORT.items()
        for subject in group.list_subjects()
        if subject.file in {f"{name}.{Exporter.TORCHSCRIPT}.onnx" for name in names}
    ]
    from_wheels = [subject for subject in wheels.list_subjects() if subject.file in BY_FILE]
    return [
        replace(subject, group="quantisation", make=partial(make_with_rival, subject))
        for subject in (*from_wheels, *exports)
    ]


def make_with_rival(subject: Subject, folder: Path) -> Example:
    """The subject's own example, and what onnxruntime's quantiser makes of it."""
    example = subject.make(folder)
    rival = run_onnxruntime_int8(Path(example.model), example.calibration, example.inputs, folder)
    return replace(example, rival=rival)
