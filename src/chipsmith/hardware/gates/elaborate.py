"""From a circuit and its prices to the arrays that are simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.blocks import BLOCKS, MachineBlock, block_of_logic, block_of_memory
from chipsmith.hardware.gates.cells import MOST_INPUTS, CellRole, GateKind
from chipsmith.hardware.gates.circuit import GateCircuit, PlacedCells, PlacedMemory
from chipsmith.hardware.gates.levels import connect, level_gates
from chipsmith.hardware.gates.macros import MacroChoice, port_toggles
from chipsmith.hardware.gates.pricing import STATES, ClockTree, Pricing, TreeRule, price_places, price_tree
from chipsmith.hardware.gates.simulator import PIN_BITS, Banks, Domains, Gates, GateState, Netlist, Registers, Sinks
from chipsmith.hardware.memories import Wrapper

Int32 = npt.NDArray[np.int32]
ROOT_CLOCK = "clock"
_TREE = BLOCKS.index(MachineBlock.CLOCK_TREE)
_ROW = 8
"""Columns of a gate's row: a power of two, so that none lies in two lines of a cache."""
_REST = BLOCKS.index(MachineBlock.REST)


@dataclass(frozen=True, kw_only=True)
class Elaborated:
    """A circuit as it is simulated.

    `trees`: of each clock; `kinds` of gates by their number; `register_leakage_mw` [flip-flops, states of data and
    output]; `bank_bits`: bits of all memories.
    """

    netlist: Netlist
    trees: tuple[ClockTree, ...]
    kinds: tuple[GateKind, ...]
    register_leakage_mw: npt.NDArray[np.float64]
    bank_bits: int

    @property
    def gated_registers(self) -> int:
        """Flip-flops behind a clock gate."""
        first = self.netlist.registers.domain_first
        return int(first[-1] - first[1])

    @property
    def register_count(self) -> int:
        """All flip-flops."""
        return int(self.netlist.registers.domain_first[-1])


def elaborate(
    circuit: GateCircuit, pricing: Pricing, choices: Sequence[MacroChoice | None], tree: TreeRule
) -> Elaborated:
    """The arrays of a circuit. `choices`: the macros of each memory, None for memories without energies.

    BadInput where logic has a loop, a clear or preset is used, or a clock is neither the machine's nor behind a gate.
    """
    return _Elaboration(circuit, pricing, choices, tree).build()


@dataclass(frozen=True, kw_only=True)
class _Sink:
    """A pin that takes data: its net, the domain of its clock, its block, prices [edges, clock]."""

    nets: Int32
    domain: Int32
    block: npt.NDArray[np.int8]
    prices: npt.NDArray[np.float64]


class _Elaboration:
    def __init__(
        self, circuit: GateCircuit, pricing: Pricing, choices: Sequence[MacroChoice | None], tree: TreeRule
    ) -> None:
        self._circuit, self._pricing, self._choices, self._tree = circuit, pricing, choices, tree
        self._blocks = np.array([block_of_logic(scope.path) for scope in circuit.scopes], np.int8)
        self._logic = [placed for placed in circuit.cells if placed.kind.role is CellRole.LOGIC]
        self._flip_flops = [placed for placed in circuit.cells if placed.kind.role is CellRole.FLIP_FLOP]
        self._clock_gates = [placed for placed in circuit.cells if placed.kind.role is CellRole.CLOCK_GATE]
        self._sinks: list[_Sink] = []
        self._pin_loads: list[list[float]] = []
        self._pin_areas: list[float] = []

    def build(self) -> Elaborated:
        domain_of = self._clock_domains()
        registers, leakage = self._registers(domain_of)
        banks = self._banks(domain_of)
        domains, trees = self._domains(domain_of)
        sinks = _join_sinks(self._sinks)
        gates = self._gates(sinks)
        prices, blocks = self._sources()
        netlist = Netlist(
            gates=gates,
            sinks=sinks[1],
            registers=registers,
            domains=domains,
            banks=banks,
            source_prices=prices,
            source_blocks=blocks,
        )
        return Elaborated(
            netlist=netlist,
            trees=trees,
            kinds=tuple(placed.kind for placed in self._logic),
            register_leakage_mw=leakage,
            bank_bits=int(sum(memory.lines * memory.line_bits for memory in self._circuit.memories)),
        )

    # --- clocks -------------------------------------------------------------------------------------------------------

    def _clock_domains(self) -> dict[int, int]:
        """The domain of each net that carries a clock; parents have lower numbers than what stands behind them."""
        buffers = {
            int(out): int(net)
            for placed in self._logic
            if placed.kind.is_buffer
            for net, out in zip(placed.inputs[:, 0], placed.outputs[:, 0], strict=True)
        }
        behind: dict[int, int] = {}
        for placed in self._clock_gates:
            clock = placed.kind.inputs.index(placed.kind.clock)
            behind |= dict(zip(placed.outputs[:, 0].tolist(), placed.inputs[:, clock].tolist(), strict=True))
        root = int(self._circuit.ports[ROOT_CLOCK][0])
        domain_of: dict[int, int] = {root: 0}
        for net in behind:
            _number_clock(net, behind, buffers, domain_of)
        self._buffers = buffers
        return domain_of

    def _domain(self, net: int, domain_of: dict[int, int]) -> int:
        while net not in domain_of and net in self._buffers:
            net = self._buffers[net]
        if net not in domain_of:
            raise BadInput(
                "a flip-flop or memory has a clock that is neither the machine's nor behind a clock gate: "
                "map clock gates to a cell of the library"
            )
        return domain_of[net]

    def _domains(self, domain_of: dict[int, int]) -> tuple[Domains, tuple[ClockTree, ...]]:
        count = len(set(domain_of.values()))
        parent, enables = np.zeros(count, np.int32), np.zeros((count, 2), np.int32)
        block, prices = np.full(count, _TREE, np.int8), np.zeros((count, 2), np.float32)
        for placed in self._clock_gates:
            cycle, toggles = self._pricing.gate_clock_prices(placed)
            own = np.array([domain_of[net] for net in placed.outputs[:, 0].tolist()], np.int32)
            clock = placed.kind.inputs.index(placed.kind.clock)
            parent[own] = [self._domain(net, domain_of) for net in placed.inputs[:, clock].tolist()]
            block[own], prices[own] = self._blocks[placed.scopes], cycle
            others = [index for index in range(len(placed.kind.inputs)) if index != clock]
            for row, index in enumerate(others[:2]):
                nets = np.maximum(placed.inputs[:, index], 0)
                enables[own, row] = nets
                priced = np.repeat(toggles[:, row, :, None], 2, axis=2)
                self._sinks.append(_Sink(nets=nets, domain=parent[own], block=block[own], prices=priced))
            self._load_clocks(parent[own], placed, clock)
        pins = self._pins_by_domain(count)
        trees = tuple(price_tree(np.array(loads), area, self._pricing, self._tree) for loads, area in pins)
        return (
            Domains(
                parent=parent,
                enables=enables,
                block=block,
                gate_prices=prices,
                tree_prices=np.array([tree.cycle_pj for tree in trees], np.float32),
                tree_block=np.full(count, _TREE, np.int8),
            ),
            trees,
        )

    def _load_clocks(self, domains: Int32, placed: PlacedCells, clock: int) -> None:
        capacitance = placed.kind.capacitances_pf[clock]
        for domain in domains.tolist():
            self._clock_pin(domain, capacitance, placed.kind.area_um2)

    def _clock_pin(self, domain: int, capacitance_pf: float, area_um2: float) -> None:
        while len(self._pin_loads) <= domain:
            self._pin_loads.append([])
            self._pin_areas.append(0.0)
        self._pin_loads[domain].append(capacitance_pf)
        self._pin_areas[domain] += area_um2

    def _pins_by_domain(self, count: int) -> list[tuple[list[float], float]]:
        """Loads of the pins of each clock, and the area that they and the logic between them take."""
        sequential = sum(self._pin_areas) or 1.0
        spread = self._circuit.area_um2 / sequential
        pins = [(loads, area * spread) for loads, area in zip(self._pin_loads, self._pin_areas, strict=True)]
        return pins + [([], 0.0)] * (count - len(pins))

    # --- registers ----------------------------------------------------------------------------------------------------

    def _registers(self, domain_of: dict[int, int]) -> tuple[Registers, npt.NDArray[np.float64]]:
        parts = [self._registers_of(placed, domain_of) for placed in self._flip_flops]
        joined = {name: np.concatenate([none, *(part[name] for part in parts)]) for name, none in _NO_REGISTERS.items()}
        order = np.argsort(joined["domain"], kind="stable")
        sorted_ = {name: array[order] for name, array in joined.items()}
        domains = len(set(domain_of.values()))
        first = np.searchsorted(sorted_["domain"], np.arange(domains + 1)).astype(np.int32)
        return (
            Registers(
                data=sorted_["data"],
                outputs=sorted_["outputs"],
                block=sorted_["block"],
                domain_first=first,
                clock_prices=sorted_["clock_prices"].astype(np.float32),
                output_prices=sorted_["output_prices"].astype(np.float32),
            ),
            sorted_["leakage"],
        )

    def _registers_of(self, placed: PlacedCells, domain_of: dict[int, int]) -> dict[str, npt.NDArray[np.generic]]:
        kind = placed.kind
        _check_inactive(placed)
        clock_nets = placed.inputs[:, kind.inputs.index(kind.clock)].tolist()
        domain = np.array([self._domain(net, domain_of) for net in clock_nets], np.int32)
        data = np.maximum(placed.inputs[:, kind.inputs.index(kind.data)], 0)
        clock, output, toggles = self._pricing.register_prices(placed)
        block = self._blocks[placed.scopes]
        self._sinks.append(_Sink(nets=data, domain=domain, block=block, prices=toggles))
        self._load_clocks(domain, placed, kind.inputs.index(kind.clock))
        return {
            "data": data,
            "outputs": _by_polarity(placed),
            "block": block,
            "domain": domain,
            "clock_prices": clock,
            "output_prices": output,
            "leakage": np.tile(_register_leakage(kind), (len(domain), 1)),
        }

    # --- logic --------------------------------------------------------------------------------------------------------

    def _gates(self, sinks: tuple[Int32, Sinks]) -> Gates:
        kinds, places = [placed.kind for placed in self._logic], [price_places(p.kind) for p in self._logic]
        none = np.zeros(0, np.int16)
        inputs = np.concatenate([np.zeros((0, MOST_INPUTS), np.int32), *(_padded(placed) for placed in self._logic)])
        output = np.concatenate([none, *(placed.outputs[:, 0] for placed in self._logic)])
        kind = np.concatenate([none, *(np.full(len(p.pins), i, np.int16) for i, p in enumerate(self._logic))])
        block = np.concatenate([none, *(self._blocks[placed.scopes] for placed in self._logic)]).astype(np.int8)
        used = output >= 0
        output = np.where(used, output, self._circuit.nets).astype(np.int32)
        level = level_gates(inputs, output, self._circuit.nets + 1)
        order = np.argsort(level, kind="stable")
        prices = [self._pricing.gate_prices(placed) for placed in self._logic]
        counts = np.array([part.shape[1] for part in prices], np.int64)[kind]
        first = np.cumsum(counts) - counts
        fanout_first, fanout = connect(inputs[order], sinks[0], self._circuit.nets + 1, PIN_BITS)
        return Gates(
            truth=np.array([k.outputs[0].truth for k in kinds], np.uint64),
            arcs=np.array([place.arcs for place in places], np.int16).reshape(-1, MOST_INPUTS, 2, STATES),
            passive=np.array([place.passive for place in places], np.int16).reshape(-1, MOST_INPUTS, 2, STATES),
            rows=_rows(kind, output, level, block, first)[order],
            prices=np.concatenate([none, *(part.ravel() for part in prices)]).astype(np.float32),
            fanout_first=fanout_first,
            fanout=fanout,
            level_first=np.searchsorted(level[order], np.arange(level.max(initial=0) + 2)).astype(np.int32),
        )

    def _sources(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
        """Prices of nets that memories drive; those of inputs are not the machine's."""
        prices = np.zeros(self._circuit.nets + 1, np.float32)
        blocks = np.full(self._circuit.nets + 1, _REST, np.int8)
        for memory in self._circuit.memories:
            nets = memory.ports["read_data"]
            nets = nets[nets >= 0]
            prices[nets] = self._pricing.switching_pj(nets)
            blocks[nets] = block_of_memory(self._circuit.scopes[memory.scope].path)
        return prices, blocks

    # --- memories -----------------------------------------------------------------------------------------------------

    def _banks(self, domain_of: dict[int, int]) -> Banks:
        nets: list[int] = []
        rows = [
            self._bank(memory, choice, domain_of, nets)
            for memory, choice in zip(self._circuit.memories, self._choices, strict=True)
        ]
        sizes = [memory.lines * memory.line_bits for memory in self._circuit.memories]
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)[: len(sizes)]
        whole = {
            "nets": np.array(nets or [0], np.int32),
            "first": first,
            "prices": np.array([row["prices"] for row in rows], np.float32).reshape(-1, 2),
        }
        return Banks._make(
            whole[name] if name in whole else np.array([row[name] for row in rows], _BANK_TYPES.get(name, np.int32))
            for name in Banks._fields
        )

    def _bank(
        self, memory: PlacedMemory, choice: MacroChoice | None, domain_of: dict[int, int], nets: list[int]
    ) -> dict[str, object]:
        domain = self._domain(int(memory.ports["clock"][0]), domain_of)
        block = block_of_memory(self._circuit.scopes[memory.scope].path)
        self._price_pins(memory, choice, domain, block)
        single = memory.wrapper is Wrapper.BANK
        ports = memory.ports
        lanes = ports["write_lanes"] if single else ports["write_enable"]
        firsts = {}
        read_address, write_address = ("address", "address") if single else ("read_address", "write_address")
        for name, part in (
            ("read_address_first", ports[read_address]),
            ("write_address_first", ports[write_address]),
            ("lanes_first", lanes),
            ("data_first", ports["write_data"]),
            ("output_first", ports["read_data"]),
        ):
            firsts[name] = len(nets)
            nets += part.tolist()
        return {
            **firsts,
            "domain": domain,
            "block": block,
            "single_port": single,
            "lines": memory.lines,
            "bits": memory.line_bits,
            "lane_bits": memory.lane_bits,
            "macro_bits": choice.macro.bits if choice else memory.line_bits,
            "address_bits": len(ports[read_address]),
            "read_enable": int(ports["enable" if single else "read_enable"][0]),
            "write_enable": int(ports["enable" if single else "write_enable"][0]),
            "prices": _access_prices(choice),
        }

    def _price_pins(self, memory: PlacedMemory, choice: MacroChoice | None, domain: int, block: int) -> None:
        if choice is None:
            self._clock_pin(domain, 0.0, 0.0)
            return
        for port, nets in memory.ports.items():
            if port in ("clock", "read_data"):
                continue
            edges = np.array(port_toggles(memory, port, choice)).reshape(1, 2, 1)
            prices = np.broadcast_to(edges, (len(nets), 2, 2))
            whole = np.full(len(nets), domain, np.int32), np.full(len(nets), block, np.int8)
            self._sinks.append(_Sink(nets=nets, domain=whole[0], block=whole[1], prices=prices))
        for _ in range(choice.count):
            self._clock_pin(domain, choice.macro.clock_pf, 0.0)


_NO_REGISTERS = {
    "data": np.zeros(0, np.int32),
    "outputs": np.zeros((0, 2), np.int32),
    "block": np.zeros(0, np.int8),
    "domain": np.zeros(0, np.int32),
    "clock_prices": np.zeros((0, 2, 4)),
    "output_prices": np.zeros((0, 2)),
    "leakage": np.zeros((0, 4)),
}
_BANK_TYPES = {"block": np.int8, "single_port": np.uint8}


def _number_clock(net: int, behind: dict[int, int], buffers: dict[int, int], domain_of: dict[int, int]) -> None:
    """Number the clock behind a gate after the one in front of it."""
    if net in domain_of:
        return
    front = behind[net]
    while front not in behind and front not in domain_of and front in buffers:
        front = buffers[front]
    if front in behind:
        _number_clock(front, behind, buffers, domain_of)
    domain_of[net] = len(domain_of)


def _check_inactive(placed: PlacedCells) -> None:
    """Clears and presets do nothing: the machine's reset is synchronous."""
    for name, value in placed.kind.inactive.items():
        if np.any(placed.inputs[:, placed.kind.inputs.index(name)] != value):
            raise BadInput(f"the pin {name} of a {placed.kind.name} is used; only synchronous resets are simulated")


def _by_polarity(placed: PlacedCells) -> Int32:
    """Nets of the state and of its inverse; -1 where there is none."""
    nets = np.full((len(placed.pins), 2), -1, np.int32)
    for index, output in enumerate(placed.kind.outputs):
        nets[:, int(output.inverted)] = placed.outputs[:, index]
    return nets


def _register_leakage(kind: GateKind) -> npt.NDArray[np.float64]:
    """Milliwatts by data and output, the mean over the clock."""

    def leakage(data: int, output: int, clock: int) -> float:
        return kind.leakage_mw[kind.state({**kind.inactive, kind.clock: clock, kind.data: data}, output)]

    return np.array([(leakage(d, q, 0) + leakage(d, q, 1)) / 2 for q in range(2) for d in range(2)])


def _rows(*columns: npt.NDArray[np.generic]) -> Int32:
    rows = np.zeros((len(columns[0]), _ROW), np.int32)
    rows[:, : len(columns)] = np.stack(columns, axis=1)
    return rows


def _padded(placed: PlacedCells) -> Int32:
    """Inputs of gates, the constant 0 where a kind has fewer than the most."""
    inputs = np.zeros((len(placed.pins), MOST_INPUTS), np.int32)
    inputs[:, : len(placed.kind.inputs)] = np.maximum(placed.inputs, 0)
    return inputs


def _join_sinks(parts: Sequence[_Sink]) -> tuple[Int32, Sinks]:
    """All sinks: the net of each, and their arrays."""
    empty = _Sink(
        nets=np.zeros(0, np.int32),
        domain=np.zeros(0, np.int32),
        block=np.zeros(0, np.int8),
        prices=np.zeros((0, 2, 2)),
    )
    every = [empty, *parts]
    sinks = Sinks(
        prices=np.concatenate([part.prices for part in every]).astype(np.float32),
        domain=np.concatenate([part.domain for part in every]).astype(np.int32),
        block=np.concatenate([part.block for part in every]),
    )
    return np.concatenate([part.nets for part in every]).astype(np.int32), sinks


def _access_prices(choice: MacroChoice | None) -> tuple[float, float]:
    """Of a read, of all macros beside one another, and of a write of one of them."""
    if choice is None:
        return 0.0, 0.0
    return choice.wide * choice.macro.read_pj, choice.macro.write_pj


def power_up(elaborated: Elaborated, *, segments: int, fill: int) -> GateState:
    """All flip-flops 0, memories filled with a byte, logic not settled yet. BadInput for no segment."""
    netlist = elaborated.netlist
    nets, gates = len(netlist.source_prices), len(netlist.gates.rows)
    value = np.zeros(nets, np.uint8)
    value[1] = 1
    inverses = netlist.registers.outputs[:, 1]
    value[inverses[inverses >= 0]] = 1
    bits = np.unpackbits(np.full(-(-elaborated.bank_bits // 8), fill, np.uint8), bitorder="little")
    return GateState(
        value=value,
        inputs=np.zeros((gates, 4), np.uint8),
        queue=np.zeros(gates, np.int32),
        queue_counts=np.zeros(len(netlist.gates.level_first) - 1, np.int32),
        changed=np.zeros(2 * nets, np.int32),
        counts=np.zeros(1, np.int64),
        fired=np.ones(len(netlist.domains.parent), np.uint8),
        toggles=np.zeros(nets, np.int64),
        contents=bits.copy(),
        energy=np.zeros((segments, len(BLOCKS), 4)),
        accesses=np.zeros((len(netlist.banks.domain), 2), np.int64),
    )
