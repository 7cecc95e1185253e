"""The tables of published measurements: every figure has its source, its group and its boundary."""

from __future__ import annotations

from collections import Counter

import pytest

from chipsmith.chip.sourced import Status
from chipsmith.profile.profile import Evidence
from chipsmith.systems.published_rows import COLUMNS, load_published, read_table, table_names
from chipsmith.systems.row import NOT_STATED, Generation, SystemRow

NETWORKS = {"image", "keyword", "person", "anomaly"}


def pick(network: str, organisation: str, system: str, edition: str) -> SystemRow:
    (row,) = [
        row
        for row in load_published().rows_of(network)
        if (row.organisation, row.system, row.edition) == (organisation, system, edition)
    ]
    return row


@pytest.mark.parametrize("name", table_names())
def test_a_table_has_the_columns_and_every_cell_its_source(name):
    lines = read_table(name)
    assert lines
    for line in lines:
        assert tuple(line) == COLUMNS
        assert line["source"]
        assert line["task"]
        assert line["status"] in Status.__members__
        assert line["generation"] in set(Generation)
        assert line["grouped_by"]


@pytest.mark.parametrize("name", table_names())
def test_a_row_of_a_network_has_a_figure_and_says_what_is_inside_it_and_who_says_so(name):
    for line in read_table(name):
        if line["network"]:
            assert line["latency_us"] or line["energy_uj"], line
            assert line["boundary"]
            assert line["boundary_source"] or line["boundary"] == NOT_STATED, line


def test_mlperf_tiny_has_its_287_rows_of_which_10_are_of_other_tasks():
    lines = read_table("mlperf_tiny.csv")
    assert len(lines) == 287
    assert Counter(line["task"] for line in lines if not line["network"]) == {"sww": 9, "rn08": 1}
    assert Counter(line["network"] for line in lines) == {
        "image": 74,
        "keyword": 68,
        "person": 70,
        "anomaly": 65,
        "": 10,
    }


def test_names_of_boards_are_harmonised_over_the_rounds_and_of_tasks_over_the_submitters():
    editions = {
        row.edition
        for row in load_published().rows
        if (row.organisation, row.system) == ("STMicroelectronics", "NUCLEO-U575ZI-Q")
    }
    assert {"MLPerf Tiny v1.0", "MLPerf Tiny v1.1", "MLPerf Tiny v1.2", "MLPerf Tiny v1.3"} <= editions
    assert {row.network for row in load_published().rows} >= NETWORKS


def test_more_than_sixty_systems_are_published():
    assert len(load_published().systems) >= 60


@pytest.mark.parametrize(
    ("row", "latency_us", "energy_uj"),
    [
        (("image", "STMicroelectronics", "NUCLEO-L4R5ZI-P", "MLPerf Tiny v1.3"), 165_673.8, 5_495.915),
        (("anomaly", "Renesas", "EK-RA8D1", "MLPerf Tiny v1.2"), 530.7, None),
        (("person", "GreenWaves Technologies", "GAP9, 0.65 V, 240 MHz", "MLPerf Tiny v1.0"), 1_733.0, 40.801),
        (("keyword", "Kai Jiang", "K1 board 1.0, 1.6 GHz", "MLPerf Tiny v1.3"), 576.5, None),
    ],
)
def test_figures_are_those_of_the_logs(row, latency_us, energy_uj):
    """Read in the repositories of results, at the commits that the sources name."""
    published = pick(*row)
    assert published.latency_us == pytest.approx(latency_us, rel=1e-9)
    assert published.energy_uj == energy_uj
    assert published.how is Evidence.PUBLISHED


@pytest.mark.parametrize(
    ("organisation", "system", "edition", "generation"),
    [
        ("STMicroelectronics", "NUCLEO-L4R5ZI", "MLPerf Tiny v1.0", Generation.ONE_CORE),
        ("Kai Jiang", "K1 board 1.0, 1.6 GHz", "MLPerf Tiny v1.3", Generation.MANY_CORES),
        ("GreenWaves Technologies", "GAP9, 0.8 V, 370 MHz", "MLPerf Tiny v1.0", Generation.DEDICATED),
        ("Silicon Labs", "xG24-DK2601B", "MLPerf Tiny v1.0", Generation.DEDICATED),
        ("fpgaConvNet", "ZC706", "MLPerf Tiny v1.1", Generation.DEDICATED),
    ],
)
def test_systems_stand_in_their_generation(organisation, system, edition, generation):
    row = pick("image", organisation, system, edition)
    assert row.generation is generation
    assert row.grouped_by


def test_energy_says_what_the_monitor_supplies():
    for row in load_published().rows:
        if row.edition.startswith("MLPerf Tiny") and row.energy_uj is not None:
            assert "Energy: all that the monitor supplies" in row.boundary
