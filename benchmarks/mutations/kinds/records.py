"""What a run says of itself: result.json, drawn again as page, trace and closing table."""

from __future__ import annotations

import json
import random
from contextlib import redirect_stdout
from io import StringIO
from itertools import cycle
from pathlib import Path
from typing import Any

from chipsmith.console.jobs import present_report
from chipsmith.flow.results import RunResult
from chipsmith.flow.run_files import PAGE, RESULT
from chipsmith.flow.run_folder import draw_again, read_run
from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.profile.profile import Evidence
from chipsmith.reports.record import (
    CalibrationRecord,
    Confusion,
    EpochRecord,
    FoldsRecord,
    MetricRecord,
    Picture,
    ReliabilityBin,
    RunRecord,
    TextSample,
    TrainingRecord,
)
from chipsmith.reports.result import result_to_plain
from chipsmith.witness.bit_exactness import BitExactness
from mutations.kinds.networks import small_program
from mutations.mutators import mutate_bytes, mutate_json
from mutations.target import CodeExecuted, Target

_PRINTED_EVERY = 4
"""The table for the terminal takes longer than the page."""


def sample_record() -> RunRecord:
    """A record with every section."""
    program = small_program()
    return RunRecord(
        network="digits",
        chip=describe_chip(program.chip),
        inference=full_profile(program),
        seed=7,
        versions={"chipsmith": "0.1.0"},
        hashes={"digits.tosa": "ab" * 32},
        host={"train": 21.25},
        training=TrainingRecord(
            epochs=tuple(_epoch(number) for number in (1, 2)),
            score="accuracy",
            verdict="good",
            reason="both losses fell",
            train_examples=3500,
            validation_examples=500,
        ),
        task="classification",
        metrics=tuple(_accuracy(target) for target in ("source", "int8", "npu")),
        confusion=Confusion(class_names=("cat", "dog"), counts=((480, 20), (1, 499))),
        calibration=(_calibration(),),
        folds=FoldsRecord(name="accuracy", values=(0.97, 0.98), mean=0.975, deviation=0.005),
        pictures=(Picture(title="Drawn from noise", caption="32 codes", png="iVBORw0KGgo="),),
        texts=(TextSample(prompt="To be", written=" or not", obtained="at temperature 1"),),
        bit_exact=BitExactness(
            mismatches=0, compared=10_000, images=1000, reference="tosa_reference_model", reference_version="2026.5.0"
        ),
    )


def _epoch(number: int) -> EpochRecord:
    return EpochRecord(
        number=number,
        train_loss=0.9,
        validation_loss=0.8,
        train_score=0.5,
        validation_score=0.6,
    )


def _accuracy(target: str) -> MetricRecord:
    return MetricRecord(
        name="accuracy",
        target=target,
        value=0.98,
        low=0.97,
        high=0.99,
        count=1000,
        better="more",
        interval="bootstrap, 95 %",
        kind=Evidence.MEASURED,
        obtained="1,000 test images",
    )


def _calibration() -> CalibrationRecord:
    whole = ReliabilityBin(low=0.9, high=1.0, count=1000, confidence=0.95, accuracy=0.979)
    return CalibrationRecord(target="npu", bins=(whole,), error=0.029)


def result_json(folder: Path) -> Target:
    """A result.json, drawn; a script in it must not come through to the page."""
    sample = json.dumps(result_to_plain(sample_record())).encode()
    return Target(file=RESULT, samples=[sample], mutate=mutate_result, parse=_parse, use=_draw(folder))


def mutate_result(rng: random.Random, data: bytes) -> bytes:
    """The record changed, which the page is drawn from; now and then the rest, or bytes."""
    if rng.random() < 0.1:
        return mutate_bytes(rng, data)
    content = json.loads(data)
    if rng.random() < 0.9:
        content["record"] = mutate_json(rng, content["record"])
    else:
        content = mutate_json(rng, content)
    return json.dumps(content).encode()


def _parse(file: Path) -> Any:
    return read_run(file.parent)


def _draw(folder: Path) -> Any:
    printed = cycle([True, *[False] * (_PRINTED_EVERY - 1)])

    def draw(record: Any) -> None:
        draw_again(folder)
        if next(printed):
            with redirect_stdout(StringIO()):
                present_report(RunResult(record=record, folder=folder)).print_text()
        page = (folder / PAGE).read_text()
        if '" onplanted="' in page or "<script>planted" in page:
            raise CodeExecuted("a script in result.json stands in the page")

    return draw
