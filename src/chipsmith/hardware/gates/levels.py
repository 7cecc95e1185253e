"""The order in which gates are evaluated, and what each net drives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.loops import compiled_loop

Int32 = npt.NDArray[np.int32]


def level_gates(inputs: Int32, output: Int32, nets: int) -> Int32:
    """The level of each gate: above those that drive it. `inputs` [gates, pins] and `output` are nets.

    BadInput where gates form a loop.
    """
    first, entries = connect(inputs, np.zeros(0, np.int32), nets, 0)
    driver = np.full(nets, -1, np.int32)
    driver[output] = np.arange(len(output), dtype=np.int32)
    level = np.zeros(len(output), np.int32)
    if fill_levels(inputs, output, driver, first, entries, level) < len(output):
        raise BadInput("the netlist's logic has a loop: only synchronous circuits are simulated")
    return level


@compiled_loop()
def fill_levels(inputs: Int32, output: Int32, driver: Int32, first: Int32, entries: Int32, level: Int32) -> int:
    """Set the levels; how many gates were reached."""
    waits = np.zeros(len(output), np.int32)
    ready = np.empty(len(output), np.int32)
    count = 0
    for gate in range(len(output)):
        for pin in range(inputs.shape[1]):
            waits[gate] += driver[inputs[gate, pin]] >= 0
        if waits[gate] == 0:
            ready[count] = gate
            count += 1
    done = 0
    while done < count:
        gate = ready[done]
        done += 1
        net = output[gate]
        for place in range(first[net], first[net + 1]):
            driven = entries[place]
            level[driven] = max(level[driven], level[gate] + 1)
            waits[driven] -= 1
            if waits[driven] == 0:
                ready[count] = driven
                count += 1
    return done


def connect(inputs: Int32, sinks: Int32, nets: int, pin_bits: int) -> tuple[Int32, Int32]:
    """What each net drives: where its entries begin, and the entries.

    An entry is gate << pin_bits | pin for a pin of a gate (the gate alone where pin_bits is 0), and
    (gates + sink) << pin_bits for a sink. The constant 0 drives nothing.
    """
    gates, pins = inputs.shape
    numbers = np.arange(gates, dtype=np.int64)[:, None] << pin_bits
    entries = np.broadcast_to(numbers + (np.arange(pins) if pin_bits else 0), (gates, pins)).ravel()
    driving = np.concatenate([inputs.ravel(), sinks])
    entries = np.concatenate([entries, (gates + np.arange(len(sinks), dtype=np.int64)) << pin_bits])
    real = driving > 0
    driving, entries = driving[real], entries[real]
    order = np.argsort(driving, kind="stable")
    first = np.searchsorted(driving[order], np.arange(nets + 1)).astype(np.int32)
    return first, entries[order].astype(np.int32)
