"""What a quantum network is and would take, in the form that the record of its run keeps."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from chipsmith.learn import Dataset, TrainedNetwork
from chipsmith.learn.judging import QuantumJudging
from chipsmith.learn.networks import QuantumNetwork
from chipsmith.learn.quantum_models import MachineModel, TrainedCircuit
from chipsmith.learn.training.machines import as_matrix
from chipsmith.profile.profile import Evidence, Figure
from chipsmith.quantum.circuit import LayeredCircuit
from chipsmith.quantum.device import load_device
from chipsmith.quantum.kernel import geometric_difference
from chipsmith.quantum.qasm import rotate_and_entangle, write_qasm
from chipsmith.quantum.qnode import measure_states
from chipsmith.quantum.reading import read_qasm_state, state_fidelity
from chipsmith.quantum.resources import CircuitResources, count_resources
from chipsmith.reports.quantum.record import (
    CandidateRecord,
    CircuitColumn,
    CircuitRecord,
    DeviceRecord,
    FidelityCheck,
    KernelRecord,
)

GEOMETRY_EXAMPLES = 500
"""Training examples whose kernels are compared: the eigenvalues of larger ones take minutes."""
WITNESSED_EXAMPLES = 100
"""Test examples whose states PennyLane computes too."""


_SHOT = "durations of gates and measurement in the calibration, and the pause that it gives between two shots"
_TRAINING = (
    "counted; of a kernel machine the pairs of training examples; of a classifier, which was trained here on exact "
    "states, two circuits an angle, example and epoch (the parameter-shift rule)"
)
_APPROXIMATION = (
    "Each gate errs and relaxes for its duration as the calibration says, and each qubit is misread as often; left out "
    "are crosstalk, drift, and what qubits lose while they wait."
)


def circuit_record(trained: TrainedNetwork, model: TrainedCircuit, data: Dataset) -> CircuitRecord:
    """The circuit as it is written."""
    circuit, network = model.circuit, trained.training.recipe.network
    assert isinstance(network, QuantumNetwork)
    parameters = network.count_parameters(features=data.input_shape[0], outputs=data.outputs)
    head = (circuit.qubits + 1) * data.outputs if parameters else 0
    written = rotate_and_entangle(circuit, model.angles(data.test.first(1).whole().inputs)[0])
    return CircuitRecord(
        qubits=circuit.qubits,
        layers=circuit.layers,
        features=data.input_shape[0],
        entanglement=circuit.entanglement.value,
        parameters=parameters - head,
        head_parameters=head,
        depth=written.depth(),
        two_qubit_gates=written.num_nonlocal_gates(),
        columns=_columns(circuit),
        measured=model.READ,
    )


def device_record(judging: QuantumJudging, model: TrainedCircuit, data: Dataset) -> DeviceRecord:
    """What the model would take on the device."""
    device = load_device(judging.device)
    angles = model.example_angles(data.test.first(2).whole().inputs)
    counts = model.count_circuits()
    answer = count_resources(model.compile_for(device), angles, circuits=counts.answer, shots=judging.shots)
    return DeviceRecord(
        name=device.name,
        calibration=f"{device.qubits} qubits, its calibration of {device.recorded}",
        figures=_device_figures(answer) | _fit_figures(replace(answer, circuits=counts.fit)),
        approximation=_APPROXIMATION,
    )


def _device_figures(answer: CircuitResources) -> dict[str, Figure]:
    return {
        "depth on the device": _counted(answer.depth),
        "gates on the device": _counted(answer.gates),
        "two-qubit gates on the device": _counted(answer.two_qubit_gates),
        "time of a shot": _estimated(answer.shot_us, "µs", _SHOT),
        "circuits of an answer": _counted(answer.circuits, "counted: one, or one for each support vector"),
        "time of an answer": _estimated(answer.time_s, "s", f"circuits x {answer.shots:,} shots x time of a shot"),
    }


def _fit_figures(fit: CircuitResources) -> dict[str, Figure]:
    return {
        "circuits of the training": _counted(fit.circuits, _TRAINING),
        "time of the training": _estimated(fit.time_s / 3600, "h", f"circuits x {fit.shots:,} shots x time of a shot"),
    }


def _counted(value: float, source: str = "counted after Qiskit's transpiler") -> Figure:
    return Figure(value=value, unit="1", kind=Evidence.MEASURED, source=source)


def _estimated(value: float, unit: str, source: str) -> Figure:
    return Figure(value=value, unit=unit, kind=Evidence.ESTIMATED, source=source)


def check_file(qasm: str, model: TrainedCircuit, data: Dataset) -> FidelityCheck:
    """The state that Qiskit reads from the text, against that of the first test example."""
    states = model.states(data.test.first(1).whole().inputs)
    fidelity = float(state_fidelity(read_qasm_state(qasm), states[0]))
    return FidelityCheck(witness=f"Qiskit {version('qiskit')}", examples=1, fidelity=fidelity)


def check_states(model: TrainedCircuit, data: Dataset) -> FidelityCheck:
    """The states of the first test examples by PennyLane, against those computed here: the lowest fidelity."""
    features = data.test.first(WITNESSED_EXAMPLES).whole().inputs
    witnessed = measure_states(model.circuit, model.angles(features))
    fidelity = float(state_fidelity(witnessed, model.states(features)).min())
    return FidelityCheck(witness=f"PennyLane {version('pennylane')}", examples=len(features), fidelity=fidelity)


def write_circuit(model: TrainedCircuit, data: Dataset) -> str:
    """The circuit of the first test example in OpenQASM 3."""
    return write_qasm(model.circuit, model.angles(data.test.first(1).whole().inputs)[0])


def kernel_record(
    trained: TrainedNetwork, model: TrainedCircuit, data: Dataset, *, rbf: TrainedNetwork
) -> KernelRecord | None:
    """The kernel of a machine, beside the RBF kernel of the machine `rbf`; None for a classifier."""
    if not isinstance(model, MachineModel):
        return None
    import torch

    inputs = torch.tensor(data.train.first(GEOMETRY_EXAMPLES).whole().inputs)
    with torch.inference_mode():
        quantum, classical = (as_matrix(machine.likeness(inputs, inputs)) for machine in (trained.module, rbf.module))
    return KernelRecord(
        bandwidth=float(model.module.bandwidth),
        penalty=model.penalty,
        candidates=tuple(CandidateRecord(**candidate.model_dump()) for candidate in trained.training.candidates),
        geometric_difference=geometric_difference(quantum, classical),
        geometric_examples=len(inputs),
        support_vectors=len(model.module.vectors),
    )


def _columns(circuit: LayeredCircuit) -> tuple[CircuitColumn, ...]:
    """Rotations, and what entangles them, from the first layer to the last."""
    rotations, entangling = CircuitColumn(label="U"), CircuitColumn(pairs=circuit.pairs)
    between = (entangling,) if circuit.pairs else ()
    return (rotations, *((*between, rotations) * (circuit.layers - 1)))
