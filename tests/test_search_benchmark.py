"""What the benchmark of the search draws and holds to bars."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # last: its files must not stand before Python's own

from search import BARS
from search_parts.gate_designs import MOST_MACS, SPACE, FrontDesign, choose_evenly
from search_parts.gates import FIGURES, meets_bar, score_designs
from search_parts.joint import Searched, StudyRun, compare_volumes
from search_parts.legal_chips import draw_legal_chips
from search_parts.results import RESULTS, read_figure, write_figures
from search_parts.verified import sum_up

from chipsmith.chip.timing import estimate_timing
from chipsmith.flow.handover.compare import Row
from chipsmith.studies.search.chip_space import parse_space

GATES = json.loads(RESULTS.read_text(encoding="utf-8")).get("gates")


def test_a_seed_draws_the_same_chips_and_more_of_them_begin_alike() -> None:
    assert draw_legal_chips(3, 6) == draw_legal_chips(3, 9)[:6]
    assert draw_legal_chips(3, 6) != draw_legal_chips(4, 6)


def test_drawn_chips_differ_widely_and_none_is_faster_than_it_can_be() -> None:
    chips = draw_legal_chips(1, 40)
    assert len({chip.sha256 for chip in chips}) == 40
    assert len({chip.tensor.rows for chip in chips}) == len({chip.tensor.columns for chip in chips}) == 5
    assert max(chip.memory_bytes for chip in chips) > 20 * min(chip.memory_bytes for chip in chips)
    assert all(chip.clock_mhz <= estimate_timing(chip).max_clock_mhz.value for chip in chips)


def test_a_mean_is_held_to_its_bar_over_enough_pairs_alone() -> None:
    (bar,) = (bar for bar in BARS if bar.key == "cpu_s_per_pair")
    assert bar.met({"mean": 0.02, "pairs": 2000})
    assert not bar.met({"mean": 0.04, "pairs": 2000})
    assert not bar.met({"mean": 0.02, "pairs": 40})


def test_new_figures_stand_beside_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "search.json"
    write_figures(path, {"b": 1})
    write_figures(path, {"a": 2, "b": 3})
    assert path.read_text() == '{\n "a": 2,\n "b": 3\n}\n'


def test_a_figure_that_was_not_measured_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no figure gates yet; run without --known"):
        read_figure(tmp_path / "search.json", "gates")


# --- designs at the gates ---------------------------------------------------------------------------------------------


def front_of(areas: list[float], *, rows: int = 4) -> list[FrontDesign]:
    return [
        FrontDesign(
            width=8,
            accuracy=0.9,
            values={"tensor.rows": rows, "tensor.columns": 16},
            energy_j=1e-6,
            latency_s=1e-4,
            area_mm2=area,
        )
        for area in areas
    ]


def test_designs_are_taken_evenly_by_the_logarithm_of_their_area() -> None:
    front = front_of([1.0, 1.1, 1.2, 1.95, 2.1, 3.0, 4.2, 7.9, 8.0])
    assert [design.area_mm2 for design in choose_evenly(front, 4)] == [1.0, 1.95, 4.2, 8.0]


def test_no_design_is_taken_twice_and_the_ends_are_always_among_them() -> None:
    front = front_of([1.0, 1.01, 1.02, 64.0])
    assert choose_evenly(front, 4) == front


def test_only_designs_of_few_multipliers_are_taken() -> None:
    large = front_of([0.5, 9.0], rows=MOST_MACS // 8)
    small = front_of([1.0, 2.0, 4.0], rows=MOST_MACS // 16)
    assert choose_evenly([*large, *small], 3) == small
    with pytest.raises(ValueError, match="3 designs of at most 128 multipliers, and 4 are asked for"):
        choose_evenly([*large, *small], 4)


def test_every_chip_of_the_searches_is_of_the_node_that_has_gates() -> None:
    space = parse_space(SPACE)
    values = {parameter.name: parameter.values[0] for parameter in space.parameters}
    chip = space.chip(values)
    assert (chip.technology.node_nm, chip.technology.voltage_v) == (130, 1.2)


def designs_at_the_gates(count: int = 12) -> list[dict]:
    """Designs whose estimates are a tenth too high, and whose bits and cycles agree."""
    pair = [{"gates": 2.0 + number, "estimate": 1.1 * (2.0 + number)} for number in range(count)]
    same = {
        "width": 8,
        "macs": 64,
        "cycles": 100,
        "gate_cycles": 100,
        "mismatching_bits": 0,
        "difference": "",
        "cpu_s": 1.0,
    }
    return [{**same, **dict.fromkeys(FIGURES, figure)} for figure in pair]


def test_a_score_tells_spans_errors_and_orders() -> None:
    figures = score_designs(designs_at_the_gates())
    for name in FIGURES:
        score = figures[name]
        assert score["span"] == pytest.approx(13 / 2)
        assert score["spearman"]["rho"] == 1
        assert score["mean_error"] == score["worst_error"] == pytest.approx(0.1)
    assert meets_bar(figures)


def test_the_designs_of_one_network_are_scored_apart() -> None:
    rows = designs_at_the_gates()
    small = [{**row, "width": 4, "energy": {"gates": 1.0 / (1 + n), "estimate": 1.0 + n}} for n, row in enumerate(rows)]
    apart = score_designs([*rows[:3], *small[:5]])["energy_of_one_network"]
    assert (apart["width"], apart["designs"], apart["spearman"]["rho"]) == (4, 5, -1)
    assert score_designs([*rows[:3], *small[:3]])["energy_of_one_network"] is None


@pytest.mark.parametrize(
    "changed",
    [
        {"macs": 129},
        {"mismatching_bits": 1},
        {"gate_cycles": 101},
        {"difference": "instruction 3 starts late"},
        {"energy": {"gates": 1.0, "estimate": 20.0}},
        {"area": {"gates": 1.0, "estimate": 20.0}},
    ],
)
def test_one_design_that_differs_misses_the_bar(changed: dict) -> None:
    rows = designs_at_the_gates()
    assert not meets_bar(score_designs([{**rows[0], **changed}, *rows[1:]]))


def test_few_designs_or_alike_ones_miss_the_bar() -> None:
    rows = designs_at_the_gates()
    assert not meets_bar(score_designs(rows[1:]))
    assert not meets_bar(score_designs([*rows[5:], *rows[5:]]))


@pytest.mark.skipif(GATES is None, reason="no designs were run at the gates yet")
def test_the_recorded_figures_follow_from_the_recorded_designs() -> None:
    assert {**GATES, **score_designs(GATES["cases"])} == GATES
    space, names = parse_space(SPACE), set()
    for row in GATES["cases"]:
        design = FrontDesign(width=row["width"], accuracy=row["accuracy"], values=row["values"], **row["searched"])
        assert space.refusal(design.values) == ""
        assert row["macs"] == design.chip(row["name"]).macs <= MOST_MACS
        names.add(row["chip"])
    assert len(names) == len(GATES["cases"]) >= 12


def test_joint_search_is_compared_with_the_better_of_the_others_seed_by_seed() -> None:
    compared = compare_volumes({Searched.JOINT: [1.0, 1.2], Searched.NETWORK: [0.8, 0.9], Searched.CHIP: [0.9, 0.9]})
    assert compared["best_single"] == "chip alone"
    assert compared["difference"] == pytest.approx(0.2)
    low, high = compared["interval"]  # Student's t of one degree of freedom: 12.7 x 0.1
    assert (low, high) == (pytest.approx(0.2 - 1.2706), pytest.approx(0.2 + 1.2706))


def test_a_study_has_at_a_time_what_its_trials_had_found_by_then() -> None:
    run = StudyRun(trials=(), volumes=(0.1, 0.2, 0.5), cpu_s=(1.0, 2.0, 3.0))
    assert [run.volume_within(seconds) for seconds in (0.5, 2.0, 9.0)] == [0.0, 0.2, 0.5]


def test_claims_that_were_derived_again_are_summed_up() -> None:
    rows = [
        Row("net: RTL, cold: bits that differ", 0, 0),
        Row("net: RTL, cold: cycles", 100, 103),
        Row("net: energy at 130 nm, nJ", 110.0, 100.0, 0.15),
        Row("other: energy at 130 nm, nJ", 80.0, 100.0, 0.15),
        Row("logic at 130 nm, um2", 101.0, 100.0, 0.10),
    ]
    summed = sum_up(rows)
    assert summed["mismatching_bits"] == 0
    assert summed["cycle_difference"] == 3
    assert summed["energy_error"] == pytest.approx(-0.2)
    assert summed["area_error"] == pytest.approx(0.01)
    assert summed["beyond"] == ["net: RTL, cold: cycles", "other: energy at 130 nm, nJ"]
    assert not summed["met"]


def test_bits_that_were_not_compared_are_no_zero() -> None:
    assert sum_up([Row("net: RTL, cold: bits that differ", 0, None, reason="not run")])["mismatching_bits"] == 1
