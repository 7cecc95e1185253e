"""Energy of an inference: actions counted, times joules an action; leakage as power times time, apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.chip.description import BANKS_PER_GROUP, INSTRUCTION_BYTES
from chipsmith.chip.macros import accumulator_macro, instruction_macro, macros, memory_macro, table_macro
from chipsmith.chip.sourced import Sourced, Status, assumed, derived, weakest
from chipsmith.chip.technology import Circuit, external_energy_per_byte, logic_leakage_per_area, operation_energy
from chipsmith.costs.area import logic_area_um2
from chipsmith.costs.inventory import (
    ADDRESS_BITS,
    ENGINES,
    INTERPOLATION_BITS,
    OPERAND_BITS,
    ROW_PRODUCT_BITS,
    SUM_BITS,
    rotator_gates,
    tree_bits,
)
from chipsmith.program.actions import ActionCounts

_WIRES = Sourced(
    value=2 / 6,
    unit="1",
    source="network : buffer access = 2 : 6, Eyeriss, ISCA 2016, Table IV",
    status=Status.VERBATIM,
)
_ACTIVITY = assumed(0.5, "1", reason="half of the rotator's gates toggle")


@dataclass(frozen=True, kw_only=True)
class EnergyLine:
    """One kind of action: how often it happens and the energy of each in pJ."""

    component: str
    action: str
    count: int
    each_pj: Sourced

    @property
    def energy_pj(self) -> float:
        """Energy of all of them in picojoules."""
        return self.count * self.each_pj.value


@dataclass(frozen=True, kw_only=True)
class EnergyEstimate:
    """The energy of one inference; lines and leakage sum to the total. Estimated, never measured.

    Left out: what the external memory uses while it is idle, and everything outside of the chip and that memory.
    """

    lines: tuple[EnergyLine, ...]
    leakage_power_mw: Sourced
    latency_s: float

    @property
    def dynamic_pj(self) -> float:
        """Energy of all actions in picojoules."""
        return math.fsum(line.energy_pj for line in self.lines)

    @property
    def leakage_pj(self) -> float:
        """Leakage power times the time of the inference, in picojoules."""
        return self.leakage_power_mw.value * self.latency_s * 1e9

    @property
    def total_pj(self) -> float:
        """Energy of the inference in picojoules: actions and leakage."""
        return self.dynamic_pj + self.leakage_pj

    @property
    def total_uj(self) -> float:
        """Energy of the inference in microjoules."""
        return self.total_pj / 1e6

    @property
    def average_power_mw(self) -> float:
        """Energy over time while inferring, in milliwatts (0 for no time)."""
        return self.total_pj / self.latency_s / 1e9 if self.latency_s else 0.0

    @property
    def status(self) -> Status:
        """How far the total can be trusted: the weakest status of its parts."""
        return weakest(self.leakage_power_mw.status, *(line.each_pj.status for line in self.lines))

    @property
    def references(self) -> tuple[str, ...]:
        """The sources behind all parts."""
        parts = (*(line.each_pj for line in self.lines), self.leakage_power_mw)
        return tuple(dict.fromkeys(text for part in parts for text in part.references))

    def by_component(self) -> dict[str, float]:
        """Picojoules of each component, leakage last; they sum to the total."""
        names = dict.fromkeys(line.component for line in self.lines)
        parts = {name: math.fsum(line.energy_pj for line in self.lines if line.component == name) for name in names}
        return {**parts, "leakage": self.leakage_pj}


def estimate_energy(chip: Chip, counts: ActionCounts, *, cycles: int) -> EnergyEstimate:
    """The energy of one inference of `cycles` clock cycles with these counts on a chip."""
    actions = (_line(row, chip, getattr(counts, row.action)) for row in _ACTIONS)
    clock = EnergyLine(component="sequencer", action="cycles", count=cycles, each_pj=cycle_energy(chip))
    return EnergyEstimate(
        lines=(*actions, clock), leakage_power_mw=leakage_power(chip), latency_s=cycles / chip.clock_hz
    )


def leakage_power(chip: Chip) -> Sourced:
    """Leakage of all memory macros and of the logic, in mW."""
    area, per_area = logic_area_um2(chip), logic_leakage_per_area(node_nm=chip.technology.node_nm)
    memories = [macro.count * macro.sram.leakage_mw.value for macro in macros(chip)]
    inputs = (area, per_area, *(macro.sram.leakage_mw for macro in macros(chip)))
    value = math.fsum([area.value * per_area.value, *memories])
    return derived(value, "mW", formula="leakage of memories and of logic by area", inputs=inputs)


def action_energies(chip: Chip) -> dict[str, Sourced]:
    """Picojoules of one action, by its name in ActionCounts."""
    return {row.action: row.price(chip) for row in _ACTIONS}


def cycle_energy(chip: Chip) -> Sourced:
    """Picojoules that the sequencer's countdowns use in a clock cycle."""
    counters = ENGINES + chip.memory.groups
    parts = ((counters, _operation(chip, operation, ADDRESS_BITS)) for operation in (Circuit.ADD, Circuit.REGISTER))
    return _sum("countdowns of engines and locks", *parts)


@dataclass(frozen=True, kw_only=True)
class _Action:
    component: str
    action: str
    price: Callable[[Chip], Sourced]


def _line(row: _Action, chip: Chip, count: int) -> EnergyLine:
    return EnergyLine(component=row.component, action=row.action, count=count, each_pj=row.price(chip))


def _mac(chip: Chip) -> Sourced:
    multiply = _operation(chip, Circuit.MULTIPLY, OPERAND_BITS)
    add = _operation(chip, Circuit.ADD, tree_bits(chip))
    return _sum(f"multiply {OPERAND_BITS} bits + add {tree_bits(chip)} bits", (1, multiply), (1, add))


def _array_cycle(chip: Chip) -> Sourced:
    rows, columns = chip.tensor.rows, chip.tensor.columns
    registers = _operation(chip, Circuit.REGISTER, rows * OPERAND_BITS + columns * SUM_BITS)
    return _sum(
        "zero points of rows + accumulation of columns + registers",
        (rows, _operation(chip, Circuit.ADD, OPERAND_BITS)),
        (columns, _operation(chip, Circuit.ADD, SUM_BITS)),
        (1, registers),
    )


def _weight_write(chip: Chip) -> Sourced:
    parts = ((1, _operation(chip, operation, OPERAND_BITS)) for operation in (Circuit.ADD, Circuit.REGISTER))
    return _sum("zero point + register", *parts)


def _multiply_32(chip: Chip) -> Sourced:
    register = _operation(chip, Circuit.REGISTER, 64)
    return _sum("multiply 32 bits + register 64 bits", (1, _operation(chip, Circuit.MULTIPLY, 32)), (1, register))


def _alu_32(chip: Chip) -> Sourced:
    parts = ((1, _operation(chip, operation, SUM_BITS)) for operation in (Circuit.ADD, Circuit.REGISTER))
    return _sum("add 32 bits + register 32 bits", *parts)


def _row_product(chip: Chip) -> Sourced:
    register = _operation(chip, Circuit.REGISTER, 2 * ADDRESS_BITS)
    product = _operation(chip, Circuit.MULTIPLY, ROW_PRODUCT_BITS)
    return _sum("low half of a product of 24 bits + register of 48 bits", (1, product), (1, register))


def _accumulator_read(chip: Chip) -> Sourced:
    return _share(accumulator_macro(chip).sram.read_pj, chip.tensor.columns)


def _accumulator_write(chip: Chip) -> Sourced:
    return _share(accumulator_macro(chip).sram.write_pj, chip.tensor.columns)


def _share(access: Sourced, columns: int) -> Sourced:
    return derived(access.value / columns, "pJ", formula=f"a word's access / {columns} accumulators", inputs=(access,))


def _memory_read(chip: Chip) -> Sourced:
    return _memory_access(chip, memory_macro(chip).sram.read_pj)


def _memory_write(chip: Chip) -> Sourced:
    return _memory_access(chip, memory_macro(chip).sram.write_pj)


def _memory_access(chip: Chip, bank: Sourced) -> Sourced:
    wires = derived(_WIRES.value * bank.value, "pJ", formula="a bank's access x 2 / 6", inputs=(_WIRES,))
    gates = _operation(chip, Circuit.GATE, rotator_gates(chip))
    rotation = derived(_ACTIVITY.value * gates.value, "pJ", formula="half of the rotator", inputs=(gates, _ACTIVITY))
    address = ((1, _operation(chip, operation, ADDRESS_BITS)) for operation in (Circuit.ADD, Circuit.REGISTER))
    return _sum("both banks + wires + rotation + address", (BANKS_PER_GROUP, bank), (1, wires), (1, rotation), *address)


def _table_lookup(chip: Chip) -> Sourced:
    return _sum(
        "two neighbours + slope and sum + product of the interpolation",
        (2, table_macro(chip).sram.read_pj),
        (2, _operation(chip, Circuit.ADD, SUM_BITS)),
        (1, _operation(chip, Circuit.MULTIPLY, INTERPOLATION_BITS)),
    )


def _instruction(chip: Chip) -> Sourced:
    macro = instruction_macro(chip).sram
    register = _operation(chip, Circuit.REGISTER, 8 * INSTRUCTION_BYTES)
    return _sum("write + read + register", (1, macro.write_pj), (1, macro.read_pj), (1, register))


def _external_byte(chip: Chip) -> Sourced:
    return external_energy_per_byte(chip.external.kind)


def _operation(chip: Chip, operation: Circuit, bits: int) -> Sourced:
    return operation_energy(operation, bits=bits, technology=chip.technology)


def _sum(formula: str, *parts: tuple[int, Sourced]) -> Sourced:
    value = math.fsum(count * energy.value for count, energy in parts)
    return derived(value, "pJ", formula=formula, inputs=tuple(energy for _, energy in parts))


_ACTIONS = (
    _Action(component="array", action="mac_int8", price=_mac),
    _Action(component="array", action="array_active_cycles", price=_array_cycle),
    _Action(component="weight registers", action="weight_register_bytes", price=_weight_write),
    _Action(component="accumulators", action="accumulator_reads", price=_accumulator_read),
    _Action(component="accumulators", action="accumulator_writes", price=_accumulator_write),
    _Action(component="memory", action="memory_read_lines", price=_memory_read),
    _Action(component="memory", action="memory_write_lines", price=_memory_write),
    _Action(component="multipliers", action="multiply_32", price=_multiply_32),
    _Action(component="vector lanes", action="alu_32", price=_alu_32),
    _Action(component="vector lanes", action="row_products", price=_row_product),
    _Action(component="tables", action="table_lookups", price=_table_lookup),
    _Action(component="instructions", action="instruction_fetches", price=_instruction),
    _Action(component="external memory", action="external_read_bytes", price=_external_byte),
    _Action(component="external memory", action="external_write_bytes", price=_external_byte),
)
