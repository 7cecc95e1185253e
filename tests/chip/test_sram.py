"""Memories: CACTI's rows exactly at its points, power laws between them; held against Horowitz's published accesses."""

import pytest

from chipsmith.chip.sourced import Status
from chipsmith.chip.sram import sram
from chipsmith.chip.tables import read_table


@pytest.mark.parametrize("row", read_table("sram"), ids=lambda row: f"{row['node_nm']}nm-{row['size_bytes']}B")
def test_a_row_of_cacti_is_reproduced_exactly(row):
    macro = sram(size_bytes=int(row["size_bytes"]), width_bits=64, node_nm=int(row["node_nm"]))
    for column in ("read_pj", "write_pj", "leakage_mw", "area_mm2", "access_ns"):
        value = getattr(macro, column)
        assert value.value == float(row[column])
        assert value.status is Status.COMPUTED
        assert value.references[0].startswith("CACTI 7")


def test_between_sizes_values_follow_a_power_law():
    small, middle, large = (sram(size_bytes=size, width_bits=64, node_nm=28) for size in (8192, 16384, 32768))
    assert middle.read_pj.value == pytest.approx((small.read_pj.value * large.read_pj.value) ** 0.5)
    assert small.area_mm2.value < middle.area_mm2.value < large.area_mm2.value


def test_between_nodes_values_lie_between():
    fine, middle, coarse = (sram(size_bytes=8192, width_bits=64, node_nm=node) for node in (32, 36, 40))
    assert fine.read_pj.value < middle.read_pj.value < coarse.read_pj.value


def test_a_wider_access_costs_in_proportion_and_is_an_assumption():
    narrow, wide = (sram(size_bytes=8192, width_bits=bits, node_nm=28) for bits in (64, 128))
    assert wide.read_pj.value == 2 * narrow.read_pj.value
    assert wide.area_mm2 == narrow.area_mm2
    assert wide.read_pj.status is Status.ASSUMED
    assert wide.area_mm2.status is Status.COMPUTED


@pytest.mark.parametrize(("size_bytes", "node_nm"), [(1024, 28), (8192, 16), (8192, 130)])
def test_outside_of_the_table_a_value_is_an_assumption(size_bytes, node_nm):
    macro = sram(size_bytes=size_bytes, width_bits=64, node_nm=node_nm)
    assert macro.read_pj.status is macro.area_mm2.status is Status.ASSUMED
    assert macro.read_pj.value > 0


@pytest.mark.parametrize(
    ("size_bytes", "published_pj", "error_percent"), [(8 << 10, 10, -29), (32 << 10, 20, -2), (1 << 20, 100, 7)]
)
def test_error_against_the_accesses_that_horowitz_publishes_at_45_nm(size_bytes, published_pj, error_percent):
    """Horowitz, ISSCC 2014, Fig. 1.1.9: 64-bit accesses (VERBATIM). The error is recorded as it is."""
    read_pj = sram(size_bytes=size_bytes, width_bits=64, node_nm=45).read_pj.value
    assert round(100 * (read_pj / published_pj - 1)) == error_percent
