"""An advice in sentences: each figure is the record's, each command is one that a user can paste."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from functools import cache
from pathlib import Path

from chipsmith.chip import load_chip, override_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.network import compile_network
from chipsmith.profile.critical_path import Bound
from chipsmith.reports.advice_text import (
    BOUND_WORDS,
    UNTRAINED,
    closing_sentences,
    command,
    diagnosis_sentences,
    nothing_helps,
    remedy_sentence,
    title,
    warm_sentence,
)
from chipsmith.studies.advice.advise import advise
from chipsmith.studies.advice.diagnose import diagnose
from chipsmith.studies.advice.record import AdviceRecord, ChannelChange, FieldChange, Remedy, RemedyKind, Subject
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parents[1] / "networks"


@cache
def digits_advice() -> AdviceRecord:
    """digits on edge-256, its operators with an author's names."""
    graph, chip = read_tosa(NETWORKS / "digits_cnn.tosa"), load_chip("edge-256")
    names = {"tosa_conv2d_default_1": "classifier.0", "tosa_depthwise_conv2d_default": "features.3"}
    program = compile_network(graph, chip, operator_names=names)
    return advise(graph, program, subject=Subject(model="digits.tosa", chip="chip.yaml"), operator_names={})


def remedy_of(advice: AdviceRecord, **fields: object) -> Remedy:
    given = {"kind": RemedyKind.CHIP, "after": advice.figures, "gain": 0.1, "score": 0.1, **fields}
    return Remedy(**given)  # type: ignore[arg-type]


def test_a_layer_is_called_by_its_authors_name_with_its_kernel_and_its_figures() -> None:
    sentences = diagnosis_sentences(digits_advice())
    (dear,) = (sentence for sentence in sentences if "of the energy" in sentence and "(k" in sentence)
    assert re.fullmatch(
        r"classifier\.0 \(k4\) takes 68 % of the energy, 97 % of it in the external memory: its 24\.8 KiB are moved "
        r"once an inference; warm, they stay on the chip: 1\.68 → 0\.0429 µJ\.",
        dear,
    )


def test_the_first_sentences_say_time_and_energy_cold_and_warm_and_how_they_are_known() -> None:
    advice = digits_advice()
    time, energy = (
        next(sentence for sentence in diagnosis_sentences(advice) if sentence.startswith(word))
        for word in ("Time", "Energy")
    )
    assert f"{advice.figures.cold_cycles:,} cycles, simulated" in time
    assert "2.47 µJ cold (estimated)" in energy
    assert "0.708 µJ warm" in energy


def test_there_are_words_for_every_bound() -> None:
    assert set(BOUND_WORDS) == set(Bound)


def test_a_poorly_filled_array_is_told_with_its_numbers() -> None:
    program = compile_graph(read_tosa(NETWORKS / "families/mobilenet_v1.tosa"), load_chip("edge-256"))
    sentences = diagnosis_sentences(diagnose(program, subject=Subject(model="", chip="")))
    assert any("depthwise, each column sums over 3 taps of its own channel: 3 of 16 rows work" in s for s in sentences)


def test_spilled_bytes_are_told() -> None:
    chip = override_chip(load_chip("edge-256"), {"memory.groups": "8", "memory.group_bytes": "1024"})
    program = compile_graph(read_tosa(NETWORKS / "families/mobilenet_v2.tosa"), chip)
    sentences = diagnosis_sentences(diagnose(program, subject=Subject(model="", chip="")))
    assert any("of activations go out to external memory and come back" in s and "8 KiB" in s for s in sentences)


def test_time_energy_and_what_helps_most_of_chip_and_network_close_a_run() -> None:
    """The one costs silicon, the other a training and perhaps answers: neither is said to help more than both."""
    advice = digits_advice()
    _, _, chip, network = closing_sentences(advice)
    most = f"Best of {advice.simulated} simulated changes, of the chip: "
    best = max(filter(None, (*advice.remedies, advice.together)), key=lambda remedy: remedy.score)
    assert chip.startswith(most + ", ".join(f"{each.path} {each.before} → {each.after}" for each in best.fields))
    best = max(advice.networks, key=lambda remedy: remedy.score)
    assert network.startswith(f"Of the network, then trained again: {title(best)}: ")
    assert closing_sentences(replace(advice, networks=()))[2:] == (chip,)
    (alone,) = closing_sentences(replace(advice, remedies=(), together=None))[2:]
    assert alone.startswith(f"Best of {advice.simulated} simulated changes, of the network, then trained again: ")


def test_a_program_alone_closes_with_what_staying_warm_gives() -> None:
    advice = replace(digits_advice(), simulated=0)
    assert closing_sentences(advice)[-1] == warm_sentence(advice)


def test_a_remedy_names_its_fields_its_figures_and_its_price() -> None:
    advice = digits_advice()
    clock = next(remedy for remedy in advice.remedies if remedy.fields[0].path == "clock_mhz")
    assert remedy_sentence(advice, clock) == (
        "A faster clock (clock_mhz 500 → 636): 13.7 → 10.8 µs (−21 %), 2.47 → 2.45 µJ (−0.9 %), warm 0.708 → 0.685 µJ "
        "(−3.2 %), area and price the same; the external memory then gives 5.09 GB/s, not 4."
    )


def test_other_channels_never_claim_an_accuracy() -> None:
    advice = digits_advice()
    assert advice.networks
    for remedy in advice.networks:
        assert UNTRAINED in remedy_sentence(advice, remedy)


def test_a_slower_clock_that_a_change_asks_for_is_told() -> None:
    advice = digits_advice()
    fields = (
        FieldChange(path="tensor.columns", before="16", after="128"),
        FieldChange(path="clock_mhz", before="500", after="450"),
    )
    remedy = remedy_of(advice, fields=fields, slowed=True, after=replace(advice.figures, clock_mhz=450))
    sentence = remedy_sentence(advice, remedy)
    assert title(remedy) == "more columns (tensor.columns 16 → 128)"
    assert "such a chip is no faster than 450 MHz, not 500, which is counted in" in sentence
    assert shlex.split(command(advice, remedy))[-2:] == ["--set", "clock_mhz=450"]


def test_a_command_has_the_words_of_the_question_and_those_of_the_change() -> None:
    subject = Subject(
        model="my net.tosa",
        chip="mine.yaml",
        settings=("tensor.rows=32", "clock_mhz=300"),
        channels=("conv1=8",),
        options=("--calibration", "x.npy"),
    )
    advice = replace(digits_advice(), subject=subject, volume=5000)
    remedy = remedy_of(advice, fields=(FieldChange(path="clock_mhz", before="300", after="400"),))
    assert command(advice, remedy) == (
        "chipsmith explain 'my net.tosa' --channels conv1=8 --chip mine.yaml --set tensor.rows=32 --set clock_mhz=400 "
        "--calibration x.npy --volume 5000"
    )
    wider = remedy_of(advice, channels=(ChannelChange(layer="conv1", label="conv1 (k0)", before=8, after=16),))
    assert "--channels conv1=16 " in command(advice, wider)
    other = remedy_of(advice, chip="nano-64", kind=RemedyKind.CATALOGUE)
    assert "--set" not in command(advice, other)
    assert "--chip nano-64" in command(advice, other)


def test_what_no_command_can_name_has_none() -> None:
    advice = replace(digits_advice(), subject=Subject(model="", chip="edge-256"))
    assert all(command(advice, remedy) == "" for remedy in advice.remedies)


def test_when_nothing_helps_it_says_so() -> None:
    advice = replace(digits_advice(), remedies=(), together=None, networks=(), savings=())
    assert closing_sentences(advice)[-1] == nothing_helps(advice)
    assert f"None of {advice.simulated} simulated changes" in nothing_helps(advice)
