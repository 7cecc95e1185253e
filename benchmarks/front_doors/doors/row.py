"""A row of the table: what became of a network."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from chipsmith.chip import load_chip
from chipsmith.errors import ChipsmithError
from chipsmith.frontends.registry import load_model
from chipsmith.targets.registry import load_target
from doors.folder import Question
from doors.process import cpu_seconds
from doors.verdict import judge, worst_sqnr_db

CHIP = "edge-1024"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a network met behind the door.

    `whole`: it was lowered and compiled, and every part of it ran. `lowering_cpu_s` is the CPU time of the process and
    its children from its start to the lowered network; in a process forked from a warm one no import is in it.
    `refusal` is the message where it is not whole, `wrong` what is wrong with outputs of a whole one.
    `same_strings` is the share of inferences that spell the same, `rival_sqnr_db` what onnxruntime's own int8 reaches.
    `excluded` says why a network does not count: the benchmark itself, or an exporter, did not come to its file.
    """

    whole: bool
    sqnr_db: float | None = None
    lowering_cpu_s: float | None = None
    refusal: str | None = None
    wrong: str | None = None
    same_strings: float | None = None
    rival_sqnr_db: float | None = None
    excluded: str | None = None


def measure(question: Question) -> Outcome:
    """Take a network through its door, run it on CHIP, and compare it with what its own framework gave."""
    try:
        network = load_model(question.model, question.calibration)
        lowering = cpu_seconds()
        prepared = load_target("npu", load_chip(CHIP)).prepare(network)
        outputs = prepared.run(*question.inputs)
    except ChipsmithError as error:
        return Outcome(whole=False, refusal=f"{type(error).__name__}: {error}")
    verdict = judge(outputs, question.expected, question.comparison, steps=question.steps)
    return Outcome(
        whole=True,
        lowering_cpu_s=lowering,
        rival_sqnr_db=worst_sqnr_db(question.rival, question.expected) if question.rival else None,
        **asdict(verdict),
    )
