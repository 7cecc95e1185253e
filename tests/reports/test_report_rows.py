"""Rows of kernels, instructions and memory against the Program, its timeline and the estimates."""

from __future__ import annotations

import math

import pytest
from sample_runs import bare_record, program

from chipsmith.costs import estimate_area, estimate_energy
from chipsmith.profile.kernels import REST, timeline_rows
from chipsmith.profile.transfers import transfers
from chipsmith.program.actions import count_program
from chipsmith.program.instructions import Store
from chipsmith.reports.layers import MANY, layers
from chipsmith.sim.cycle import DOORBELL, simulate

NETWORKS = ("digits_cnn", "encoder_layer")


@pytest.mark.parametrize("network", NETWORKS)
def test_instructions_have_the_times_of_the_timeline(network):
    timeline = simulate(program(network))
    doorbell, *rows = bare_record(network).inference.instructions
    assert (doorbell.index, doorbell.start_cycle) == (DOORBELL, 0)
    assert [row.start_cycle for row in rows] == timeline.start.tolist()
    assert [row.end_cycle for row in rows] == timeline.end.tolist()
    assert [row.wait_cycles for row in rows] == timeline.wait_cycles.tolist()
    held = {row.name: row.busy_cycles for row in bare_record(network).inference.latency.engines}
    for engine, cycles in held.items():
        mine = [row for row in (doorbell, *rows) if row.engine == engine]
        assert sum(row.engine_end_cycle - row.start_cycle for row in mine) == cycles


@pytest.mark.parametrize("network", NETWORKS)
def test_kernels_share_out_all_energy_and_all_bytes(network):
    one = bare_record(network).inference
    counts = count_program(program(network))
    energy = estimate_energy(program(network).chip, counts, cycles=one.latency.cold_cycles)
    for component, total in energy.by_component().items():
        shared = math.fsum(row.energy_pj[component] for row in one.kernels)
        assert shared == pytest.approx(total, rel=1e-9, abs=1e-9)
    assert one.energy.by_component() == pytest.approx(energy.by_component())
    assert sum(row.external_bytes for row in one.kernels) == one.external_bytes
    assert one.external_bytes == counts.external_read_bytes + counts.external_write_bytes
    assert all(value > -1e-6 for row in one.kernels for value in row.energy_pj.values())


def test_a_kernel_pays_for_its_weights():
    """The first dense layer holds most weights of the digits network, so most bytes are loaded for it."""
    kernels = bare_record().inference.kernels
    most = max(kernels, key=lambda row: row.external_bytes)
    assert most.anchor == "CONV2D"
    assert most.external_bytes > 0.8 * bare_record().inference.weight_bytes


def test_transfers_know_what_they_move():
    one = program()
    names = {served.name: served for served in transfers(one)}
    (source,), (result,) = one.manifest.inputs, one.manifest.outputs
    assert names[f"input {source.name}"].role == "input"
    assert isinstance(one.instructions[names[f"output {result.name}"].index], Store)
    assert names[f"output {result.name}"].shares == {one.manifest.kernels[-1].name: 1.0}
    assert all(sum(served.shares.values()) == pytest.approx(1) for served in transfers(one) if served.buffer)


def test_pages_serve_no_kernel():
    pages = [served for served in transfers(program("encoder_layer")) if served.name.startswith("page ")]
    assert [served.name for served in pages] == [f"page {number}" for number in range(1, len(pages) + 1)]
    assert not any(served.shares for served in pages)


def test_memory_spans_are_the_buffers_in_cycles():
    timeline, spans = simulate(program()), bare_record().inference.memory
    for span, buffer in zip(spans, program().manifest.buffers, strict=True):
        assert (span.name, span.address, span.size_bytes) == (buffer.name, buffer.address, buffer.size_bytes)
        assert span.first_cycle == timeline.start[buffer.first_instruction]
        assert span.first_cycle < span.last_cycle <= timeline.latency_cycles
    roles = [span.role for span in spans]
    assert (roles.count("input"), roles.count("output")) == (1, 1)
    assert {"activation", "constant"} < set(roles)


@pytest.mark.parametrize("network", NETWORKS)
def test_layers_sum_to_the_latency_and_to_the_energy(network):
    one = bare_record(network).inference
    rows = layers(one)
    assert sum(row.added_cycles for row in rows) == one.latency.cold_cycles
    assert math.fsum(row.total_pj for row in rows) == pytest.approx(one.energy.total)
    shown = [kernel.name for row in rows for kernel in row.kernels]
    assert sorted(shown) == sorted(row.name for row in one.kernels if row.name != REST)


def test_small_neighbours_share_a_row_where_there_are_many():
    one = bare_record("gru").inference
    assert len(one.kernels) > MANY
    rows = layers(one)
    assert len(rows) < len(one.kernels)
    assert len({row.label for row in rows}) == len(rows)


def test_tables_sum_to_the_estimates():
    one = bare_record().inference
    area = estimate_area(program().chip)
    assert one.area.total == pytest.approx(area.total_mm2)
    assert one.area.by_component() == pytest.approx(area.by_component())
    assert math.fsum(one.energy.by_component().values()) == pytest.approx(one.energy.total)
    cost = one.cost
    assert cost.die_usd.value == pytest.approx(
        cost.wafer_price_usd.value / (cost.dies_per_wafer.value * cost.yield_fraction.value)
    )


def test_a_warm_timeline_skips_what_stayed_on_the_chip():
    rows = timeline_rows(program(), simulate(program(), warm=True))
    kept = [row for row in rows if row.opcode == "LOAD" and getattr(program().instructions[row.index], "once", 0)]
    assert kept
    assert all(row.engine_end_cycle == row.start_cycle for row in kept)
