"""A record for the tests: a real Program with its real timelines, and made-up results around them."""

from __future__ import annotations

from functools import cache

from compiled import NETWORKS, compiled_profile, compiled_program, named_program

from chipsmith.data_report import (
    ColumnRange,
    DataFinding,
    DataReport,
    FindingKind,
    PartCount,
    Severity,
    TraitSummary,
)
from chipsmith.learn.privacy.budget import PrivacyBudget
from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.profile.profile import Evidence, HostStep
from chipsmith.reports.record import (
    CalibrationRecord,
    Confusion,
    EpochRecord,
    FoldsRecord,
    MetricRecord,
    Picture,
    PrivacyRecord,
    ReliabilityBin,
    RunRecord,
    TextSample,
    TrainingRecord,
)
from chipsmith.reports.run_facts import (
    CommandRecord,
    LayerParameters,
    Mistake,
    MistakesRecord,
    ParametersRecord,
    RecipeChange,
    RecipeRecord,
    SplitPart,
    SplitsRecord,
)
from chipsmith.studies.advice.advise import advise
from chipsmith.studies.advice.record import AdviceRecord, Subject
from chipsmith.tosa.file import read_tosa
from chipsmith.witness.bit_exactness import BitExactness
from chipsmith.witness.diff.sqnr import QuantisationError

BUDGET = PrivacyBudget(
    epsilon=7.99,
    delta=1 / 3500,
    epsilon_rdp=9.2,
    noise_multiplier=1.36,
    clip=6.0,
    sample_rate=0.25,
    steps=80,
    examples=3500,
    noise="fresh",
    accountant="PRV accountant of opacus 1.6.0",
)


@cache
def bare_record(network: str = "digits_cnn", chip: str = "edge-256") -> RunRecord:
    """What `compile` and `simulate` alone know."""
    chip_record = describe_chip(compiled_program(network, chip).chip)
    return RunRecord(network=network, chip=chip_record, inference=compiled_profile(network, chip))


@cache
def named_record() -> RunRecord:
    """A bare record whose operators have an author's names, as `named_program` gives them."""
    program = named_program()
    return RunRecord(network="digits", chip=describe_chip(program.chip), inference=full_profile(program))


def sample_data() -> DataReport:
    """A look at two classes, with a warning and a note."""
    return DataReport(
        dataset="digits",
        source="drawn for the tests",
        task="classification",
        examples=4800,
        looked_at=4800,
        class_names=("3", "<8>"),
        parts=(
            PartCount(name="training", examples=3500, by_class=(1500, 2000), repeated=4, seen_before=0),
            PartCount(name="validation", examples=300, by_class=(100, 200), repeated=0, seen_before=0),
            PartCount(name="test", examples=1000, by_class=(500, 500), repeated=0, seen_before=2),
        ),
        ranges=(ColumnRange(name="values as decoded", lowest=0, mean=33.5, highest=255),),
        traits=(
            TraitSummary(name="size", words=(("28 x 28", 4700), ("27 x 28", 90)), others=10),
            TraitSummary(name="seconds", lowest=0.5, median=1, highest=2.25),
        ),
        findings=(
            DataFinding(
                severity=Severity.WARNING,
                kind=FindingKind.LEAKAGE,
                message="2 of 1,000 test examples (0.2 %) have the same inputs as training examples",
                count=2,
                examples=("a <b> (test) = c (training)", "d (test) = e (training)"),
            ),
            DataFinding(
                severity=Severity.NOTE, kind=FindingKind.DUPLICATES, message="4 examples repeat others", count=4
            ),
        ),
    )


@cache
def full_record() -> RunRecord:
    """What a whole run knows; everything but the inference is made up."""
    bare = bare_record()
    return RunRecord(
        network="digits",
        chip=bare.chip,
        inference=bare.inference,
        seed=7,
        versions={"chipsmith": "0.1.0"},
        hashes={"digits.tosa": "ab" * 32},
        host={"train": 21.25},
        host_steps=(
            HostStep(name="quantise the image", when="before", reason="the graph takes int8"),
            HostStep(name="take the largest", when="after", reason="the graph gives scores"),
        ),
        data=sample_data(),
        training=TrainingRecord(
            epochs=(epoch(1, 0.9), epoch(2, 0.5)),
            score="accuracy",
            verdict="good",
            reason="both losses fell",
            train_examples=3500,
            validation_examples=500,
            privacy=PrivacyRecord(budget=BUDGET, outside=("500 validation examples <b>",)),
        ),
        task="classification",
        metrics=(accuracy("source", 981), accuracy("int8", 980), accuracy("npu", 979)),
        confusion=Confusion(class_names=("cat", "<dog>"), counts=((480, 20), (1, 499))),
        calibration=(
            CalibrationRecord(
                target="npu",
                bins=(ReliabilityBin(low=0.9, high=1.0, count=1000, confidence=0.95, accuracy=0.979),),
                error=0.029,
            ),
        ),
        folds=FoldsRecord(name="accuracy", values=(0.97, 0.98), mean=0.975, deviation=0.005),
        recipe=RecipeRecord(
            yaml="name: digits\ntraining:\n  epochs: 2\n",
            base="the shipped recipe digits",
            changes=(RecipeChange(field="training.epochs", before="30", after="2"),),
        ),
        command=CommandRecord(
            shell="chipsmith run recipe.yaml --set 'training.epochs=2' --seed 7",
            python="chipsmith.run('recipe.yaml', settings=['training.epochs=2'], seed=7)",
            files=("recipe.yaml",),
        ),
        splits=SplitsRecord(
            how="drawn for the <tests>",
            seed=7,
            parts=(
                SplitPart(name="training", examples=3500),
                SplitPart(name="validation", examples=500, sha256="ab" * 32),
                SplitPart(name="test", examples=1000, sha256="cd" * 32),
            ),
        ),
        parameters=ParametersRecord(
            total=1234,
            fixed=56,
            layers=(LayerParameters(layer="conv1", kind="Conv2d", shapes=("8x1x3x3", "8"), count=1234),),
        ),
        mistakes=MistakesRecord(
            order="wrong answers, the surest first",
            count=1000,
            wrong=21,
            shown=(
                Mistake(
                    index=5,
                    name="image <5>",
                    target="cat",
                    answer="<dog>",
                    probability=0.987,
                    true_probability=0.013,
                    picture="iVBORw0KGgo=",
                ),
            ),
        ),
        pictures=(Picture(title="Drawn from noise", caption="32 codes", png="iVBORw0KGgo="),),
        texts=(TextSample(prompt="To be", written=" or <not>", obtained="at temperature 1"),),
        bit_exact=BitExactness(
            mismatches=0, compared=10_000, images=1000, reference="tosa_reference_model", reference_version="2026.5.0"
        ),
        quantisation=(
            QuantisationError(layer="conv1", sqnr_db=38.5, obtained="100 images"),
            QuantisationError(layer="pool", sqnr_db=None, obtained="100 images"),
        ),
        advice=sample_advice(),
    )


@cache
def sample_advice() -> AdviceRecord:
    """The advice on digits_cnn on edge-256: real figures, as all of the inference."""
    subject = Subject(model="digits_cnn.tosa", chip="chip.yaml")
    return advise(read_tosa(NETWORKS / "digits_cnn.tosa"), compiled_program(), subject=subject, operator_names={})


def epoch(number: int, loss: float) -> EpochRecord:
    return EpochRecord(
        number=number,
        train_loss=loss,
        validation_loss=loss + 0.1,
        train_score=1 - loss / 2,
        validation_score=0.9 - loss / 2,
    )


def accuracy(target: str, correct: int) -> MetricRecord:
    return MetricRecord(
        target=target,
        name="accuracy",
        value=correct / 1000,
        low=correct / 1000 - 0.01,
        high=correct / 1000 + 0.01,
        count=1000,
        better="more",
        interval="bootstrap, 95 %",
        kind=Evidence.SIMULATED if target == "npu" else Evidence.MEASURED,
        obtained=f"the network on {target}",
    )
