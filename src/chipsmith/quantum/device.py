"""Real quantum processors, as they were when their makers wrote their calibration down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.suggest import nearest_name

if TYPE_CHECKING:
    from qiskit.transpiler import Target

DEFAULT_DEVICE = "miami"
"""IBM's Nighthawk r1: 120 qubits in a square lattice, on which a ring of 8 lies without swaps."""
_PREFIX = "fake_"
_VIRTUAL = {"rz"}
"""Gates that a device does by turning the phase of later pulses: no time, no error."""
_SUPPORTED = {"rz", "sx"}


@dataclass(frozen=True, kw_only=True)
class DeviceSnapshot:
    """A stored calibration of a real device: gates, what is coupled, errors, durations.

    `recorded` is its date, `target` Qiskit's Target, `repetition_us` the pause between two shots that the device takes
    by default, 0 where the snapshot does not say.
    """

    name: str
    recorded: str
    target: Target
    repetition_us: float

    @property
    def qubits(self) -> int:
        """Qubits of the whole device."""
        return int(self.target.num_qubits)

    @property
    def basis(self) -> tuple[str, ...]:
        """The gates that circuits are brought into: of those of one and two qubits, the ones it has everywhere."""
        names = ("rz", "sx", "x", "cz", "ecr", "cx")
        return tuple(name for name in names if name in self.target.operation_names)


def list_devices() -> tuple[str, ...]:
    """The names of devices whose snapshots can be loaded, in order. Raises BadInput without qiskit-ibm-runtime."""
    return tuple(sorted(_snapshot_classes()))


def load_device(name: str = DEFAULT_DEVICE) -> DeviceSnapshot:
    """The snapshot that qiskit-ibm-runtime stores of a device, such as `miami` or `sherbrooke`; nothing is downloaded.

    Raises BadInput for an unknown name, for a device whose gates are not SX and RZ, and without the extra `quantum`.
    """
    classes = _snapshot_classes()
    if name not in classes:
        near = nearest_name(name, classes)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(classes))}"
        raise BadInput(f"no snapshot of a quantum device is called {name}; {hint}")
    backend = classes[name]()
    _require_gates(name, backend.target)
    delay_s = getattr(backend.configuration(), "default_rep_delay", None)
    return DeviceSnapshot(
        name=name,
        recorded=str(backend.properties().last_update_date)[:10],
        target=backend.target,
        repetition_us=0.0 if delay_s is None else delay_s * 1e6,
    )


def restrict_target(device: DeviceSnapshot, qubits: tuple[int, ...]) -> Target:
    """What the device can do with some of its qubits, under their own numbers."""
    from qiskit.transpiler import Target

    whole = device.target
    part = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=whole.qubit_properties)
    for name in (*device.basis, "measure"):
        places = {place: properties for place, properties in whole[name].items() if set(place) <= set(qubits)}
        part.add_instruction(whole.operation_from_name(name), places)
    return part


def is_virtual(gate: str) -> bool:
    """Whether a gate takes no time and brings no error."""
    return gate in _VIRTUAL


def _require_gates(name: str, target: Target) -> None:
    missing = sorted(_SUPPORTED - set(target.operation_names))
    if missing:
        raise BadInput(
            f"the snapshot of {name} has no gate {', '.join(missing)}; take a device of SX and RZ, such as "
            f"{DEFAULT_DEVICE}"
        )


def _snapshot_classes() -> dict[str, Any]:
    require_package(
        "qiskit_ibm_runtime", extra="quantum", task="load snapshots of devices", distribution="qiskit-ibm-runtime"
    )
    from qiskit_ibm_runtime import fake_provider

    classes = (getattr(fake_provider, name) for name in dir(fake_provider))
    named = {getattr(kind, "backend_name", None): kind for kind in classes if isinstance(kind, type)}
    return {str(name).removeprefix(_PREFIX): kind for name, kind in named.items() if str(name).startswith(_PREFIX)}
