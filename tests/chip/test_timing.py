"""The clock follows from the chip: paths in FO4, the FO4 of the node, and what is refused."""

import pytest

from chipsmith.chip import catalogue, load_chip, override_chip, read_chip
from chipsmith.chip.macros import Macro
from chipsmith.chip.sourced import Status
from chipsmith.chip.sram import sram
from chipsmith.chip.tables import read_table
from chipsmith.chip.timing import TimingFeature, access_fo4, doubtful_clock, estimate_timing, timing_features
from chipsmith.errors import BadInput


def banks(size_bytes, width_bits, node_nm):
    return Macro(component="example", count=1, sram=sram(size_bytes=size_bytes, width_bits=width_bits, node_nm=node_nm))


@pytest.mark.parametrize("name", catalogue())
def test_the_clock_is_a_cycle_of_the_longest_path(name):
    timing = estimate_timing(load_chip(name))
    longest = max(path.fo4.value for path in timing.paths)
    assert timing.longest.fo4.value == longest
    assert timing.max_clock_mhz.value == pytest.approx(1000 / (longest * timing.fo4_ns.value))
    assert timing.max_clock_mhz.low < timing.max_clock_mhz.value < timing.max_clock_mhz.high
    assert timing.max_clock_mhz.estimate.status is Status.ASSUMED


@pytest.mark.parametrize(("name", "gates_fo4"), [("nano-64", 36.72), ("edge-256", 37.93)])
def test_a_chip_is_not_faster_than_its_gates(name, gates_fo4):
    """The whole machine by OpenSTA (docs/gates.md); neither chip was one of the fit."""
    chip = load_chip(name, {"technology.node_nm": "130", "technology.voltage_v": "1.2", "clock_mhz": "100"})
    timing = estimate_timing(chip)
    assert gates_fo4 <= timing.longest.fo4.value <= 1.12 * gates_fo4
    assert timing.longest.fo4.low <= gates_fo4
    assert timing.max_clock_mhz.value == pytest.approx(1000 / (0.215 * timing.longest.fo4.value), rel=5e-3)


@pytest.mark.parametrize(
    ("size_bytes", "slow_access_ns"),
    [(2048, (5.15, 5.46)), (4096, (6.42, 6.73)), (8192, (7.27, 7.58))],
)
def test_a_memory_has_the_fo4_of_real_macros(size_bytes, slow_access_ns):
    """IHP SG13G2, slow liberty of the macros of 256, 512 and 1024 words of 64 bits: least and most by load and slope.

    CACTI's memories in CACTI's own FO4 at 28 nm lie within 10 % of them in the FO4 of that library, 0.215 ns.
    """
    least, most = (access / 0.215 for access in slow_access_ns)
    assert 0.9 * least < access_fo4(banks(size_bytes, 64, 28), node_nm=28) < 1.1 * most


def test_a_wide_bank_is_slices_side_by_side():
    narrow, wide = banks(4096, 64, 28), banks(16384, 256, 28)
    assert access_fo4(wide, node_nm=28) == pytest.approx(access_fo4(narrow, node_nm=28))


def test_beyond_the_table_of_memories_the_number_of_fo4_stays():
    assert access_fo4(banks(4096, 64, 130), node_nm=130) == access_fo4(banks(4096, 64, 90), node_nm=90)
    assert access_fo4(banks(4096, 64, 7), node_nm=7) == access_fo4(banks(4096, 64, 22), node_nm=22)


def test_larger_banks_slow_the_clock():
    small, large = (estimate_timing(load_chip("edge-256", {"memory.group_bytes": size})) for size in ("4096", "262144"))
    assert large.longest.block == "reads of the on-chip memory"
    assert large.max_clock_mhz.value < small.max_clock_mhz.value


def test_every_feature_of_the_table_is_known():
    assert {row["feature"] for row in read_table("timing_paths")} <= set(TimingFeature)
    features = timing_features(load_chip("edge-256"))
    assert set(features) == set(TimingFeature)
    assert features[TimingFeature.LOG2_ROWS] == features[TimingFeature.LOG2_COLUMNS] == 4


def test_the_ends_of_the_table_enclose_its_estimates():
    for row in read_table("timing_paths"):
        assert float(row["fo4_low"]) <= float(row["fo4"]) <= float(row["fo4_high"])


LONGEST = estimate_timing(load_chip("edge-256")).longest
FAST = f"is faster than the chip can be: its longest path, {LONGEST.block}, has {LONGEST.fo4.value:.1f} FO4"


def test_a_clock_beyond_every_source_is_refused():
    chip = load_chip("edge-256")
    with pytest.raises(BadInput, match=FAST):
        override_chip(chip, {"clock_mhz": "5000"})
    with pytest.raises(BadInput, match=rf"28 nm, 0.9 V, slow corner.*set clock_mhz to {int(most_mhz(chip))} or less"):
        load_chip("edge-256", {"clock_mhz": "5000"})
    with pytest.raises(BadInput, match=r"mine.yaml, line \d+: clock_mhz = 5000"):
        read_chip(chip.to_yaml().replace("clock_mhz: 500", "clock_mhz: 5000"), origin="mine.yaml")


def most_mhz(chip):
    return estimate_timing(chip).max_clock_mhz.value


def test_what_makes_a_chip_slow_may_make_its_clock_too_fast():
    """Not only the clock's own field: an older node, a lower supply, larger banks."""
    slow = {"technology.node_nm": "130", "technology.voltage_v": "0.6"}
    for setting in (slow, {**slow, "memory.group_bytes": "1048576"}):
        with pytest.raises(BadInput, match="clock_mhz = 500 is faster than the chip can be"):
            load_chip("edge-256", setting)


def test_a_clock_between_the_estimate_and_the_fastest_source_is_doubted():
    estimate = most_mhz(load_chip("edge-256"))
    assert doubtful_clock(load_chip("edge-256", {"clock_mhz": str(int(estimate))})) == ""
    doubt = doubtful_clock(load_chip("edge-256", {"clock_mhz": str(int(estimate) + 1)}))
    assert doubt.startswith(f"clock_mhz = {int(estimate) + 1} may be too fast: its longest path, {LONGEST.block}, has")
    assert f"allows {estimate:.0f} MHz" in doubt


@pytest.mark.parametrize("name", catalogue())
def test_the_catalogue_is_not_in_doubt(name):
    assert doubtful_clock(load_chip(name)) == ""
