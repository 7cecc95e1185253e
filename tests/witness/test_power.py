"""Power: energies by block and kernel are one sum, and a whole machine at the gates does what the simulators say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chipsmith.chip import load_chip, override_chip
from chipsmith.compiler.network import compile_network
from chipsmith.errors import BadInput
from chipsmith.hardware.gates.blocks import BLOCKS, MachineBlock, block_of_logic, block_of_memory
from chipsmith.kernels.build import build_kernel
from chipsmith.kernels.catalogue import find_kind
from chipsmith.profile.kernels import REST
from chipsmith.program.instructions import Engine
from chipsmith.sim.cycle import simulate
from chipsmith.witness.power_shares import cut_segments, split_by_kernel


def small_program(settings=()):
    """An attention of 4 steps: tensor and vector engine, and tables."""
    kernel = build_kernel(find_kind("attention"), {"input": "1x4x8", "heads": 1, "keys": 4})
    return compile_network(kernel.network.graph, override_chip(load_chip("nano-64"), dict(settings)))


@pytest.fixture(scope="module")
def program():
    return small_program()


def test_segments_cover_every_cycle_and_know_who_runs(program):
    timeline = simulate(program)
    segments = cut_segments(timeline)
    assert segments.cycles.sum() == len(segments.of_cycle) == timeline.latency_cycles + 1
    for cycle in range(0, timeline.latency_cycles, 7):
        running = [i for i in range(len(timeline.start)) if timeline.start[i] <= cycle < timeline.end[i]]
        assert list(segments.running[segments.of_cycle[cycle]]) == running


def test_kernels_share_all_of_the_energy(program):
    timeline = simulate(program)
    segments = cut_segments(timeline)
    energy = np.random.default_rng(0).random((len(segments.cycles), len(BLOCKS)))
    kernels = split_by_kernel(program, timeline, segments, energy)
    assert math.fsum(kernels.values()) == pytest.approx(energy.sum())
    names = {span.name for span in program.manifest.kernels}
    assert set(kernels) <= names | {REST}


def test_the_array_serves_the_kernel_that_runs_on_it(program):
    timeline = simulate(program)
    segments = cut_segments(timeline)
    energy = np.zeros((len(segments.cycles), len(BLOCKS)))
    tensor = [i for i, engine in enumerate(timeline.engines) if engine is Engine.TENSOR]
    running = [row for row, indices in enumerate(segments.running) if set(indices) & set(tensor)]
    energy[running, BLOCKS.index(MachineBlock.ARRAY)] = 1.0
    owners = {span.name for span in program.manifest.kernels if set(span.instructions) & set(tensor)}
    spent = split_by_kernel(program, timeline, segments, energy)
    assert {name for name, energy_pj in spent.items() if energy_pj} == owners


@pytest.mark.parametrize(
    ("path", "logic", "memory"),
    [
        ("tensor.array", MachineBlock.ARRAY, MachineBlock.ARRAY),
        ("tensor.accumulators", MachineBlock.ACCUMULATORS, MachineBlock.ACCUMULATORS),
        ("tensor.arrayed", MachineBlock.TENSOR, MachineBlock.TENSOR),
        ("memory.decode", MachineBlock.PORTS, MachineBlock.MEMORY),
        ("vector.results.memory", MachineBlock.VECTOR, MachineBlock.TABLES),
        ("", MachineBlock.REST, MachineBlock.REST),
    ],
)
def test_blocks_by_the_paths_of_instances(path, logic, memory):
    assert BLOCKS[block_of_logic(path)] is logic
    assert BLOCKS[block_of_memory(path)] is memory


def test_settings_that_say_nothing_are_refused(program, tmp_path):
    from chipsmith.witness.power import PowerSettings, measure_power

    for settings, message in (
        (PowerSettings(window_cycles=0), "a window of 0 cycles"),
        (PowerSettings(glitch_samples=0), "0 samples"),
        (PowerSettings(clock_mhz=0), "a clock of 0 MHz"),
    ):
        with pytest.raises(BadInput, match=message):
            measure_power(
                program, {}, liberty=tmp_path / "a.lib", sram=None, netlist=None, node_nm=130, settings=settings
            )


def test_macros_of_the_pdk_stand_for_memories(foundry):
    from chipsmith.hardware.gates.circuit import PlacedMemory
    from chipsmith.hardware.gates.macros import choose_macro, port_toggles, read_macros
    from chipsmith.hardware.memories import Wrapper

    macros = read_macros(foundry / "sram", voltage_v=1.2, temperature_c=25)
    bank = PlacedMemory(wrapper=Wrapper.BANK, lines=512, line_bits=64, lane_bits=8, ports={}, scope=0)
    choice = choose_macro(bank, macros)
    assert (choice.macro.lines, choice.macro.bits, choice.count) == (512, 64, 1)
    # The file's own numbers: a rising clock with A_MEN and A_REN, and the leakage in nanowatts.
    assert (choice.macro.read_pj, choice.macro.write_pj) == (68.8967, 80.0160)
    assert choice.macro.leakage_mw == pytest.approx(396.0310e-6)
    assert port_toggles(bank, "write_lanes", choice)[1] == pytest.approx(8 * 0.2290 / 64, rel=0.05)
    with pytest.raises(BadInput, match=r"is given at 0\.9 V"):
        read_macros(foundry / "sram", voltage_v=0.9, temperature_c=25)
    with pytest.raises(BadInput, match="there is no folder"):
        read_macros(foundry / "absent", voltage_v=1.2, temperature_c=25)


@pytest.mark.parametrize("name", ["nano-64", "edge-256", "edge-1024"])
@pytest.mark.parametrize("rows", [4, 8, 16])
def test_the_estimate_builds_memories_of_the_same_macros(name, rows, foundry):
    """At 130 nm area and energy of a memory are those of the macros that the gates are priced with."""
    from chipsmith.chip import load_chip, override_chip
    from chipsmith.chip.sram_macros import build_memory
    from chipsmith.chip.sram_model import MacroSize, Ports
    from chipsmith.hardware.gates.circuit import PlacedMemory
    from chipsmith.hardware.gates.macros import choose_macro, read_macros
    from chipsmith.hardware.memories import Wrapper, rtl_memories

    macros = read_macros(foundry / "sram", voltage_v=1.2, temperature_c=25)
    ports = {Wrapper.BANK: Ports.SHARED, Wrapper.TWO_PORT: Ports.READ_AND_WRITE}
    chip = override_chip(load_chip(name), {"tensor.rows": str(rows), "external.bytes_per_cycle": "4"})
    for memory in rtl_memories(chip):
        sizes = {"lines": memory.lines, "line_bits": memory.line_bits, "lane_bits": memory.lane_bits}
        chosen = choose_macro(PlacedMemory(wrapper=memory.wrapper, ports={}, scope=0, **sizes), macros)
        built = build_memory(MacroSize(lines=memory.lines, bits=memory.line_bits, ports=ports[memory.wrapper]))
        assert (built.macro.size.lines, built.macro.size.bits) == (chosen.macro.lines, chosen.macro.bits)
        assert (built.wide, built.deep) == (chosen.wide, chosen.deep)


@pytest.mark.slow
def test_a_whole_machine_at_the_gates_is_the_simulators_to_the_bit(foundry, typical_cells):
    """The smallest chip: outputs, every start, the sums, and a window that is a part of the whole."""
    pytest.importorskip("pyosys", reason="pip install chipsmith[rtl]")
    import chipsmith
    from chipsmith.hardware.formal.tasks import SMALL

    program = small_program({**SMALL, "memory.group_bytes": "2048", "memory.groups": "4"}.items())
    result = chipsmith.power(program, liberty=typical_cells, sram=foundry / "sram", samples=20)
    assert result.difference == ""
    assert result.run.latency_cycles == simulate(program).latency_cycles
    assert result.mismatching_bits == 0
    assert math.fsum(result.kernels.values()) == pytest.approx(result.total_pj)
    assert math.fsum(row.gates_pj for row in result.compared().values()) == pytest.approx(result.total_pj)
    assert all(factor >= 0.9 for factor in result.run.glitch_factors)
    part = chipsmith.power(program, liberty=typical_cells, sram=foundry / "sram", samples=20, window=300)
    assert (part.difference, part.estimate, part.run.cycles) == ("", None, 300)
    assert 0 < part.total_pj < result.total_pj
