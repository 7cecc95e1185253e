"""What the benchmark of silicon draws, keeps, fits and scores, on gates whose areas are known."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # last: its files must not stand before Python's own

from silicon import FIT_SEED, parse
from silicon_parts import gates, paths, timing
from silicon_parts.area import score_area
from silicon_parts.chips import draw_chips
from silicon_parts.fit import fit_part, fit_terms, sizes_text, table_text
from silicon_parts.gating import remove_clock_gates
from silicon_parts.paths import fit_paths, measured_paths, score_paths
from silicon_parts.results import RESULTS, read_results, replace_row
from silicon_parts.sram import fit_quantity, score_memories

from chipsmith.chip.sourced import SourcedRange, assumed
from chipsmith.chip.sram_model import TWO_PORTS, MacroQuantity
from chipsmith.chip.tables import read_table
from chipsmith.chip.timing import TimingEstimate, TimingPath, timing_features
from chipsmith.costs import logic_blocks
from chipsmith.costs.logic_blocks import feature_value, logic_terms
from chipsmith.hardware.gates.block_timing import BlockTiming

INSTANCES = {
    "": 5.0,
    "vector_gate": 1.0,
    "tensor": 20.0,
    "tensor.array": 900.0,
    "tensor.drain": 70.0,
    "tensor.drain.output_lines": 7.0,
    "memory.g_return[0].back": 30.0,
    "memory.g_return[0].back.back": 3.0,
    "memory.g_return[1].back": 30.0,
}
"""Areas of the own cells of some instances."""


def rows_of(chips, um2):
    """Rows of chips whose parts have the areas that features with these square micrometres give."""
    rows = []
    for chip in chips:
        parts = {}
        for term in logic_terms():
            own = parts.setdefault(term.block, {})
            own[term.part] = own.get(term.part, 0.0) + um2(term) * feature_value(term.feature, chip)
        total = sum(sum(own.values()) for own in parts.values())
        rows.append({"chip": chip.name, "macs": chip.macs, "logic_um2": total, "parts_um2": parts})
    return rows


def test_a_seed_draws_the_same_chips_and_another_seed_others():
    assert draw_chips(3, 12) == draw_chips(3, 12)
    assert {chip.canonical for chip in draw_chips(3, 12)}.isdisjoint(chip.canonical for chip in draw_chips(4, 12))


@pytest.mark.parametrize("parameter", ["tensor.rows", "vector.lanes", "memory.groups", "external.bytes_per_cycle"])
def test_every_value_of_a_parameter_is_drawn(parameter):
    section, name = parameter.split(".")
    drawn = [{getattr(getattr(chip, section), name) for chip in draw_chips(seed, 16)} for seed in range(4)]
    assert all(len(values) >= 3 for values in drawn)
    assert drawn == [drawn[0]] * 4


@pytest.mark.parametrize("seed", range(8))
def test_a_quarter_of_the_chips_is_large(seed):
    macs = [chip.macs for chip in draw_chips(seed, 12)]
    assert sum(128 < size <= 512 for size in macs) == 3
    assert max(macs) <= 512


def test_areas_are_told_by_block_and_part():
    assert gates.areas_by_part(INSTANCES) == {
        "rest": {"machine": 6.0},
        "rest of tensor engine": {"tensor": 20.0, "tensor.drain": 77.0},
        "array": {"tensor.array": 900.0},
        "memory ports": {"memory.back": 63.0},
    }


def test_a_fit_gives_back_the_areas_of_the_features():
    chips = draw_chips(1, 16)
    wanted = {term: 100.0 + 7 * number % 40 for number, term in enumerate(logic_terms())}
    rows = rows_of(chips, wanted.__getitem__)
    fitted = dict(fit_terms(chips, rows))
    for term in logic_terms():
        if term.feature == "rows * columns":
            assert fitted[term] == pytest.approx(wanted[term], rel=0.05)
    for chip in draw_chips(2, 12):
        got = sum(um2 * feature_value(term.feature, chip) for term, um2 in fitted.items())
        assert got == pytest.approx(rows_of([chip], wanted.__getitem__)[0]["logic_um2"], rel=0.01)


def test_no_feature_takes_area_away():
    sizes = np.array([1.0, 2.0, 4.0, 8.0])
    falling = fit_part(np.column_stack([np.ones(4), sizes]), 10 - sizes)
    assert falling[0] > 0
    assert falling[1] == 0


def test_the_least_features_that_meet_the_areas_are_taken():
    sizes = np.array([1.0, 2.0, 4.0])
    values = np.column_stack([np.ones(3), sizes, sizes**2])
    assert fit_part(values, 5 * sizes) == pytest.approx([0, 5, 0])


def test_a_part_without_features_stops_the_fit():
    rows = [{"parts_um2": {"rest": {"wheels": 1.0}}}]
    with pytest.raises(ValueError, match="wheels"):
        list(fit_terms(draw_chips(1, 1), rows))


def test_the_table_of_sizes_has_the_ends_of_the_chips():
    lines = sizes_text(draw_chips(1, 16)).splitlines()
    assert lines[0] == "size,least,most"
    assert {"rows,4,16", "lanes,4,16", "groups,3,15"} <= set(lines)


def paths_of(chip, slow=1.0):
    """A row of a chip whose array has 20 FO4 and two for each doubling of the rows, and whose tables 30 FO4."""
    array = slow * (20 + 2 * math.log2(chip.tensor.rows))
    return {"chip": chip.name, "fo4": max(array, 30.0), "logic_fo4": {"array": array}, "memory_fo4": {"tables": 30.0}}


def test_no_chip_of_the_fit_is_slower_than_its_paths():
    chips = draw_chips(1, 16)
    rows = [paths_of(chip, slow=1.05 if number == 3 else 1.0) for number, chip in enumerate(chips)]
    table = [row for row in fit_paths(chips, rows) if row["block"] == "array"]
    for chip, row in zip(chips, rows, strict=True):
        low, fo4, high = (
            sum(float(term[column]) * timing_features(chip)[term["feature"]] for term in table)
            for column in ("fo4_low", "fo4", "fo4_high")
        )
        assert low <= row["logic_fo4"]["array"] * 1.001
        assert row["logic_fo4"]["array"] <= fo4 * 1.001 <= 1.08 * row["logic_fo4"]["array"]
        assert high == pytest.approx(1.1 * fo4, rel=1e-3)


def test_a_block_without_features_of_its_path_stops_the_fit():
    chips = draw_chips(1, 1)
    rows = [paths_of(chip) | {"logic_fo4": {"wheels": 3.0}} for chip in chips]
    with pytest.raises(ValueError, match="wheels"):
        list(fit_paths(chips, rows))


def test_an_optimistic_path_is_below_zero(monkeypatch):
    path = TimingPath(block="array", fo4=SourcedRange(estimate=assumed(27, "FO4", reason=""), low=27, high=27))
    timing = TimingEstimate(paths=(path,), fo4_ns=SourcedRange(estimate=assumed(1, "ns", reason=""), low=1, high=1))
    monkeypatch.setattr(paths, "estimate_timing", lambda _: timing)
    chips = [chip for chip in draw_chips(1, 16) if chip.tensor.rows == 16][:1]
    score = score_paths(chips, [paths_of(chip) for chip in chips])
    assert score["most_optimistic"] == -0.1
    assert score["by_block"]["array"]["mean_error"] == pytest.approx(1 / 28, abs=1e-4)


def test_a_table_from_few_chips_is_assumed():
    fitted = dict.fromkeys(logic_terms(), 1.0)
    assert ",ASSUMED," in table_text(fitted, 5)
    assert ",COMPUTED," in table_text(fitted, 16)
    assert len(table_text(fitted, 16).splitlines()) == 1 + len(fitted)


@pytest.fixture
def hundreds(monkeypatch):
    """A table in which every feature has 100 square micrometres."""
    terms = tuple(replace(term, um2=assumed(100, "um2", reason="")) for term in logic_terms())
    monkeypatch.setattr(logic_blocks, "logic_terms", lambda: terms)


@pytest.mark.usefixtures("hundreds")
def test_the_score_is_the_relative_error_in_total_and_by_block():
    chips = draw_chips(5, 2)
    small, large = rows_of(chips[:1], lambda _: 125) + rows_of(chips[1:], lambda _: 80)
    score = score_area(chips, [small, large])
    assert [case["error"] for case in score["cases"]] == pytest.approx([-0.2, 0.25])
    assert score["mean_error"] == pytest.approx((0.2 + 0.25) / 2)
    assert score["worst_error"] == pytest.approx(0.25)
    assert (score["chips"], score["large_chips"]) == (2, 1)
    assert score["by_block"]["array"]["worst_error"] == pytest.approx(0.25)
    assert sum(block["share"] for block in score["by_block"].values()) == pytest.approx(1)


@pytest.fixture
def mapped(monkeypatch):
    """Names of the chips that were mapped, by a flow that takes no time and fails at the third."""
    names = []

    def map_areas(chip, liberty):
        if len(names) == 2:
            raise KeyboardInterrupt
        names.append(chip.name)
        return INSTANCES

    paths = BlockTiming(logic={"array": 30.0}, memories={"tables": 33.0})
    monkeypatch.setattr(gates.flow, "map_areas", map_areas)
    monkeypatch.setattr(gates, "mapping_key", lambda liberty: liberty.read_bytes())
    monkeypatch.setattr(gates.flow, "map_to_gates", lambda *_: None)
    monkeypatch.setattr(gates, "time_blocks", lambda *_, **__: paths)
    return names


@pytest.fixture
def libraries(tmp_path):
    (tmp_path / "cells.lib").write_text("library (a) {}")
    return gates.Libraries(cells=tmp_path / "cells.lib", memories=tmp_path)


def test_a_stopped_run_goes_on_where_it_was(mapped, libraries, tmp_path):
    results = tmp_path / "silicon.json"
    chips = draw_chips(9, 4)
    with pytest.raises(KeyboardInterrupt):
        gates.gate_rows(chips, libraries, results, with_paths=True)
    smallest_first = [chip.name for chip in sorted(chips, key=lambda chip: chip.macs)]
    assert mapped == smallest_first[:2]
    assert len(read_results(results)["synthesised"]) == 2
    mapped.clear()
    rows = gates.gate_rows(chips, libraries, results, with_paths=True)
    assert mapped == smallest_first[2:]
    assert [row["chip"] for row in rows] == [chip.name for chip in chips]
    assert [row["fo4"] for row in rows] == [33.0] * 4
    assert measured_paths(rows[0]) == {"array": 30.0, "reads of tables": 33.0}


def test_rows_of_other_cells_are_stale(mapped, libraries, tmp_path):
    results = tmp_path / "silicon.json"
    (chip,) = draw_chips(9, 1)
    for text in ("library (a) {}", "library (b) {}"):
        libraries.cells.write_text(text)
        assert gates.known_rows([chip], libraries, results, with_paths=False) == []
        rows = gates.gate_rows([chip], libraries, results, with_paths=False)
        assert rows == gates.known_rows([chip], libraries, results, with_paths=False)
        assert gates.known_rows([chip], libraries, results, with_paths=True) == []
    assert mapped == [chip.name] * 2
    assert len(read_results(results)["synthesised"]) == 1


def test_a_row_replaces_older_ones_of_its_names_alone():
    old, older, other = ({"chip": chip, "network": "cnn", "key": key} for chip, key in (("a", 1), ("a", 2), ("b", 3)))
    new = {**old, "key": 4}
    rows = {row["key"]: row for row in (other, older, old)}
    assert list(replace_row(rows, new, names=["chip", "network"]).values()) == [new, other]


def test_paths_of_other_memories_are_stale_and_areas_are_not(mapped, libraries, tmp_path):
    results = tmp_path / "silicon.json"
    (chip,) = draw_chips(9, 1)
    for text in ("library (a) {}", "library (b) {}"):
        (libraries.memories / "memory.lib").write_text(text)
        assert gates.known_rows([chip], libraries, results, with_paths=True) == []
        rows = gates.gate_rows([chip], libraries, results, with_paths=True)
        assert rows == gates.known_rows([chip], libraries, results, with_paths=True)
    assert mapped == [chip.name]


def test_a_library_without_clock_gates_has_all_other_cells():
    gate = """  cell (gate) {
    clock_gating_integrated_cell : "latch_posedge";
    pin (C) {
      direction : input;
    }
  }
"""
    head, cells = "library (a) {\n", [f"  cell ({name}) {{\n    area : 1;\n  }}\n" for name in ("nand", "flop")]
    whole = "".join([head, cells[0], gate, cells[1], "}\n"])
    assert remove_clock_gates(whole) == "".join([head, *cells, "}\n"])


def test_the_chips_of_the_fit_are_not_scored(capsys):
    with pytest.raises(SystemExit):
        parse(["area", "--liberty", "cells.lib", "--sram", "memories", "--seed", str(FIT_SEED)])
    assert "choose another" in capsys.readouterr().err


MACROS = [
    {name: float(row[name]) for name in ("ports", "lines", "bits", *MacroQuantity)} for row in read_table("sram_macros")
]


def test_the_model_of_memories_is_fitted_to_the_macros():
    for quantity in MacroQuantity:
        fitted = fit_quantity(quantity, MACROS)
        table = {row["feature"]: float(row["value"]) for row in read_table("sram_model") if row["quantity"] == quantity}
        assert table == pytest.approx(fitted, rel=1e-4)


def test_a_macro_is_scored_by_a_fit_without_it():
    """A macro that is twice as large as its like pulls no fit towards itself."""
    odd = [
        row | {"area_um2": 2 * row["area_um2"]} if row["bits"] == 64 and row["lines"] == 2048 else row for row in MACROS
    ]
    score = score_memories(odd)
    (own,) = [row for row in score["macros"] if row["bytes"] == 16384]
    assert own["area_um2_error"] == pytest.approx(-0.5, abs=0.02)
    assert score["single_port"]["area_um2_worst_error"] == -own["area_um2_error"]
    assert (score["single_port"]["macros"], score["two_ports"]["macros"]) == (17, 3)


def test_two_ports_are_a_multiple_of_one():
    doubled = [row | {"ports": 2.0, "read_pj": 3 * row["read_pj"]} for row in MACROS if row["ports"] == 1]
    single = [row for row in MACROS if row["ports"] == 1]
    assert fit_quantity(MacroQuantity.READ_PJ, single + doubled)[TWO_PORTS] == pytest.approx(3, rel=0.02)


def test_a_timed_chip_has_the_areas_of_its_blocks():
    assert list(timing.block_areas(INSTANCES).items()) == [
        ("array", 900.0), ("rest of tensor engine", 97.0), ("memory ports", 63.0), ("rest", 6.0),
    ]  # fmt: skip


def test_cycles_are_compared_with_those_before(monkeypatch):
    monkeypatch.setattr(timing, "CYCLES_BEFORE", {"nano-64": {"ad01_int8": 1000}})
    monkeypatch.setattr(timing.json, "loads", lambda _: {"ad01_int8 on nano-64": {"simulate.latency_cycles": 1020}})
    assert timing.cycles_cost("nano-64") == {"ad01_int8": 0.02}
    assert timing.cycles_cost("edge-256") == {}


RECORDED = read_results(RESULTS)["sram"]
PAGE = (Path(__file__).parents[1] / "docs" / "estimates.md").read_text()


def test_recorded_errors_of_memories_are_those_of_the_macros():
    score = score_memories(MACROS)
    assert [row["area_um2_error"] for row in RECORDED["macros"]] == [row["area_um2_error"] for row in score["macros"]]
    assert RECORDED["single_port"] == score["single_port"]
    assert RECORDED["two_ports"] == score["two_ports"]


@pytest.mark.parametrize(("ports", "line"), [(1, "17 macros of"), (2, "3 macros of")])
def test_the_page_tells_the_recorded_errors_of_memories(ports, line):
    of_ports = [row for row in RECORDED["macros"] if row["ports"] == ports]
    lines = PAGE.splitlines()
    (first,) = [number for number, text in enumerate(lines) if text.startswith(f"| {line}")]
    for quantity, told in ((MacroQuantity.AREA_UM2, lines[first]), (MacroQuantity.READ_PJ, lines[first + 1])):
        errors = [row[f"{quantity}_error"] for row in of_ports]
        mean = sum(map(abs, errors)) / len(errors)
        assert f"{100 * min(errors):.0f} to {100 * max(errors):+.0f} %, {100 * mean:.0f} % in the mean" in told
