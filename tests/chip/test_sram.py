"""Memories: CACTI's rows at its points, a foundry's macros at 130 nm; held against Horowitz's published accesses."""

import pytest

from chipsmith.chip.sourced import Status
from chipsmith.chip.sram import sram
from chipsmith.chip.sram_model import MacroQuantity, MacroSize, Ports, model_macro
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


def test_a_wider_memory_is_several_side_by_side():
    narrow, wide = sram(size_bytes=8192, width_bits=64, node_nm=28), sram(size_bytes=16384, width_bits=128, node_nm=28)
    assert wide.read_pj.value == pytest.approx(2 * narrow.read_pj.value)
    assert wide.area_mm2.value == pytest.approx(2 * narrow.area_mm2.value)
    assert wide.area_mm2.status is Status.COMPUTED


def test_a_narrower_access_costs_less_and_is_an_assumption():
    narrow, full = (sram(size_bytes=8192, width_bits=bits, node_nm=28) for bits in (16, 64))
    assert narrow.read_pj.value < 0.75 * full.read_pj.value
    assert narrow.read_pj.status is Status.ASSUMED
    assert narrow.leakage_mw == full.leakage_mw


def test_a_second_port_costs_area_and_no_energy_of_an_access():
    (single, double) = (sram(size_bytes=2048, width_bits=32, node_nm=28, ports=ports) for ports in Ports)
    assert double.area_mm2.value == pytest.approx(1.9 * single.area_mm2.value, rel=0.01)
    assert double.read_pj.value == pytest.approx(single.read_pj.value, rel=0.05)
    assert double.area_mm2.status is Status.ASSUMED


def macro_name(row):
    return f"{row['ports']}P-{row['lines']}x{row['bits']}"


@pytest.mark.parametrize("row", read_table("sram_macros"), ids=macro_name)
def test_the_model_meets_a_macro_of_the_foundry(row):
    """The numbers were fitted to all of them; `docs/silicon.json` has the errors of fits without each."""
    size = MacroSize(lines=int(row["lines"]), bits=int(row["bits"]), ports=Ports(int(row["ports"])))
    for quantity, most in (
        (MacroQuantity.AREA_UM2, 0.10),
        (MacroQuantity.READ_PJ, 0.13),
        (MacroQuantity.WRITE_PJ, 0.13),
    ):
        modelled = model_macro(quantity, size)
        assert modelled.value == pytest.approx(float(row[quantity]), rel=most)
        assert modelled.status is Status.COMPUTED


@pytest.mark.parametrize("row", [row for row in read_table("sram_macros") if row["lines"] != "8192"], ids=macro_name)
def test_at_130_nm_a_memory_is_the_macro_of_its_size(row):
    """But for the largest, which cannot leave bits of a line as they are: no memory of the machine is made of it."""
    lines, bits = int(row["lines"]), int(row["bits"])
    macro = sram(size_bytes=lines * bits // 8, width_bits=bits, node_nm=130, ports=Ports(int(row["ports"])))
    assert 1e6 * macro.area_mm2.value == pytest.approx(float(row["area_um2"]))
    assert macro.read_pj.value == pytest.approx(float(row["read_pj"]))
    assert macro.write_pj.value == pytest.approx(float(row["write_pj"]))


@pytest.mark.parametrize(
    ("lines", "bits", "macro", "wide", "deep"),
    [
        (2048, 32, (1024, 32), 1, 2),  # smaller than half of 2048 x 64
        (512, 128, (512, 64), 2, 1),
        (16, 1024, (64, 64), 16, 1),
        (300, 12, (512, 16), 1, 1),
    ],
)
def test_at_130_nm_other_sizes_are_several_macros(lines, bits, macro, wide, deep):
    """Of macros on one another an access reaches one."""
    (row,) = [row for row in read_table("sram_macros") if (int(row["lines"]), int(row["bits"])) == macro]
    memory = sram(size_bytes=lines * bits // 8, width_bits=bits, node_nm=130)
    assert 1e6 * memory.area_mm2.value == pytest.approx(wide * deep * float(row["area_um2"]))
    assert memory.read_pj.value == pytest.approx(wide * float(row["read_pj"]))
    assert memory.slices == wide


@pytest.mark.parametrize(("lines", "bits"), [(16, 64), (16384, 64), (256, 4)])
def test_beyond_the_macros_of_the_foundry_the_model_is_an_assumption(lines, bits):
    assert model_macro(MacroQuantity.AREA_UM2, MacroSize(lines=lines, bits=bits)).status is Status.ASSUMED


def test_between_the_foundry_and_cacti_values_lie_between():
    fine, middle, coarse = (sram(size_bytes=1024, width_bits=16, node_nm=node) for node in (90, 110, 130))
    assert fine.area_mm2.value < middle.area_mm2.value < coarse.area_mm2.value
    assert fine.read_pj.value < middle.read_pj.value < coarse.read_pj.value


def test_of_few_lines_most_is_what_surrounds_them():
    """A 16th of the lines of the smallest memory of CACTI's table: a fifth of its area and more."""
    few, many = (sram(size_bytes=size, width_bits=64, node_nm=28) for size in (128, 2048))
    assert 0.2 < few.area_mm2.value / many.area_mm2.value < 0.5
    assert few.area_mm2.status is Status.ASSUMED


@pytest.mark.parametrize(("size_bytes", "node_nm"), [(1024, 28), (8192, 16)])
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
