"""The emulated boards that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from chipsmith.codegen.boards.board import Architecture, Board, MemoryRegion, Tool
from chipsmith.errors import BadInput
from chipsmith.suggest import nearest_at_end

_MIB = 1 << 20
_ARM_COMPILER = Tool(name="arm-none-eabi-gcc", package="gcc-arm-none-eabi")
_ARM_EMULATOR = Tool(name="qemu-system-arm", package="qemu-system-arm")
_RISCV_COMPILER = Tool(name="riscv64-unknown-elf-gcc", package="gcc-riscv64-unknown-elf")
_RISCV_EMULATOR = Tool(name="qemu-system-riscv32", package="qemu-system-misc")

_INSTRUCTION_NS = 128
_TIMER_NS = 40
"""The dual timer of MPS2 counts at 25 MHz. An instruction of more than 80 ns moves it by more than two ticks, so that
the two halves by which two readings may err are less than half an instruction."""

_CORTEX_M4 = Board(
    name="mps2-an386",
    core="Cortex-M4",
    architecture=Architecture.ARM,
    machine=("-machine", "mps2-an386", "-icount", "shift=7"),
    flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    flash=MemoryRegion(origin=0, bytes=4 * _MIB),
    ram=MemoryRegion(origin=0x20000000, bytes=4 * _MIB),
    compiler=_ARM_COMPILER,
    emulator=_ARM_EMULATOR,
    ticks_per_instruction=Fraction(_INSTRUCTION_NS, _TIMER_NS),
)
_RV32IMAC = Board(
    name="riscv32-virt",
    core="RV32IMAC",
    architecture=Architecture.RISCV,
    machine=(
        *("-machine", "virt", "-cpu", "rv32,f=false,d=false", "-m", "8M"),
        *("-bios", "none", "-icount", "shift=0"),
    ),
    flags=("-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany", "-mno-relax"),
    flash=MemoryRegion(origin=0x80000000, bytes=4 * _MIB),
    ram=MemoryRegion(origin=0x80400000, bytes=4 * _MIB),
    compiler=_RISCV_COMPILER,
    emulator=_RISCV_EMULATOR,
    ticks_per_instruction=Fraction(1),
)
_ROWS = (
    _CORTEX_M4,
    replace(
        _CORTEX_M4,
        name="mps2-an500",
        core="Cortex-M7",
        machine=("-machine", "mps2-an500", "-icount", "shift=7"),
        flags=("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    ),
    _RV32IMAC,
    replace(
        _RV32IMAC,
        name="riscv32-virt-im",
        core="RV32IM",
        machine=(
            *("-machine", "virt", "-cpu", "rv32,f=false,d=false,a=false,c=false", "-m", "8M"),
            *("-bios", "none", "-icount", "shift=0"),
        ),
        flags=("-march=rv32im", "-mabi=ilp32", "-mcmodel=medany", "-mno-relax"),
    ),
)

BOARDS: Mapping[str, Board] = {board.name: board for board in _ROWS}
"""The boards by name: `mps2-an386` and `mps2-an500` of Arm's MPS2, and QEMU's own `virt` with two riscv32 cores."""


def find_board(name: str) -> Board:
    """The board of that name. Raises BadInput where there is none."""
    if name not in BOARDS:
        hint = nearest_at_end(name, BOARDS)
        raise BadInput(f"there is no emulated board '{name}'; there are: {', '.join(BOARDS)}{hint}")
    return BOARDS[name]
