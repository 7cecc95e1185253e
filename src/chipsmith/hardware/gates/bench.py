"""The machine's gates beside a model of its external memory (docs/machine.md, section 2); loops that numba runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chipsmith.hardware.gates.glitches import TimedState, compare_glitches
from chipsmith.hardware.gates.simulator import (
    GateState,
    Int32,
    Int64,
    Netlist,
    UInt8,
    clock_edge,
    drive,
    read_number,
    release,
    settle_all,
    spread,
)
from chipsmith.loops import compiled_loop

QUEUE = 4096
"""Places of words that are on their way; more than the latency of any memory."""


class MachinePorts(NamedTuple):
    """Nets of the machine's ports, lowest bit first."""

    reset: Int32
    doorbell: Int32
    warm: Int32
    halt: Int32
    read_ready: Int32
    answer_valid: Int32
    answer_data: Int32
    write_ready: Int32
    acknowledged: Int32
    read_valid: Int32
    read_address: Int32
    write_valid: Int32
    write_address: Int32
    write_last: Int32
    write_lanes: Int32
    write_data: Int32
    issued: Int32
    done: Int32
    error: Int32


class MemoryChannels(NamedTuple):
    """Words on their way. `counts`: READ_HEAD and so on; `answer_*` by place of a read, `word_*` of a written word,
    `burst_*` of a written burst: when it is acknowledged, and the word behind its last."""

    counts: Int64
    answer_due: Int64
    answers: UInt8
    word_address: Int64
    word_lanes: UInt8
    words: UInt8
    burst_due: Int64
    burst_end: Int64


READ_HEAD, READ_TAIL, WORD_HEAD, WORD_TAIL, BURST_HEAD, BURST_TAIL = range(6)
ISSUED, LATENCY, FINISHED, ERROR, LAST, UNLIKE = range(6, 12)


class RunSchedule(NamedTuple):
    """`segments`: that of each cycle; `sampled`: cycles in which glitches and leakage are looked at, ascending."""

    latency_cycles: int
    segments: Int32
    sampled: Int64


def new_channels(word_bytes: int) -> MemoryChannels:
    """MemoryChannels with nothing on them."""
    return MemoryChannels(
        counts=np.zeros(12, np.int64),
        answer_due=np.zeros(QUEUE, np.int64),
        answers=np.zeros((QUEUE, word_bytes), np.uint8),
        word_address=np.zeros(QUEUE, np.int64),
        word_lanes=np.zeros((QUEUE, word_bytes), np.uint8),
        words=np.zeros((QUEUE, word_bytes), np.uint8),
        burst_due=np.zeros(QUEUE, np.int64),
        burst_end=np.zeros(QUEUE, np.int64),
    )


@compiled_loop()
def reset_machine(netlist: Netlist, run: GateState, ports: MachinePorts) -> None:
    """Settle the gates and hold reset for some cycles; energies and toggles count from here on."""
    settle_all(netlist, run)
    drive(run, ports.read_ready, 1)
    drive(run, ports.write_ready, 1)
    drive(run, ports.reset, 1)
    for _ in range(4):
        release(netlist, run, 0)
        spread(netlist, run, 0)
        clock_edge(netlist, run, 0)
    drive(run, ports.reset, 0)
    run.toggles[:] = 0
    run.energy[:] = 0
    run.accesses[:] = 0


@compiled_loop()
def run_cycles(
    netlist: Netlist,
    run: GateState,
    ports: MachinePorts,
    channels: MemoryChannels,
    memory: UInt8,
    schedule: RunSchedule,
    timed: TimedState,
    starts: Int64,
    cycles: int,
) -> None:
    """Run one inference, or its first `cycles`; `starts` takes the cycle in which each instruction starts."""
    counts, sample = channels.counts, 0
    for cycle in range(cycles):
        segment = schedule.segments[min(cycle, len(schedule.segments) - 1)]
        drive(run, ports.doorbell, 1 if cycle == 0 else 0)
        answer(run, ports, channels, cycle)
        acknowledge(run, ports, channels, memory, cycle)
        if sample < len(schedule.sampled) and schedule.sampled[sample] == cycle:
            sample += 1
            counts[UNLIKE] += compare_glitches(netlist, run, timed, segment)
        else:
            release(netlist, run, segment)
            spread(netlist, run, segment)
        take_requests(run, ports, channels, memory, cycle, schedule.latency_cycles)
        if run.value[ports.issued[0]]:
            if counts[ISSUED] < len(starts):
                starts[counts[ISSUED]] = cycle
            counts[ISSUED] += 1
        if run.value[ports.done[0]]:
            counts[FINISHED] = 1
            counts[LATENCY] = cycle
        counts[ERROR] = read_number(run, ports.error)
        counts[LAST] = cycle
        clock_edge(netlist, run, segment)
        if counts[ERROR] or counts[FINISHED]:
            break
    while counts[WORD_HEAD] < counts[WORD_TAIL]:  # what is on its way arrives, and is no part of the inference
        put_word(channels, memory, counts[WORD_HEAD] % QUEUE)
        counts[WORD_HEAD] += 1


@compiled_loop(allocates=False)
def answer(run: GateState, ports: MachinePorts, channels: MemoryChannels, cycle: int) -> None:
    """Drive the answer of a read that is due."""
    counts = channels.counts
    place = counts[READ_HEAD] % QUEUE
    due = counts[READ_HEAD] < counts[READ_TAIL] and channels.answer_due[place] <= cycle
    drive(run, ports.answer_valid, 1 if due else 0)
    if due:
        for byte in range(channels.answers.shape[1]):
            drive(run, ports.answer_data[8 * byte : 8 * byte + 8], np.int64(channels.answers[place, byte]))
        counts[READ_HEAD] += 1


@compiled_loop(allocates=False)
def acknowledge(run: GateState, ports: MachinePorts, channels: MemoryChannels, memory: UInt8, cycle: int) -> None:
    """Acknowledge a burst that is due; its bytes are in the memory from now on."""
    counts = channels.counts
    place = counts[BURST_HEAD] % QUEUE
    due = counts[BURST_HEAD] < counts[BURST_TAIL] and channels.burst_due[place] <= cycle
    drive(run, ports.acknowledged, 1 if due else 0)
    if due:
        while counts[WORD_HEAD] < channels.burst_end[place]:
            put_word(channels, memory, counts[WORD_HEAD] % QUEUE)
            counts[WORD_HEAD] += 1
        counts[BURST_HEAD] += 1


@compiled_loop(allocates=False)
def put_word(channels: MemoryChannels, memory: UInt8, place: int) -> None:
    """Write the bytes of a word whose lanes are set."""
    for byte in range(channels.words.shape[1]):
        address = channels.word_address[place] + byte
        if channels.word_lanes[place, byte] and address < len(memory):
            memory[address] = channels.words[place, byte]


@compiled_loop(allocates=False)
def take_requests(
    run: GateState, ports: MachinePorts, channels: MemoryChannels, memory: UInt8, cycle: int, latency: int
) -> None:
    """Take what the machine asks for; data of a read is that of the request's cycle."""
    counts, word_bytes = channels.counts, channels.words.shape[1]
    if run.value[ports.read_valid[0]]:
        place, address = counts[READ_TAIL] % QUEUE, read_number(run, ports.read_address)
        channels.answer_due[place] = cycle + latency
        for byte in range(word_bytes):
            channels.answers[place, byte] = memory[address + byte] if address + byte < len(memory) else 0
        counts[READ_TAIL] += 1
    if run.value[ports.write_valid[0]]:
        place = counts[WORD_TAIL] % QUEUE
        channels.word_address[place] = read_number(run, ports.write_address)
        for byte in range(word_bytes):
            channels.word_lanes[place, byte] = run.value[ports.write_lanes[byte]]
            channels.words[place, byte] = read_number(run, ports.write_data[8 * byte : 8 * byte + 8])
        counts[WORD_TAIL] += 1
        if run.value[ports.write_last[0]]:
            burst = counts[BURST_TAIL] % QUEUE
            channels.burst_due[burst] = cycle + latency
            channels.burst_end[burst] = counts[WORD_TAIL]
            counts[BURST_TAIL] += 1
