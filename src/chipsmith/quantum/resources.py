"""What a circuit asks of a device: qubits, depth, gates, shots, and an estimate of the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from chipsmith.quantum.transpile import DeviceCircuit, bind_angles


@dataclass(frozen=True, kw_only=True)
class CircuitResources:
    """What runs on the device: counts after transpilation, and estimated times.

    `depth` is that of Qiskit: the most steps, measurement among them, that follow one another. `circuit_us` is the
    longest chain of gate and measurement durations of the snapshot. `shot_us` adds the pause of the device between
    two shots; `time_s` is `circuits` times `shots` times `shot_us`: an estimate that leaves out loading, queues and
    the network.
    """

    device: str
    recorded: str
    qubits: int
    depth: int
    gates: int
    two_qubit_gates: int
    circuits: int
    shots: int
    circuit_us: float
    shot_us: float

    @property
    def time_s(self) -> float:
        """Estimated seconds on the device for all circuits."""
        return self.circuits * self.shots * self.shot_us / 1e6


def count_resources(compiled: DeviceCircuit, angles: NDArray[Any], *, circuits: int, shots: int) -> CircuitResources:
    """The resources of `circuits` circuits of `shots` shots, all formed like that of these angles (see bind_angles)."""
    bound = bind_angles(compiled, angles)
    circuit_us = bound.estimate_duration(compiled.device.target, unit="u")
    return CircuitResources(
        device=compiled.device.name,
        recorded=compiled.device.recorded,
        qubits=compiled.circuit.qubits,
        depth=bound.depth(),
        gates=sum(count for name, count in bound.count_ops().items() if name not in ("barrier", "measure")),
        two_qubit_gates=bound.num_nonlocal_gates(),
        circuits=circuits,
        shots=shots,
        circuit_us=circuit_us,
        shot_us=circuit_us + compiled.device.repetition_us,
    )


def count_kernel_circuits(*, training: int, tested: int) -> int:
    """Circuits of a kernel machine: every pair of training examples, and every tested example with each of them."""
    return training * (training - 1) // 2 + tested * training
