"""The clock of a netlist: paths that are summed by head, FO4 against its known values, memories as macros."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from plain_cells import CLOCK_TO_OUTPUT_NS, INVERTER_NS, NAND_NS, SETUP_NS, cell_library, macro_library

import chipsmith.hardware.gates.mapping as mapping
from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.hardware.gates.block_timing import time_blocks
from chipsmith.hardware.gates.flow import MappedNetlist, map_sources, map_to_gates
from chipsmith.hardware.gates.library import read_cells
from chipsmith.hardware.gates.sta import find_sta, measure_fo4
from chipsmith.hardware.gates.timing import GateTiming, time_chip, time_netlist
from chipsmith.hardware.sources import shipped_source

FO4_NS = INVERTER_NS
"""No load slows an inverter of the plain cells."""

INNER = """module inner (input logic clock, input logic x, output logic q);
  logic [1:0] held;
  always_ff @(posedge clock) held <= {held[0], x};
  assign q = held[1];
endmodule
"""

OUTER = """module outer (input logic clock, input logic a, input logic b, output logic y);
  logic first, second;
  inner left (.clock(clock), .x(a), .q(first));
  inner right (.clock(clock), .x(b), .q(second));
  always_ff @(posedge clock) y <= ~(first & second);
endmodule
"""

AROUND_MEMORY = """module around (input logic clock, input logic enable, input logic [3:0] address,
    input logic write, input logic [7:0] data, output logic [7:0] seen);
  logic [7:0] line;
  sram_bank #(.LINES(16), .LINE_BYTES(1), .LANE_BYTES(1)) bank (.clock(clock), .enable(enable), .address(address),
      .write_lanes(write), .write_data(data), .read_data(line));
  always_ff @(posedge clock) seen <= line;
endmodule
"""


@pytest.fixture(scope="module", autouse=True)
def _tools():
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    if shutil.which("sta") is None:
        pytest.skip("OpenSTA is not installed")


@pytest.fixture
def plain(tmp_path) -> Path:
    path = tmp_path / "plain.lib"
    path.write_text(cell_library())
    return path


def map_texts(liberty: Path, top: str, **modules: str) -> MappedNetlist:
    sources = {f"{name}.sv": text for name, text in modules.items()}
    return map_sources({"chip.sv": "", **sources}, liberty, top=top)


def timed(netlist: MappedNetlist, liberty: Path, sram: Path | None = None) -> GateTiming:
    return time_netlist(netlist, liberty, sram=sram, paths=20, identity={})


def test_a_path_across_modules_is_the_sum_of_its_cells_setup_and_uncertainty(plain):
    timing = timed(map_texts(plain, "outer", inner=INNER, outer=OUTER), plain)
    (path,) = [path for path in timing.paths if path.start in ("left.q", "right.q")]
    assert path.path_ns == pytest.approx(CLOCK_TO_OUTPUT_NS + NAND_NS + SETUP_NS + FO4_NS, abs=2e-3)
    assert path.setup_ns == pytest.approx(SETUP_NS, abs=2e-3)
    assert [step.cell for step in path.steps] == ["DFF", "NAND2", "DFF"]


def test_the_slowest_path_is_the_period_of_the_clock(plain):
    timing = timed(map_texts(plain, "outer", inner=INNER, outer=OUTER), plain)
    assert timing.paths[0].end == "y"
    assert timing.path_ns == pytest.approx(CLOCK_TO_OUTPUT_NS + 4 * FO4_NS + FO4_NS, abs=2e-3)
    assert timing.fo4 == pytest.approx(timing.path_ns / FO4_NS, rel=1e-3)
    assert timing.max_clock_mhz == pytest.approx(1000 / timing.path_ns)


def test_registers_cells_and_area_are_counted(plain):
    netlist = map_texts(plain, "outer", inner=INNER, outer=OUTER)
    assert (netlist.registers, netlist.cells, netlist.area_um2) == (5, 6, 52)
    assert netlist.blocks == {"left": 20, "right": 20, "outer itself": 12}


def test_each_pair_of_registers_is_listed_once(plain):
    timing = timed(map_texts(plain, "outer", inner=INNER, outer=OUTER), plain)
    pairs = [(path.start, path.end) for path in timing.paths]
    assert len(set(pairs)) == len(pairs)
    assert ("a", "left.held[0]") in pairs


def test_a_memory_has_the_times_of_the_smallest_macro_that_holds_it(plain, tmp_path):
    for lines, access_ns in ((8, 1.0), (32, 3.0), (64, 4.0)):
        text = macro_library(f"ram{lines}", lines=lines, access_ns=access_ns, setup_ns=0.7)
        (tmp_path / f"ram{lines}.lib").write_text(text)
    (tmp_path / "sram").mkdir()
    for path in tmp_path.glob("ram*.lib"):
        path.rename(tmp_path / "sram" / path.name)
    netlist = map_texts(plain, "around", around=AROUND_MEMORY, sram_bank=shipped_source("sram_bank.sv"))
    timing = timed(netlist, plain, tmp_path / "sram")
    assert timing.path_ns == pytest.approx(3.0 + SETUP_NS + FO4_NS, abs=2e-3)
    assert timing.paths[0].start.startswith("bank.read_data")
    (memory,) = timing.memories
    assert (memory.macro, memory.source, memory.access_ns) == ("ram32", "given", 3.0)
    (address,) = [path for path in timing.paths if path.end.startswith("bank.address")]
    assert address.path_ns == pytest.approx(4 * FO4_NS + 0.7 + FO4_NS, abs=2e-3)


def test_without_macros_the_paths_of_memories_are_left_out_and_it_says_so(plain):
    netlist = map_texts(plain, "around", around=AROUND_MEMORY, sram_bank=shipped_source("sram_bank.sv"))
    timing = timed(netlist, plain)
    assert [path.end for path in timing.paths if "bank" in path.start + path.end] == []
    assert [memory.source for memory in timing.memories] == ["left out"]


def test_a_macro_of_another_corner_is_scaled_by_those_given_at_both(tmp_path):
    slow = tmp_path / "slow.lib"
    slow.write_text(cell_library(voltage_v=0.9))
    macros = [
        macro_library("ram16", lines=16, access_ns=2.0, setup_ns=0.4),
        macro_library("ram64", lines=64, access_ns=3.0, setup_ns=0.5),
        macro_library("ram64", lines=64, access_ns=4.5, setup_ns=0.6, voltage_v=0.9),
    ]
    (tmp_path / "sram").mkdir()
    for number, text in enumerate(macros):
        (tmp_path / "sram" / f"{number}.lib").write_text(text)
    netlist = map_texts(slow, "around", around=AROUND_MEMORY, sram_bank=shipped_source("sram_bank.sv"))
    timing = timed(netlist, slow, tmp_path / "sram")
    (memory,) = timing.memories
    assert (memory.macro, memory.access_ns) == ("ram16", pytest.approx(2.0 * 4.5 / 3.0))
    assert memory.source == "scaled from 1 V, 25 C by 1 macros given at both"
    (address,) = [path for path in timing.paths if path.end.startswith("bank.address")]
    assert address.path_ns == pytest.approx(4 * FO4_NS + 0.4 + (0.6 - 0.5) + FO4_NS, abs=2e-3)


def test_registers_with_a_common_enable_get_a_gated_clock(typical_cells):
    source = """module gated (input logic clock, input logic enable, input logic [7:0] d, output logic [7:0] q);
      always_ff @(posedge clock) if (enable) q <= d;
    endmodule
    """
    netlist = map_texts(typical_cells, "gated", gated=source)
    assert (netlist.registers, netlist.clock_gates, netlist.cells) == (8, 1, 9)
    assert netlist.area_um2 == pytest.approx(8 * 48.9888 + 30.8448)


GATED = """module around (input logic clock, input logic enable, input logic d, output logic q);
  logic gated;
  clock_gate gate (.clock(clock), .enable(enable), .gated(gated));
  always_ff @(posedge gated) q <= d;
endmodule
"""


def test_without_a_clock_gate_in_the_library_every_edge_passes(plain):
    netlist = map_texts(plain, "around", around=GATED, clock_gate=shipped_source("clock_gate.sv"))
    assert (netlist.registers, netlist.clock_gates, netlist.cells) == (1, 0, 1)


def test_a_clock_gate_of_the_rtl_is_the_librarys_cell(typical_cells):
    liberty = typical_cells
    netlist = map_texts(liberty, "around", around=GATED, clock_gate=shipped_source("clock_gate.sv"))
    assert (netlist.registers, netlist.clock_gates) == (1, 1)
    ends = {path.end for path in timed(netlist, liberty).paths}
    assert "q" in ends or "q[0]" in ends
    assert any(end.endswith("GATE") for end in ends)


@pytest.mark.parametrize(("corner", "fo4_ns"), [("slow_1p08V_125C", 0.215), ("typ_1p20V_25C", 0.139)])
def test_fo4_is_measured_in_the_library_and_its_corner(foundry, corner, fo4_ns):
    assert measure_fo4(read_cells(foundry / f"sg13g2_stdcell_{corner}.lib")) == pytest.approx(fo4_ns, rel=0.02)


def test_cells_that_the_library_forbids_stay_out(typical_cells):
    cells = read_cells(typical_cells)
    assert {"sg13g2_sighold", "sg13g2_fill_1", "sg13g2_dlygate4sd1_1"} <= set(cells.unused)
    assert cells.clock_gate is not None
    assert cells.clock_gate.name == "sg13g2_slgcp_1"
    netlist = map_to_gates(load_chip("nano-64"), cells.path, top="burst_cut")
    assert not set(cells.unused) & set(netlist.verilog_path.read_text().split())


def test_a_module_of_a_chip_is_timed_with_its_corner(foundry):
    timing = time_chip(load_chip("nano-64"), foundry / "sg13g2_stdcell_slow_1p08V_125C.lib", top="burst_cut")
    answer = timing.to_json()
    assert (answer["corner"], answer["top"]) == ("1.08 V, 125 C", "burst_cut")
    assert answer["max_clock_mhz"] == pytest.approx(1000 / answer["path_ns"], rel=1e-3)
    assert answer["fo4"] == pytest.approx(answer["path_ns"] / answer["fo4_ns"], rel=1e-2)


def test_a_netlist_is_mapped_once(plain, monkeypatch):
    first = map_texts(plain, "outer", inner=INNER, outer=OUTER)
    first.json_path.write_text("damaged")
    monkeypatch.setattr("chipsmith.hardware.gates.mapping._run_yosys", None)
    again = map_texts(plain, "outer", inner=INNER, outer=OUTER)
    assert again == first
    assert again.cells == 6


def test_a_module_that_two_designs_share_is_mapped_once(plain, tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    mapped: list[str] = []
    monkeypatch.setattr("chipsmith.hardware.gates.mapping._map_alone", _counted(mapped))
    map_texts(plain, "outer", inner=INNER, outer=OUTER)
    around = map_texts(plain, "inner", inner=f"// moved\n\n{INNER}")
    other = OUTER.replace("first & second", "first | second")
    netlist = map_texts(plain, "outer", inner=INNER, outer=other)
    assert (sorted(mapped), around.registers, netlist.registers) == (["inner", "outer", "outer"], 2, 5)


def _counted(mapped: list[str]):
    def map_counted(name, text, rules):
        mapped.append(name)
        return map_alone(name, text, rules)

    map_alone = mapping._map_alone
    return map_counted


def test_what_cannot_be_timed_is_told(plain, tmp_path, monkeypatch):
    chip = load_chip("nano-64")
    with pytest.raises(BadInput, match="no liberty file"):
        time_chip(chip, tmp_path / "absent.lib")
    damaged = tmp_path / "damaged.lib"
    damaged.write_text(cell_library()[:2000])
    with pytest.raises(BadInput, match="damaged"):
        time_chip(chip, damaged)
    with pytest.raises(BadInput, match="no module absent"):
        time_chip(chip, plain, top="absent")
    with pytest.raises(BadInput, match="yosys refuses"):
        map_texts(plain, "broken", broken="module broken (input logic x); missing inside (); endmodule")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="apt-get install opensta"):
        find_sta()


MACHINE = """module machine (input logic clock, input logic a, input logic b, output logic y,
    output logic [7:0] seen);
  inner tensor (.clock(clock), .x(a), .q(y));
  around memory (.clock(clock), .enable(a), .address({a, b, a, b}), .write(b), .data({8{b}}), .seen(seen));
endmodule
"""


def test_paths_are_told_by_the_block_that_they_end_in_and_reads_of_a_memory_apart(plain, tmp_path):
    memories = tmp_path / "memories"
    memories.mkdir()
    (memories / "memory.lib").write_text(macro_library("ram32", lines=32, access_ns=3.0, setup_ns=0.4))
    bank = shipped_source("sram_bank.sv")
    netlist = map_texts(plain, "machine", inner=INNER, around=AROUND_MEMORY, machine=MACHINE, sram_bank=bank)
    blocks = time_blocks(netlist, plain, sram=memories)
    assert blocks.fo4 == pytest.approx(timed(netlist, plain, memories).fo4, abs=0.02)
    assert set(blocks.memories) == {"on-chip memory"}
    assert blocks.memories["on-chip memory"] == pytest.approx((3.0 + SETUP_NS + FO4_NS) / FO4_NS, abs=0.02)
    register_to_register = (CLOCK_TO_OUTPUT_NS + SETUP_NS + FO4_NS) / FO4_NS
    assert blocks.logic["rest of tensor engine"] >= register_to_register
    assert {"memory ports", "rest"} <= set(blocks.logic)
