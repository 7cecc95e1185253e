"""Simulation of single cycles with delays: what toggles more than once, which zero delay misses; loops that numba runs.

Delays are inertial: of two changes of an output that would come within its delay neither comes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chipsmith.hardware.gates.simulator import (
    BLOCK,
    KIND,
    LOGIC,
    OUTPUT,
    PIN_BITS,
    PRESENT,
    SETTLED,
    Float32,
    Float64,
    GateState,
    Int32,
    Int64,
    Netlist,
    UInt8,
    price_change,
    release,
    spread,
)
from chipsmith.loops import compiled_loop

STEP_NS = 0.004
"""A step of time."""

SLOTS = 8192
"""Steps of the wheel of events: more than the longest delay."""


class TimedState(NamedTuple):
    """Delays, and what a cycle with delays needs.

    `delays` [gates, edges] and `source_delays` of nets, in steps; `value` and `state` as in GateState; `pending`: the
    event of a net that is on its way, -1 for none; `heads`: the first event of each slot; events: `event_next`,
    `event_net`, `event_price`. `energy` [blocks, without and with delays] in pJ, `toggles` [blocks, the same];
    `leakage` [blocks]: the sum over the samples, in mW; `leakages` [kinds, states], `register_leakages` [registers,
    states of data and output]; `samples`.
    """

    delays: Int32
    source_delays: Int32
    value: UInt8
    state: UInt8
    pending: Int32
    heads: Int32
    event_next: Int32
    event_net: Int32
    event_price: Float32
    driver: Int32
    energy: Float64
    toggles: Int64
    leakage: Float64
    leakages: Float64
    register_leakages: Float64
    samples: Int64


@compiled_loop()
def compare_glitches(netlist: Netlist, run: GateState, timed: TimedState, segment: int) -> int:
    """Let a cycle spread without and with delays, add both to `timed`; how many nets end unlike."""
    timed.value[:] = run.value
    timed.state[:] = run.inputs[:, PRESENT]
    sources = run.changed[: run.counts[0]].copy()
    before = run.energy[segment, :, LOGIC].copy()
    release(netlist, run, segment)
    spread(netlist, run, segment)
    timed.energy[:, 0] += run.energy[segment, :, LOGIC] - before
    count_toggles(netlist, run, timed)
    spread_timed(netlist, run, timed, sources)
    add_leakage(netlist, run, timed)
    timed.samples[0] += 1
    return int(np.sum(timed.value != run.value))


@compiled_loop(allocates=False)
def count_toggles(netlist: Netlist, run: GateState, timed: TimedState) -> None:
    """Count what toggles without delays: what differs before and after."""
    for net in range(len(run.value)):
        if timed.value[net] != run.value[net]:
            driver = timed.driver[net]
            block = netlist.gates.rows[driver, BLOCK] if driver >= 0 else netlist.source_blocks[net]
            timed.toggles[block, 0] += 1


@compiled_loop(allocates=False)
def spread_timed(netlist: Netlist, run: GateState, timed: TimedState, sources: Int32) -> None:
    """Let sources change after their delays, and all that follows from it."""
    timed.heads[:] = -1
    timed.pending[:] = -1
    count = 0
    for place in range(len(sources)):
        net = sources[place]
        count = add_event(timed, count, net, timed.source_delays[net], netlist.source_prices[net])
    left, now = count, 0
    while left > 0:
        event = timed.heads[now % SLOTS]
        timed.heads[now % SLOTS] = -1
        while event >= 0:
            left -= 1
            net = timed.event_net[event]
            if timed.pending[net] == event:
                timed.pending[net] = -1
                before = count
                count = fire(netlist, run, timed, net, timed.event_price[event], now, count)
                left += count - before
            event = timed.event_next[event]
        now += 1


@compiled_loop(inline="always", allocates=False)
def add_event(timed: TimedState, count: int, net: int, time: int, price: float) -> int:
    """Put the toggle of a net on the wheel; the number of events."""
    if count >= len(timed.event_net):
        return count
    timed.event_net[count] = net
    timed.event_price[count] = price
    timed.event_next[count] = timed.heads[time % SLOTS]
    timed.heads[time % SLOTS] = count
    timed.pending[net] = count
    return count + 1


@compiled_loop(inline="always", allocates=False)
def fire(netlist: Netlist, run: GateState, timed: TimedState, net: int, price: float, now: int, count: int) -> int:
    """A net toggles now; gates that it drives answer later. The number of events."""
    gates, sinks = netlist.gates, netlist.sinks
    timed.value[net] ^= 1
    value = timed.value[net]
    driver = timed.driver[net]
    block = gates.rows[driver, BLOCK] if driver >= 0 else netlist.source_blocks[net]
    timed.energy[block, 1] += price
    timed.toggles[block, 1] += 1
    for place in range(gates.fanout_first[net], gates.fanout_first[net + 1]):
        entry = gates.fanout[place]
        gate = entry >> PIN_BITS
        if gate >= len(gates.rows):
            sink = gate - len(gates.rows)
            clock = run.fired[sinks.domain[sink]]
            timed.energy[sinks.block[sink], 1] += sinks.prices[sink, value, clock]
            continue
        before = timed.state[gate]
        after = before ^ np.uint8(1 << (entry & 7))
        timed.state[gate] = after
        output = gates.rows[gate, OUTPUT]
        wanted = np.int64((gates.truth[gates.rows[gate, KIND]] >> np.uint64(after)) & np.uint64(1))
        differs = wanted != timed.value[output]
        if timed.pending[output] >= 0:
            if not differs:
                timed.pending[output] = -1
        elif differs:
            energy = price_change(gates, gate, before, after, wanted, True)
            count = add_event(timed, count, output, now + timed.delays[gate, wanted], energy)
        else:
            timed.energy[gates.rows[gate, BLOCK], 1] += price_change(gates, gate, before, after, wanted, False)
    return count


@compiled_loop(allocates=False)
def add_leakage(netlist: Netlist, run: GateState, timed: TimedState) -> None:
    """Add the leakage of the state that all cells are in."""
    gates, registers = netlist.gates, netlist.registers
    for gate in range(len(gates.rows)):
        state = np.int64(run.inputs[gate, SETTLED])
        value = np.int64(run.value[gates.rows[gate, OUTPUT]])
        timed.leakage[gates.rows[gate, BLOCK]] += timed.leakages[gates.rows[gate, KIND], state, value]
    for register in range(len(registers.data)):
        output = registers.outputs[register, 0]
        kept = run.value[output] if output >= 0 else 1 - run.value[registers.outputs[register, 1]]
        state = run.value[registers.data[register]] | kept << 1
        timed.leakage[registers.block[register]] += timed.register_leakages[register, state]


def mean_delays(delay_ns: npt.NDArray[np.float64]) -> Int32:
    """Delays in steps, 1 at least."""
    return np.asarray(np.maximum(np.rint(delay_ns / STEP_NS), 1), np.int32)
