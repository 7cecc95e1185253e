"""What the benchmark of the search draws and holds to bars."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # last: its files must not stand before Python's own

from search import BARS
from search_parts.legal_chips import draw_legal_chips
from search_parts.results import write_figures

from chipsmith.chip.timing import estimate_timing


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
