"""What is claimed of a design that is handed over: each figure, how it is known, and at the node of the gates too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import chipsmith
from chipsmith.chip import Chip
from chipsmith.flow.results import obtained
from chipsmith.profile.measure import quick_profile
from chipsmith.profile.profile import Totals
from chipsmith.program.program import Program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.studies.oracle import Temperature
from chipsmith.witness.power import energy_on_chip, estimate_at
from chipsmith.witness.synthesis import estimate_logic_um2

GATES_NODE_NM, GATES_VOLTAGE_V, GATES_CLOCK_MHZ = 130, 1.2, 100.0
"""Node and voltage of the gates that estimates were fitted to, and the clock at which `chipsmith power` has leakage."""

SCALING_RULE = (
    "Energy and area of logic are estimated at 130 nm from gates of IHP SG13G2 and brought to the chip's node by "
    "Stillmaker & Baas, Integration 58 (2017): energy is proportional to a2 V^2 + a1 V + a0 with coefficients by node, "
    "area to the relative area of the node; between two nodes of the table by a power law. Memories at 90 to 22 nm are "
    "CACTI 7's, their shape as that of SG13G2's macros; below 22 nm they scale as logic does. The external memory does "
    "not scale. docs/estimates.md of Chipsmith has the formulas, sources and their status."
)
"""How figures at 130 nm, which gates confirm, become those at the node of the chip, which nothing here confirms."""


@dataclass(frozen=True, kw_only=True)
class HandedNetwork:
    """A network of a design: its `name`, which its files bear, its Program on the chip, and its files' bytes by name.

    `weight` is that in the study's sums. `judged`: its quality on parts of a data set: `metric`, `value`, `examples`.
    """

    name: str
    weight: float
    program: Program
    files: Mapping[str, bytes]
    judged: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HandedDesign:
    """A design that is handed over: `name` in its `study`.

    `figures` are those by which the search chose it, of inferences of a `temperature`; `objectives` are some of them.
    """

    study: str
    name: str
    figures: Mapping[str, float]
    objectives: tuple[str, ...]
    temperature: Temperature
    chip: Chip
    networks: tuple[HandedNetwork, ...]


def claim_design(design: HandedDesign, folder: Path) -> Json:
    """The object of design.json for a folder, which holds every other file already, whose hashes it has."""
    chip = design.chip
    totals = [quick_profile(network.program) for network in design.networks]
    return {
        "schema_version": SCHEMA_VERSION,
        "chipsmith": chipsmith.__version__,
        "study": design.study,
        "design": design.name,
        "searched": {
            "figures": dict(design.figures),
            "objectives": list(design.objectives),
            "temperature": design.temperature.value,
        },
        "chip": {
            "name": chip.name,
            "sha256": chip.sha256,
            "node_nm": chip.technology.node_nm,
            "clock_mhz": chip.clock_mhz,
            "max_clock_mhz": totals[0].timing.max_clock_mhz.value,
            "area_mm2": totals[0].area.total,
        },
        "networks": [_claim_network(*each) for each in zip(design.networks, totals, strict=True)],
        "at_the_gates": {
            "node_nm": GATES_NODE_NM,
            "voltage_v": GATES_VOLTAGE_V,
            "clock_mhz": GATES_CLOCK_MHZ,
            "logic_um2": estimate_logic_um2(chip, node_nm=GATES_NODE_NM),
        },
        "known_by": {
            "judged": "computed: the meaning of the integer graph, example by example; the program has the same bits",
            "at_the_gates": "estimated: fitted to synthesised chips and to inferences on their gates, before layout",
            **obtained(totals[0]),
        },
        "scaling_rule": SCALING_RULE,
        "files": _hash_files(folder),
    }


def _claim_network(network: HandedNetwork, totals: Totals) -> Json:
    at_gates = estimate_at(network.program, node_nm=GATES_NODE_NM, voltage_v=GATES_VOLTAGE_V, clock_mhz=GATES_CLOCK_MHZ)
    return {
        "name": network.name,
        "weight": network.weight,
        "program": f"{network.name}.program",
        "cycles_cold": totals.latency.cold_cycles,
        "cycles_warm": totals.latency.warm_cycles,
        "latency_us": totals.latency.cold_us,
        "energy_uj": totals.energy_uj,
        "energy_at_the_gates_pj": energy_on_chip(at_gates),
        "judged": dict(network.judged),
    }


def _hash_files(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
