"""The table of proofs: which module is proved on which chip, beside what, by which method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.hardware.formal.properties import as_part, as_watched
from chipsmith.hardware.sources import machine_sources, shipped_names

HARNESSES = Path(__file__).parent / "sv"
"""Modules that exist for proofs alone: surroundings and reference models."""


@dataclass(frozen=True, kw_only=True)
class ProofTask:
    """A proof of the properties of a module.

    `variant`: what tells it from another proof of the same module, or nothing.
    `parts`: the modules inside of it. `watched`: those all of whose inputs are the proof's, so that they assume what
    they assume alone. `stubs`: module to the harness that stands for it, which may do more than it. `instances`:
    instance to its module where it is not its name. `constants`: values of constants of the package `chip`, or of a
    module, that are scaled down. `depth`: the cycles from power-up that are covered; None: all.
    """

    top: str
    variant: str = ""
    parts: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    stubs: Mapping[str, str] = field(default_factory=dict)
    instances: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, int] = field(default_factory=dict)
    depth: int | None = None

    @property
    def name(self) -> str:
        """The name of the proof."""
        return f"{self.top}, {self.variant}" if self.variant else self.top

    @property
    def files(self) -> tuple[str, ...]:
        """The sources that the proof reads beside the package, without those that are stubbed."""
        return (self.top, *self.parts, *self.watched, *self.stubs.values())


def _modules(engine: str) -> tuple[str, ...]:
    """The modules of an engine without its top."""
    return tuple(name for name in shipped_names() if name.startswith(engine) and name != f"{engine}engine")


SMALL = {
    "name": "small",
    "tensor.rows": "4",
    "tensor.columns": "4",
    "tensor.tile_pixels": "8",
    "vector.lanes": "2",
    "vector.multiplier_lanes": "1",
    "vector.table_lanes": "1",
    "memory.groups": "2",
    "memory.group_bytes": "256",
    "instructions.page_instructions": "2",
    "external.bytes_per_cycle": "4",
}
"""The chip of the proofs: every field as small as the RTL allows; its kind of external memory is that of nano-64."""

BURSTS = {"MAX_BURST": 16, "PAGE_BYTES": 256}
WALKS = {"word_walk": "any_walk", "burst_cut": "any_burst"}
WALKERS = {"requests": "word_walk", "answers": "word_walk"}
FEW = {"SEQUENCE_BITS": 3}
OPEN = {"MAX_OPEN": 3}

TWO_BANKS = "two banks"
"""Words of a whole instruction: 128 bytes on a chip that is not scaled down."""

MEMORIES = ("sram_bank", "sram_two_port")

TASKS = (
    ProofTask(top="sequencer", stubs={"instruction_check": "any_check"}),
    ProofTask(top="lock_owners", parts=("sequencer", "instruction_check")),
    ProofTask(top="bank_users", watched=("sequencer",), stubs={"instruction_check": "any_check"}),
    ProofTask(top="instruction_memory", parts=("sram_bank",), constants={"INSTRUCTION_BYTES": 8}),
    ProofTask(top="instruction_memory", variant=TWO_BANKS, parts=("sram_bank",), constants={"INSTRUCTION_BYTES": 4}),
    ProofTask(
        top="bank_accesses",
        parts=("local_memory", "access_decode", "read_return", "byte_rotator", *MEMORIES),
        constants={"GB": 16},
    ),
    ProofTask(top="word_walk"),
    ProofTask(top="burst_cut", constants=BURSTS),
    ProofTask(top="walk_bursts", parts=("word_walk", "burst_cut"), constants=BURSTS),
    ProofTask(top="load_engine", stubs=WALKS, instances=WALKERS),
    ProofTask(top="store_engine", stubs=WALKS, instances=WALKERS, constants=FEW),
    ProofTask(top="load_order", watched=("load_engine",), stubs=WALKS, instances=WALKERS, depth=40),
    ProofTask(top="store_order", watched=("store_engine",), stubs=WALKS, instances=WALKERS, constants=FEW, depth=20),
    ProofTask(top="tensor_engine", parts=(*_modules("tensor_"), *MEMORIES)),
    ProofTask(top="vector_engine", parts=(*_modules("vector_"), *MEMORIES)),
    ProofTask(top="axi_channel"),
    ProofTask(top="axi_lite_port"),
    ProofTask(top="axi_registers"),
    ProofTask(top="axi_reader", parts=("axi_channel",), constants=OPEN),
    ProofTask(top="axi_writer", parts=("axi_channel",), constants=OPEN),
)
"""All proofs."""


def find_task(name: str) -> ProofTask:
    """The proof of this name: its top module, and its variant where it has such."""
    return next(task for task in TASKS if task.name == name)


def task_sources(task: ProofTask, changed: Mapping[str, str] | None = None) -> dict[str, str]:
    """File name to text of what a proof reads, the package first; `changed`: texts in the place of a module's own."""
    shipped = {name.removesuffix(".sv"): text for name, text in machine_sources(_small_chip()).items()}
    texts = {name: (changed or {}).get(name) or shipped.get(name) or _harness(name) for name in task.files}
    parts = {
        name: as_watched(text) if name in task.watched else as_part(text)
        for name, text in texts.items()
        if name != task.top
    }
    whole = {"chip": shipped["chip"], **texts, **parts}
    return {f"{name}.sv": _scale(text, task.constants) for name, text in whole.items()}


def _small_chip() -> Chip:
    return override_chip(load_chip("nano-64"), SMALL)


def _harness(name: str) -> str:
    return (HARNESSES / f"{name}.sv").read_text(encoding="utf-8")


def _scale(text: str, constants: Mapping[str, int]) -> str:
    for name, value in constants.items():
        text = re.sub(rf"(localparam int {name} =) \d+;", rf"\1 {value};", text)
    return text
