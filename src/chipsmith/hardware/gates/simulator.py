"""Simulation of gates cycle by cycle: two values, zero delay, every toggle priced and counted; loops that numba runs.

A cycle is: what changed at the edge before it, and at the ports, spreads level by level; each gate is evaluated at most
once. Then comes the rising edge: flip-flops whose clock runs take their data, memories work.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chipsmith.loops import compiled_loop

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

PIN_BITS = 3
"""Bits of a pin's number in an entry of `fanout`."""

LOGIC, REGISTERS, CLOCK, MEMORY = range(4)
"""Columns of an energy: gates, their nets and pins that take data; outputs of flip-flops; clocks; accesses."""


KIND, OUTPUT, LEVEL, BLOCK, PRICE = range(5)
"""Columns of a gate's row."""

PRESENT, SETTLED, QUEUED = range(3)
"""Columns of a gate's inputs: their state, the one that the output stands for, and whether the gate is queued."""


class Gates(NamedTuple):
    """Logic. Arrays by kind: `truth`, `arcs` and `passive` [kinds, pins, edges, states], places in the gate's prices.

    `rows` [gates in order of level, columns]: kind, net of the output, level, block, place in `prices` (pJ): a row is
    half a line of a cache, in which most of the time is spent.
    `fanout`, from `fanout_first` of a net on: a gate's pin as gate << PIN_BITS | pin, a sink as
    (gates + sink) << PIN_BITS. `level_first`: the first gate of each level.
    """

    truth: UInt64
    arcs: Int16
    passive: Int16
    rows: Int32
    prices: Float32
    fanout_first: Int32
    fanout: Int32
    level_first: Int32


class Sinks(NamedTuple):
    """Pins that take data at an edge: price of a toggle [sinks, edges, clock low or high], `domain` of its clock."""

    prices: Float32
    domain: Int32
    block: Int8


class Registers(NamedTuple):
    """Flip-flops, sorted by the domain of their clock.

    `outputs` [flip-flops, 2]: net of the state and of its inverse, -1 where there is none. `clock_prices`
    [flip-flops, edges, states of data and output], `output_prices` [flip-flops, edges].
    """

    data: Int32
    outputs: Int32
    block: Int8
    domain_first: Int32
    clock_prices: Float32
    output_prices: Float32


class Domains(NamedTuple):
    """Clocks: domain 0 is the root, each other that of a clock gate, parents first.

    `enables` [domains, 2]: nets of which one lets the clock through. `gate_prices` [domains, 2]: of a cycle of the
    clock in front of the gate, and of one behind it. `tree_prices`: of a cycle in the buffers and wires behind it.
    """

    parent: Int32
    enables: Int32
    block: Int8
    gate_prices: Float32
    tree_prices: Float32
    tree_block: Int8


class Banks(NamedTuple):
    """Memories. Nets from `*_first` on in `nets`: `read_address`, `write_address`, `lanes`, `data`, `output`.

    A write goes where `write_enable` and a lane are high; a read where `read_enable` is and, with `single_port`, no
    lane is. `prices` [memories, read of a line, write of a macro]: a line is that of the macros beside one another, of
    `macro_bits` each. Contents from `first` on in GateState.contents, a byte a bit.
    """

    domain: Int32
    block: Int8
    single_port: UInt8
    lines: Int32
    bits: Int32
    lane_bits: Int32
    macro_bits: Int32
    address_bits: Int32
    read_enable: Int32
    write_enable: Int32
    read_address_first: Int32
    write_address_first: Int32
    lanes_first: Int32
    data_first: Int32
    output_first: Int32
    nets: Int32
    first: Int64
    prices: Float32


class Netlist(NamedTuple):
    """All that does not change. `source_prices`: of a toggle of a net that no gate and no register drives, in pJ.

    `source_blocks`: the block of each.
    """

    gates: Gates
    sinks: Sinks
    registers: Registers
    domains: Domains
    banks: Banks
    source_prices: Float32
    source_blocks: Int8


class GateState(NamedTuple):
    """All that changes.

    `value` of nets; `inputs` [gates, columns]; `queue` of gates to evaluate by level; `changed`: sources that toggle
    next, `counts` [how many of these]; `fired`: which clocks ran at the last edge; `toggles` of each net; `contents` of
    memories; `energy` [segments, blocks, columns] in pJ; `accesses` [memories, read and write].
    """

    value: UInt8
    inputs: UInt8
    queue: Int32
    queue_counts: Int32
    changed: Int32
    counts: Int64
    fired: UInt8
    toggles: Int64
    contents: UInt8
    energy: Float64
    accesses: Int64


@compiled_loop(inline="always", allocates=False)
def toggle(netlist: Netlist, run: GateState, net: int, segment: int) -> None:
    """A net changes: gates that it drives are queued, sinks are priced."""
    gates, sinks = netlist.gates, netlist.sinks
    run.value[net] ^= 1
    run.toggles[net] += 1
    value = run.value[net]
    for place in range(gates.fanout_first[net], gates.fanout_first[net + 1]):
        entry = gates.fanout[place]
        gate = entry >> PIN_BITS
        if gate < len(gates.rows):
            run.inputs[gate, PRESENT] ^= 1 << (entry & 7)
            if not run.inputs[gate, QUEUED]:
                run.inputs[gate, QUEUED] = 1
                level = gates.rows[gate, LEVEL]
                run.queue[gates.level_first[level] + run.queue_counts[level]] = gate
                run.queue_counts[level] += 1
        else:
            sink = gate - len(gates.rows)
            clock = run.fired[sinks.domain[sink]]
            run.energy[segment, sinks.block[sink], LOGIC] += sinks.prices[sink, value, clock]


@compiled_loop(inline="always", allocates=False)
def price_change(gates: Gates, gate: int, before: int, after: int, value: int, toggled: bool) -> float:
    """Energy of a gate whose inputs change; where its output toggles too, the mean over the pins that changed."""
    kind, first = gates.rows[gate, KIND], gates.rows[gate, PRICE]
    changed = before ^ after
    energy, pins, pin = 0.0, 0, 0
    while changed:
        if changed & 1:
            pins += 1
            if toggled:
                energy += gates.prices[first + gates.arcs[kind, pin, value, after]]
            else:
                energy += gates.prices[first + gates.passive[kind, pin, (after >> pin) & 1, after]]
        changed >>= 1
        pin += 1
    return energy / pins if toggled else energy


@compiled_loop(allocates=False)
def spread(netlist: Netlist, run: GateState, segment: int) -> None:
    """Evaluate what is queued, level by level."""
    gates = netlist.gates
    for level in range(len(run.queue_counts)):
        first = gates.level_first[level]
        for place in range(first, first + run.queue_counts[level]):
            gate = run.queue[place]
            run.inputs[gate, QUEUED] = 0
            before, after = run.inputs[gate, SETTLED], run.inputs[gate, PRESENT]
            if before == after:
                continue
            run.inputs[gate, SETTLED] = after
            value = np.int64((gates.truth[gates.rows[gate, KIND]] >> np.uint64(after)) & np.uint64(1))
            toggled = value != run.value[gates.rows[gate, OUTPUT]]
            run.energy[segment, gates.rows[gate, BLOCK], LOGIC] += price_change(
                gates, gate, before, after, value, toggled
            )
            if toggled:
                toggle(netlist, run, gates.rows[gate, OUTPUT], segment)
        run.queue_counts[level] = 0


@compiled_loop(allocates=False)
def settle_all(netlist: Netlist, run: GateState) -> None:
    """Evaluate every gate from the values of the nets: after power-up."""
    gates = netlist.gates
    run.inputs[:, PRESENT] = 0
    for net in range(len(run.value)):
        if run.value[net]:
            for place in range(gates.fanout_first[net], gates.fanout_first[net + 1]):
                entry = gates.fanout[place]
                if entry >> PIN_BITS < len(gates.rows):
                    run.inputs[entry >> PIN_BITS, PRESENT] |= 1 << (entry & 7)
    for gate in range(len(gates.rows)):
        value = np.uint8((gates.truth[gates.rows[gate, KIND]] >> np.uint64(run.inputs[gate, PRESENT])) & np.uint64(1))
        run.inputs[gate, SETTLED] = run.inputs[gate, PRESENT]
        if value != run.value[gates.rows[gate, OUTPUT]]:
            run.value[gates.rows[gate, OUTPUT]] = value
            for place in range(
                gates.fanout_first[gates.rows[gate, OUTPUT]], gates.fanout_first[gates.rows[gate, OUTPUT] + 1]
            ):
                entry = gates.fanout[place]
                if entry >> PIN_BITS < len(gates.rows):
                    run.inputs[entry >> PIN_BITS, PRESENT] ^= 1 << (entry & 7)


@compiled_loop(allocates=False)
def drive(run: GateState, nets: Int32, value: int) -> None:
    """Let ports change to a number, lowest bit first, with the next spread."""
    for bit in range(len(nets)):
        if run.value[nets[bit]] != (value >> bit) & 1:
            run.changed[run.counts[0]] = nets[bit]
            run.counts[0] += 1


@compiled_loop(allocates=False)
def read_number(run: GateState, nets: Int32) -> int:
    """The number that stands on nets, lowest bit first."""
    number = np.int64(0)
    for bit in range(len(nets)):
        number |= np.int64(run.value[nets[bit]]) << bit
    return int(number)


@compiled_loop(allocates=False)
def release(netlist: Netlist, run: GateState, segment: int) -> None:
    """Let the sources change that were collected."""
    for place in range(run.counts[0]):
        net = run.changed[place]
        if netlist.source_prices[net] > 0:
            run.energy[segment, netlist.source_blocks[net], LOGIC] += netlist.source_prices[net]
        toggle(netlist, run, net, segment)
    run.counts[0] = 0


@compiled_loop(allocates=False)
def clock_edge(netlist: Netlist, run: GateState, segment: int) -> None:
    """The falling edge of the clocks that ran, then the rising edge: what changes is collected, nothing toggles yet."""
    domains, registers = netlist.domains, netlist.registers
    for domain in range(len(domains.parent)):
        ran, fires = run.fired[domain], 1
        if domain:
            fires = run.fired[domains.parent[domain]]
            if fires:
                run.energy[segment, domains.block[domain], CLOCK] += domains.gate_prices[domain, 0]
                fires = run.value[domains.enables[domain, 0]] | run.value[domains.enables[domain, 1]]
            if fires:
                run.energy[segment, domains.block[domain], CLOCK] += domains.gate_prices[domain, 1]
        run.fired[domain] = fires
        if fires:
            run.energy[segment, domains.tree_block[domain], CLOCK] += domains.tree_prices[domain]
        if fires or ran:
            for register in range(registers.domain_first[domain], registers.domain_first[domain + 1]):
                clock_register(registers, run, register, ran, fires, segment)
    for bank in range(len(netlist.banks.domain)):
        if run.fired[netlist.banks.domain[bank]]:
            access_bank(netlist.banks, run, bank, segment)


@compiled_loop(inline="always", allocates=False)
def clock_register(registers: Registers, run: GateState, register: int, falls: int, rises: int, segment: int) -> None:
    """The edges of a flip-flop's clock."""
    data, output = run.value[registers.data[register]], registers.outputs[register, 0]
    inverse = registers.outputs[register, 1]
    kept = run.value[output] if output >= 0 else 1 - run.value[inverse]
    state = data | kept << 1
    energy = 0.0
    if falls:
        energy += registers.clock_prices[register, 0, state]
    if rises:
        energy += registers.clock_prices[register, 1, state]
        if data != kept:
            run.energy[segment, registers.block[register], REGISTERS] += registers.output_prices[register, data]
            if output >= 0:
                run.changed[run.counts[0]] = output
                run.counts[0] += 1
            if inverse >= 0:
                run.changed[run.counts[0]] = inverse
                run.counts[0] += 1
    run.energy[segment, registers.block[register], CLOCK] += energy


@compiled_loop(inline="always", allocates=False)
def read_address(banks: Banks, run: GateState, bank: int, first: int) -> int:
    """The line that an address names."""
    line = np.int64(0)
    for bit in range(banks.address_bits[bank]):
        line |= np.int64(run.value[banks.nets[first + bit]]) << bit
    return int(line)


@compiled_loop(allocates=False)
def access_bank(banks: Banks, run: GateState, bank: int, segment: int) -> None:
    """A memory's rising edge; a two-port memory reads what stood there before the write of the same cycle."""
    lanes = banks.bits[bank] // banks.lane_bits[bank]
    writes = False
    if run.value[banks.write_enable[bank]]:
        for lane in range(lanes):
            writes |= run.value[banks.nets[banks.lanes_first[bank] + lane]] != 0
    reads = run.value[banks.read_enable[bank]] and not (banks.single_port[bank] and writes)
    if reads:
        read_bank(banks, run, bank, segment)
    if writes:
        write_bank(banks, run, bank, segment)


@compiled_loop(allocates=False)
def read_bank(banks: Banks, run: GateState, bank: int, segment: int) -> None:
    """Read a line: the outputs that differ are collected."""
    run.energy[segment, banks.block[bank], MEMORY] += banks.prices[bank, 0]
    run.accesses[bank, 0] += 1
    line = read_address(banks, run, bank, banks.read_address_first[bank])
    if line >= banks.lines[bank]:
        return
    first = banks.first[bank] + line * banks.bits[bank]
    for bit in range(banks.bits[bank]):
        net = banks.nets[banks.output_first[bank] + bit]
        if net >= 0 and run.contents[first + bit] != run.value[net]:
            run.changed[run.counts[0]] = net
            run.counts[0] += 1


@compiled_loop(allocates=False)
def write_bank(banks: Banks, run: GateState, bank: int, segment: int) -> None:
    """Write the lanes that are set: macros without one are not accessed."""
    run.accesses[bank, 1] += 1
    line = read_address(banks, run, bank, banks.write_address_first[bank])
    there = line < banks.lines[bank]
    first = banks.first[bank] + line * banks.bits[bank]
    paid = -1
    for bit in range(banks.bits[bank]):
        if run.value[banks.nets[banks.lanes_first[bank] + bit // banks.lane_bits[bank]]]:
            if bit // banks.macro_bits[bank] > paid:
                paid = bit // banks.macro_bits[bank]
                run.energy[segment, banks.block[bank], MEMORY] += banks.prices[bank, 1]
            if there:
                run.contents[first + bit] = run.value[banks.nets[banks.data_first[bank] + bit]]
