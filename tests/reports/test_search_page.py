"""The page and the words of a search, from trials that are formulas."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from chipsmith.reports.charts import log_axis
from chipsmith.reports.search import render_search
from chipsmith.reports.search_text import (
    accuracy_sentences,
    change_rows,
    change_sentences,
    comparison_sentences,
    final_sentences,
    front_rows,
    node_sentences,
    rtl_sentences,
)
from chipsmith.studies.search.chip_space import parse_space
from chipsmith.studies.search.design_space import join_spaces
from chipsmith.studies.search.figures import parse_constraint
from chipsmith.studies.search.finalists import Finalist, Finals
from chipsmith.studies.search.pairs import PairOutcome
from chipsmith.studies.search.parameters import pair_key
from chipsmith.studies.search.result import SamplerRuns, SearchResult
from chipsmith.studies.search.rtl_check import RtlCheck
from chipsmith.studies.search.study_file import Direction, SamplerKind, VerifiedDesigns
from chipsmith.studies.search.trained_part import TrainedPart
from chipsmith.studies.search.trials import DesignTrial, Goal
from chipsmith.studies.search.winner import Change, weigh_budgets
from chipsmith.units import count_things

SPACE = join_spaces(parse_space({"base": "edge-256", "tensor.rows": [8, 16], "vector.lanes": [8, 16]}), None, ())


def figures(energy, latency, area):
    return {"energy_j": energy, "latency_s": latency, "area_mm2": area}


def trial(sampler, seed, number, values, of):
    outcome = PairOutcome(scores=(), reason="" if of else "net: too large")
    return DesignTrial(sampler=sampler, seed=seed, number=number, values=values, outcome=outcome, figures=of)


@pytest.fixture
def result():
    goal = Goal(
        directions={"energy_j": Direction.MINIMISE, "latency_s": Direction.MINIMISE},
        reference={"energy_j": 1.0, "latency_s": 1.0},
        constraints=(parse_constraint("area_mm2 <= 1"),),
        weights={},
    )
    first, second = SPACE.legal[:2]
    runs = {
        kind: SamplerRuns(
            sampler=kind,
            by_seed={
                seed: (
                    trial(kind, seed, 0, first, figures(0.1, 0.01 * better, 0.9)),
                    trial(kind, seed, 1, second, figures(0.01, 0.001, 1.5)),
                    trial(kind, seed, 2, SPACE.legal[2], None),
                )
                for seed in (0, 1)
            },
            goal=goal,
        )
        for kind, better in ((SamplerKind.RANDOM, 1), (SamplerKind.TPE, 0.1))
    }
    sampled, random = runs[SamplerKind.TPE], runs[SamplerKind.RANDOM]
    return SearchResult(
        name="</script><b>study",
        networks=(),
        space=SPACE,
        size=SPACE.measure(),
        goal=goal,
        sampled=sampled,
        random=random,
        climbed=(),
        budgets=weigh_budgets(sampled.trials, goal, sampled.winner),
        changes=(Change(parameter="tensor.rows", before=8, after=16, figures=figures(0.1, 0.1, 0.5), ratio=2.0),),
        borders=("tensor.rows = 8 is the least that was searched; a chip may have 4",),
        importance={"tensor.rows": 0.7, "vector.lanes": 0.3},
        verify=VerifiedDesigns.FRONT,
        rtl={pair_key(first): RtlCheck(networks=(), cpu_s=1.0)},
        pairs=3,
        cpu_s=36.0,
    )


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([2.3, 3.1], ["2.2", "2.4", "2.6", "2.8", "3", "3.2"]),
        ([8.0, 150.0], ["10", "20", "50", "100"]),
        ([1.0, 50_000.0], ["1", "10", "100", "1,000", "10,000", "100,000"]),
        ([7.0], ["6.6", "6.8", "7", "7.2", "7.4"]),
    ],
)
def test_a_logarithmic_axis_has_a_few_round_ticks(values, ticks):
    axis = log_axis(values)
    assert axis["ticktext"] == ticks
    assert axis["range"][0] < math.log10(min(values)) <= math.log10(max(values)) < axis["range"][1]


def test_the_front_and_the_changes_are_rows(result):
    heads, rows = front_rows(result)
    assert heads == ("design", "energy, µJ", "latency, µs", "area, mm²", "RTL", "chip")
    assert [row[:5] for row in rows] == [("winner", "100,000", "1,000", "0.900", "agrees")]
    assert change_rows(result)[1] == [("tensor.rows", "8 to 16", "100,000", "100,000", "0.500", "2 times worse")]


def test_the_sampler_stands_beside_random_search(result):
    (sentence,) = comparison_sentences(result)
    assert "tpe 3 (3 to 3), random 2 (2 to 2), difference 1 (1 to 1)" in sentence  # 1 x 3 and 1 x 2 square decades


def test_it_is_said_which_designs_rtl_has_seen(result):
    (sentence,) = rtl_sentences(result)
    assert sentence.startswith("1 of 1 design of the front: co-simulated in RTL on one input")
    unseen = replace(result, verify=VerifiedDesigns.NONE, rtl={})
    (sentence,) = rtl_sentences(unseen)
    assert sentence.startswith("no design was co-simulated in RTL (verify: none)")
    assert "no design was co-simulated in RTL" in render_search(unseen)
    assert front_rows(unseen)[1][0][4] == "-"


def test_a_front_of_several_nodes_says_that_their_sources_differ(result):
    assert list(node_sentences(result)) == []
    assert result.to_json()["front_nodes_nm"] == []
    chips = parse_space({"base": "edge-256", "technology.node_nm": [28, 40, 45], "clock_mhz": "max"})
    space = join_spaces(chips, None, ())
    trials = [
        trial(SamplerKind.TPE, 0, index, {"technology.node_nm": node}, figures(0.1 * factor, 0.1 / factor, 0.5))
        for index, (node, factor) in enumerate(((45, 1), (28, 2), (45, 4)))
    ]
    runs = replace(result.sampled, by_seed={0: tuple(trials)})
    several = replace(result, space=space, sampled=runs, random=replace(runs, sampler=SamplerKind.RANDOM))
    assert several.to_json()["front_nodes_nm"] == [28, 45]
    (sentence,) = node_sentences(several)
    assert sentence.startswith("the front has chips of 28 and 45 nm: their figures come of different sources")
    assert "chips of 28 and 45 nm" in render_search(several)
    single = replace(several, sampled=replace(runs, by_seed={0: (trials[0],)}), random=replace(runs, by_seed={0: ()}))
    assert list(node_sentences(single)) == []


def test_the_page_has_chip_files_the_winner_and_what_binds(result):
    page = render_search(result)
    assert "Why this design won" in page
    assert "tensor.rows = 8 is the least that was searched" in page
    assert "area_mm2 &lt;= 1 binds: without it a design" in page
    assert "schema_version: 1" in page
    assert "<b>study" not in page


def test_the_object_says_which_budget_binds_and_by_how_much(result):
    (row,) = result.to_json()["binding"]
    assert row["binds"]
    assert row["gain"] == pytest.approx(10**0.5)
    assert (row["kept_by"], row["best"]) == (2, 0.9)


def test_where_no_structure_varies_nothing_is_said_of_a_supernet(result):
    assert list(accuracy_sentences(result)) == list(change_sentences(result)) == []


def test_one_thing_is_told_in_the_singular(result):
    runs = replace(result.sampled, by_seed={0: result.sampled.by_seed[0][:1]})
    single = replace(result, sampled=runs, random=replace(runs, sampler=SamplerKind.RANDOM), pairs=1)
    (sentence,) = comparison_sentences(single)
    assert sentence.startswith("hypervolume after 1 trial, mean over 1 seed (")
    assert "2 trials of 1 seed, 1 pair compiled" in render_search(single)
    assert [count_things(number, "design") for number in (0, 1, 1200)] == ["0 designs", "1 design", "1,200 designs"]


def test_what_full_trainings_show_stands_on_the_page_and_noise_is_called_none(result):
    winner = result.sampled.winner
    finalists = (
        Finalist(values={"width": 1.0}, supernet=0.96, by_seed={0: 0.96, 1: 0.98}),
        Finalist(values={"width": 0.5}, supernet=0.95, by_seed={0: 0.955, 1: 0.965}),
        Finalist(values={"width": 0.25}, supernet=0.9, by_seed={0: 0.9, 1: 0.9}),
    )
    values = {**winner.values, "network.width": 1.0}
    finals = Finals(finalists=finalists, winner=replace(winner, values=values), resolution=0.001, cpu_s=7.2)
    trained = TrainedPart(
        networks=(), trainings={"toy": {"cpu_s": 36.0, "epochs": 6}}, finals=finals, test_accuracy=0.95
    )
    joint = replace(result, trained=trained)
    sentences = list(final_sentences(joint))
    assert (
        "width=1.0 has accuracy 0.9700 (standard deviation 0.0141 over 2 seeds; 0.9600 in the supernet)" in sentences[0]
    )
    assert "that of width=0.5 there is no gain that 2 seeds show: +0.0100" in sentences[3]
    assert "the winner is more accurate than width=0.25: +0.0700" in sentences[4]
    assert "on the test part, which judged nothing before: 0.9500" in sentences[5]
    page = render_search(joint, folder="../runs/study")
    assert "no gain that 2 seeds show" in page
    assert 'href="../runs/study/chips/front-0.yaml"' in page
    assert "../runs" not in render_search(joint)
