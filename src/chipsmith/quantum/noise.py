"""The noise of a device's gates and readout, from its snapshot, as Qiskit Aer models it.

Each gate is followed by a depolarising error and by relaxation (T1, T2) over its duration, so that gate and relaxation
together have the error that the device's makers measured; each qubit is misread with the probability they measured. It
leaves out what the snapshot does not hold: crosstalk, drift, and qubits that relax while they wait for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from chipsmith.extras import require_package
from chipsmith.quantum.device import DeviceSnapshot, is_virtual, restrict_target

Matrix = NDArray[np.float64]
Place = tuple[str, tuple[int, ...]]
"""A gate of the device and the qubits that it is applied to."""


@dataclass(frozen=True, kw_only=True)
class DeviceNoise:
    """What goes wrong on some qubits of a device; empty, nothing does.

    `gates` has the Pauli transfer matrix (4^k, 4^k) of the error that follows a gate of k qubits, in the order of
    Qiskit (the first qubit varies fastest); `readout` the probabilities (2, 2) of reading a column's bit as a row's.
    """

    gates: Mapping[Place, Matrix] = field(default_factory=lambda: MappingProxyType({}))
    readout: Mapping[int, Matrix] = field(default_factory=lambda: MappingProxyType({}))


def read_noise(device: DeviceSnapshot, qubits: tuple[int, ...]) -> DeviceNoise:
    """The noise of these qubits of the device. Raises BadInput without qiskit-aer."""
    require_package("qiskit_aer", extra="quantum", task="model the noise of a device", distribution="qiskit-aer")
    from qiskit.quantum_info import PTM, SuperOp
    from qiskit_aer.noise.device import basic_device_gate_errors, basic_device_readout_errors

    target = restrict_target(device, qubits)
    gates = {
        (name, tuple(places)): np.asarray(PTM(SuperOp(error)).data.real)
        for name, places, error in basic_device_gate_errors(target=target)
        if not is_virtual(name)
    }
    readout = {
        places[0]: np.asarray(error.probabilities).T
        for places, error in basic_device_readout_errors(target=target)
        if places[0] in qubits
    }
    return DeviceNoise(gates=gates, readout=readout)
