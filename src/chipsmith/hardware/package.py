"""The generated SystemVerilog package `chip`: a chip's parameters and the bits of each instruction."""

from __future__ import annotations

import dataclasses
import enum
import textwrap
from collections.abc import Iterator
from typing import Any

from chipsmith.chip.description import INSTRUCTION_BYTES, Chip
from chipsmith.hardware.registers import PAGE_BYTES, REGISTERS
from chipsmith.program.cycles import FETCH_PIPE, ISSUE, LOAD_PIPE, STORE_PIPE, TRANSFER_MIN, waiting_loads
from chipsmith.program.encoding import OPCODE_BITS
from chipsmith.program.instructions import INSTRUCTIONS, Instruction
from chipsmith.program.locks import EXTERNAL_REGIONS
from chipsmith.program.registers import ROWS_ON_THEIR_WAY
from chipsmith.program.tensor_cycles import PHASE_MIN, RESIDUAL_PIPE, TENSOR_PIPE, TENSOR_SETUP
from chipsmith.program.vector_cycles import DIVIDE, IN_PIPE, INDEX_PIPE, STAGE_PIPE, VECTOR_PIPE

WORD_BITS = 8 * INSTRUCTION_BYTES

_TYPES = """
  // One read of the on-chip memory by a stream. Byte i of the answer is the byte at address + i (modulo 2**24) where
  // lanes[i] is set, and undefined elsewhere; a lane that is not set touches nothing. The answer stands on the
  // stream's data wires READ_LATENCY cycles after the request, for one cycle. first_group and last_group are the
  // bank groups that the instruction names for the stream: an access outside of them is a fault.
  typedef struct packed {
    logic                valid;
    logic [23:0]         address;
    logic [R-1:0]        lanes;
    logic [4:0]          first_group;
    logic [4:0]          last_group;
  } read_request_t;

  // One write: byte i of data goes to address + i where lanes[i] is set. A read in the next cycle sees it.
  typedef struct packed {
    logic                valid;
    logic [23:0]         address;
    logic [R-1:0]        lanes;
    logic [8*R-1:0]      data;
    logic [4:0]          first_group;
    logic [4:0]          last_group;
  } write_request_t;

  // One pass of the shared multipliers. Lane i computes, in 64 bits that wrap,
  //   (value*multiplier + (1 << shift >> 1) + (double_round and shift > 31 ? (value >= 0 ? 1 : -1) << 30 : 0)) >> shift
  // and answers its low 32 bits MULTIPLY_LATENCY cycles later. That is scale() of SINGLE and DOUBLE, and op MUL.
  typedef struct packed {
    logic                valid;
    logic                double_round;
    logic [M-1:0][31:0]  value;
    logic [M-1:0][31:0]  multiplier;
    logic [M-1:0][5:0]   shift;
  } multiply_request_t;
"""

LINE_LENGTH = 120
"""The longest line of a source."""

_KEYWORDS = frozenset({"table"})
"""Fields whose name is a keyword of SystemVerilog; they end in an underscore there."""

MAX_BURST = 64
MAX_OPEN = 255
"""Bursts of a direction that are open on the bus at most: with a word in each they bridge so many cycles."""
READ_LATENCY = 2
MULTIPLY_LATENCY = 4


def package_source(chip: Chip) -> str:
    """The text of `chip.sv` for a chip: parameters, constants, codes, one packed struct an instruction."""
    lines = [
        f"// Parameters and encodings of the chip {chip.name}, made from its description and the instruction rows.",
        f"// Chip {chip.sha256}.",
        "// The package is the complete list of codes, and a function looks at a few fields of an instruction:",
        "// not every name and bit is used.",
        "/* verilator lint_off UNUSEDPARAM */",
        "/* verilator lint_off UNUSEDSIGNAL */",
        "package chip;",
        *_section("Parameters (docs/machine.md, section 1)", _parameters(chip)),
        *_section("Constants of the family", _constants()),
        *_section("Errors (docs/rtl.md)", ((f"ERROR_{e.name}", int(e), ERROR_TEXTS[e]) for e in Error)),
        *_codes(),
        *_bus(),
        *_registers(chip),
        _TYPES.rstrip(),
        *(line for row in INSTRUCTIONS for line in _struct(row)),
        "",
        *_legal(),
        "endpackage",
        "/* verilator lint_on UNUSEDPARAM */",
        "/* verilator lint_on UNUSEDSIGNAL */",
    ]
    return "\n".join(lines) + "\n"


class Error(enum.IntEnum):
    """What the machine's error register holds; the machine stops issuing at the first error, until reset.

    Each has its counterpart in the verification of Programs, which refuses them before they run.
    """

    NONE = 0
    OPCODE = 1
    FIELD = 2
    COUNT = 3
    PAGE = 4
    ADDRESS = 5
    CONFLICT = 6
    BUS = 7
    WATCHDOG = 8


ERROR_TEXTS = {
    Error.NONE: "no error",
    Error.OPCODE: "reserved opcode",
    Error.FIELD: "reserved or illegal value of a field, or bits set beyond the last field",
    Error.COUNT: "a count of zero, or a bank group that the chip does not have",
    Error.PAGE: "a page that was never loaded, or is loaded into the slot that runs",
    Error.ADDRESS: "access of the on-chip memory outside of the bank groups that the stream names",
    Error.CONFLICT: "two accesses of one bank group, or two users of the multipliers, in one cycle",
    Error.BUS: "error response of the bus",
    Error.WATCHDOG: "the inference took longer than WATCHDOG allows",
}


def _section(title: str, entries: Iterator[tuple[str, int, str]]) -> Iterator[str]:
    yield f"\n  // {title}"
    for name, value, doc in entries:
        yield from _constant(f"localparam int {name} = {value};", doc)


def _constant(declaration: str, doc: str) -> Iterator[str]:
    """The declaration with what it stands for behind it, or before it where the line would be too long."""
    line = f"  {declaration}  // {doc}"
    if len(line) <= LINE_LENGTH:
        yield line
    else:
        yield from textwrap.wrap(doc, LINE_LENGTH, initial_indent="  // ", subsequent_indent="  // ")
        yield f"  {declaration}"


def _parameters(chip: Chip) -> Iterator[tuple[str, int, str]]:
    yield "R", chip.tensor.rows, "rows of the array; bytes of one access to the on-chip memory"
    yield "C", chip.tensor.columns, "columns of the array: output channels at once"
    yield "T", chip.tensor.tile_pixels, "output pixels of an accumulator tile"
    yield "V", chip.vector.lanes, "lanes of the vector engine"
    yield "M", chip.vector.multiplier_lanes, "32 x 32-bit multipliers"
    yield "TL", chip.vector.table_lanes, "table look-ups in a cycle"
    yield "G", chip.memory.groups, "bank groups"
    yield "GB", chip.memory.group_bytes, "bytes of a bank group"
    yield "PI", chip.instructions.page_instructions, "instructions of a page"
    yield "L", chip.external.latency_cycles, "latency of the external memory in cycles"
    yield "WAITING_LOADS", waiting_loads(chip), "LOADs that wait for their answers, at most"
    yield "W", chip.external.bytes_per_cycle, "bytes of a word of the external memory"
    yield "A", chip.external.atom_bytes, "bytes of an atom of the external memory, which moves whole"


def _constants() -> Iterator[tuple[str, int, str]]:
    yield "INSTRUCTION_BYTES", INSTRUCTION_BYTES, "bytes of an instruction"
    yield "ISSUE", ISSUE, "least distance of two starts"
    yield "TRANSFER_MIN", TRANSFER_MIN, "least time of a LOAD or STORE"
    yield "LOAD_PIPE", LOAD_PIPE, "see docs/machine.md"
    yield "FETCH_PIPE", FETCH_PIPE, "see docs/machine.md"
    yield "STORE_PIPE", STORE_PIPE, "see docs/machine.md"
    yield "PHASE_MIN", PHASE_MIN, "least length of a tensor phase"
    yield "TENSOR_SETUP", TENSOR_SETUP, "least length of the first load of a TENSOR"
    yield "TENSOR_PIPE", TENSOR_PIPE, "depth of the tensor engine"
    yield "RESIDUAL_PIPE", RESIDUAL_PIPE, "what the residual stages add to it"
    yield "VECTOR_PIPE", VECTOR_PIPE, "depth of the vector engine beside its beats"
    yield "IN_PIPE", IN_PIPE, "what the stage IN adds to it beside its windows"
    yield "STAGE_PIPE", STAGE_PIPE, "what each of the stages OP, OUT and TABLE adds"
    yield "DIVIDE", DIVIDE, "cycles of a division"
    yield "INDEX_PIPE", INDEX_PIPE, "cycles from the read of an index to the first read of its row"
    yield "ROWS_ON_THEIR_WAY", ROWS_ON_THEIR_WAY, "rows of GATHER and SCATTER between the read and the write"
    yield "PAGE_BYTES", PAGE_BYTES, "no burst crosses a border of so many bytes"
    yield "MAX_BURST", MAX_BURST, "most words of a burst"
    yield "MAX_OPEN", MAX_OPEN, "most bursts of a direction that are open on the bus"
    yield "EXTERNAL_REGIONS", EXTERNAL_REGIONS, "external regions that can be locked"
    yield "READ_LATENCY", READ_LATENCY, "cycles from a read request to its data"
    yield "MULTIPLY_LATENCY", MULTIPLY_LATENCY, "cycles from a multiply request to its results"


def _enumerations() -> dict[type[enum.IntEnum], int]:
    """Every enumeration of the instruction rows with the width of its fields."""
    fields = (field.metadata for row in INSTRUCTIONS for field in dataclasses.fields(row))
    return {data["enum"]: data["bits"] for data in fields if "enum" in data}


def _screaming(name: str) -> str:
    """WeightsBy -> WEIGHTS_BY."""
    return "".join(f"_{letter}" if letter.isupper() and index else letter for index, letter in enumerate(name)).upper()


def _codes() -> Iterator[str]:
    yield "\n  // Opcodes"
    for row in INSTRUCTIONS:
        yield f"  localparam logic [{OPCODE_BITS - 1}:0] OPCODE_{row.mnemonic} = {OPCODE_BITS}'d{row.opcode};"
    for kind, width in _enumerations().items():
        yield f"\n  // {(kind.__doc__ or kind.__name__).splitlines()[0]}"
        for member in kind:
            name = f"{_screaming(kind.__name__)}_{member.name}"
            yield f"  localparam logic [{width - 1}:0] {name} = {width}'d{member.value};"


_BUS_CODES = {"OKAY": 0, "SLVERR": 2, "DECERR": 3, "INCR": 1}


def _bus() -> Iterator[str]:
    yield "\n  // Codes of AXI: xRESP and AxBURST"
    for name, code in _BUS_CODES.items():
        yield f"  localparam logic [1:0] AXI_{name} = 2'd{code};"


def _registers(chip: Chip) -> Iterator[str]:
    """Address and value after reset of each register, the lowest bit of each field, and which addresses there are."""
    yield "\n  // Registers of the control port: byte addresses"
    for register in REGISTERS:
        yield f"  localparam logic [7:0] REGISTER_{register.name} = 8'h{register.address:02x};"
    yield "\n  // Their values after reset"
    for register in REGISTERS:
        yield f"  localparam logic [31:0] RESET_{register.name} = 32'h{register.value_after_reset(chip.sha256):08x};"
    yield "\n  // The lowest bits of their fields"
    for register in REGISTERS:
        for field in register.fields:
            yield from _constant(f"localparam int {register.name}_{field.name} = {field.low};", field.meaning)
    yield "\n  // Whether there is a register of this byte address."
    yield "  function automatic logic is_register(logic [7:0] address);"
    yield (
        "    is_register = "
        + "\n      || ".join(f"address == REGISTER_{register.name}" for register in REGISTERS)
        + ";"
    )
    yield "  endfunction"


def _struct(row: type[Instruction]) -> Iterator[str]:
    """The packed struct of an instruction; its last member is the lowest bits."""
    fields = dataclasses.fields(row)
    rest = WORD_BITS - OPCODE_BITS - sum(field.metadata["bits"] for field in fields)
    yield f"\n  // {(row.__doc__ or '').splitlines()[0]}"
    yield "  typedef struct packed {"
    yield _member(rest, "reserved", "zero", signed=False)
    for field in reversed(fields):
        data = field.metadata
        yield _member(data["bits"], _identifier(field), data["doc"], signed=data["signed"])
    yield _member(OPCODE_BITS, "opcode", f"{row.opcode}", signed=False)
    yield f"  }} {row.mnemonic.lower()}_t;"
    yield f"  localparam int {row.mnemonic}_BITS = {WORD_BITS - rest};  // all but reserved"


def _identifier(field: dataclasses.Field[Any]) -> str:
    return f"{field.name}_" if field.name in _KEYWORDS else field.name


def _member(width: int, name: str, doc: str, *, signed: bool) -> str:
    sign = " signed" if signed else ""
    declaration = f"logic{sign} [{width - 1}:0]"
    return f"    {declaration:<22} {name};  // {doc}"


def _legal() -> Iterator[str]:
    """A function a row: whether no field has a reserved value and no bit is set beyond the last field."""
    for row in INSTRUCTIONS:
        terms = ["one.reserved == '0"]
        for field in dataclasses.fields(row):
            members: type[enum.IntEnum] | None = field.metadata.get("enum")
            if members is not None and len(members) < 1 << field.metadata["bits"]:
                terms.append(f"one.{_identifier(field)} <= {field.metadata['bits']}'d{max(members)}")
        name = row.mnemonic.lower()
        yield f"  // Whether no field of {row.mnemonic} has a reserved value."
        yield f"  function automatic logic {name}_is_legal({name}_t one);"
        yield f"    {name}_is_legal = " + "\n      && ".join(terms) + ";"
        yield "  endfunction\n"
