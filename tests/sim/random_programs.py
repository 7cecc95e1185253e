"""Random legal Programs: none that a compiler would emit, each one that the machine must run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from random_instructions import (
    distinct_strides,
    kept_from,
    place,
    random_row_move,
    random_tensor,
    random_vector,
    some,
)
from transfer_areas import byte_port, span

from chipsmith.chip import Chip
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import (
    End,
    Instruction,
    Load,
    Space,
    Store,
    TensorInstruction,
    VectorInstruction,
)
from chipsmith.program.program import (
    BufferSpan,
    KernelSpan,
    Manifest,
    Program,
    encode_pages,
    page_bytes,
    page_count,
)
from chipsmith.program.verify import verify_program

CONSTANT_BYTES = 4096
AREA_BYTES = 1024
AREAS = 3
FILED_KINDS = {"load": 0.25, "store": 0.15, "tensor": 0.3, "vector": 0.2, "row move": 0.1}
"""Without `once`: only a compiler has a buffer for each of those, which a file must have."""
ALL_KINDS = {"load": 0.2, "once": 0.05, "store": 0.15, "tensor": 0.3, "vector": 0.2, "row move": 0.1}
TRANSFERS = {"load": 0.5, "once": 0.1, "store": 0.4}


def random_program(
    chip: Chip, seed: int, instructions: int, kinds: Mapping[str, float] = MappingProxyType(ALL_KINDS)
) -> Program:
    """A legal Program of so many instructions, beside its page LOADs and END; `kinds` to their probability.

    Its ports area0, area1, ... are inputs and outputs at once, so that no external byte is undefined.
    """
    rng = np.random.default_rng(seed)
    pages = ceil_div(instructions, chip.instructions.page_instructions - 1)
    constants_at = pages * page_bytes(chip)
    areas = _Areas(constants_at=constants_at, kept_from=kept_from(chip))
    payload: list[Instruction] = []
    while len(payload) < instructions:
        payload.append(_random_instruction(chip, rng, areas, kinds))
    paged = _with_page_loads(chip, payload, rng)
    assert page_count(chip, len(paged)) == pages
    data = rng.integers(0, 256, CONSTANT_BYTES, np.uint8).tobytes()
    program = Program(
        chip=chip,
        instructions=paged,
        constants=encode_pages(chip, paged) + data,
        manifest=_manifest(chip, paged, areas),
    )
    verify_program(program)
    return program


def random_inputs(program: Program, seed: int, inferences: int) -> dict[str, np.ndarray]:
    """Random bytes for each input port."""
    rng = np.random.default_rng(seed)
    return {
        port.name: rng.integers(-128, 128, (inferences * port.shape[0], *port.shape[1:]), np.int8)
        for port in program.manifest.inputs
    }


class _Areas:
    """External memory: pages, constants, then the areas; and how much of the kept memory is used."""

    def __init__(self, *, constants_at: int, kept_from: int) -> None:
        self.constants_at = constants_at
        self.kept_next = kept_from

    def start(self, area: int) -> int:
        return self.constants_at + CONSTANT_BYTES + area * AREA_BYTES


def _manifest(chip: Chip, instructions: tuple[Instruction, ...], areas: _Areas) -> Manifest:
    """Each instruction that computes is a kernel; the whole memory is a buffer."""
    ports = tuple(byte_port(f"area{area}", areas.start(area), AREA_BYTES) for area in range(AREAS))
    return Manifest(
        network="random",
        inputs=ports,
        outputs=ports,
        external_bytes=areas.start(AREAS),
        weight_bytes=_loaded_constants(instructions, areas.start(0)),
        resident=(),
        operators=(),
        kernels=tuple(
            KernelSpan(name=f"k{index}", kind=row.engine, instructions=(index,), macs=_macs(row))
            for index, row in enumerate(instructions)
            if isinstance(row, TensorInstruction | VectorInstruction)
        ),
        buffers=(
            BufferSpan(
                name="memory",
                address=0,
                size_bytes=chip.memory_bytes,
                first_instruction=0,
                last_instruction=len(instructions) - 1,
            ),
        ),
    )


def _macs(row: Instruction) -> int:
    if not isinstance(row, TensorInstruction):
        return 0
    taps = row.kernel_z * row.kernel_y * row.kernel_x * row.run
    return taps * row.output_height * row.output_width * row.output_channels


def _loaded_constants(instructions: tuple[Instruction, ...], end: int) -> int:
    """Bytes below `end` that LOADs into the memory read, each counted once; a LOAD that passes the end has none."""
    loaded: set[int] = set()
    for row in instructions:
        if isinstance(row, Load) and row.space is Space.MEMORY:
            starts = (
                row.external_address + i * row.external_outer_stride + k * row.external_inner_stride
                for i in range(row.outer_count)
                for k in range(row.inner_count)
            )
            read = {start + byte for start in starts for byte in range(row.run_bytes)}
            loaded |= read if max(read) < end else set()
    return len(loaded)


def _with_page_loads(chip: Chip, payload: list[Instruction], rng: np.random.Generator) -> tuple[Instruction, ...]:
    """The instructions with the next page's LOAD somewhere in each page, and END."""
    size, left, paged = chip.instructions.page_instructions, [*payload, End()], []
    while left:
        page = len(paged) // size + 1
        if len(left) <= size:
            paged, left = paged + left, []
            continue
        chunk, left = left[: size - 1], left[size - 1 :]
        chunk.insert(0 if rng.random() < 0.7 else int(rng.integers(size)), _page_load(chip, page))
        paged += chunk
    return tuple(paged)


def _page_load(chip: Chip, page: int) -> Load:
    return Load(
        space=Space.PAGE,
        external_address=page * page_bytes(chip),
        local_address=page % 2,
        run_bytes=page_bytes(chip),
    )


def _random_instruction(chip: Chip, rng: np.random.Generator, areas: _Areas, kinds: Mapping[str, float]) -> Instruction:
    kind = rng.choice(list(kinds), p=list(kinds.values()))
    if kind == "tensor":
        return random_tensor(chip, rng)
    if kind == "vector":
        return random_vector(chip, rng)
    if kind == "row move":
        return random_row_move(chip, rng)
    if kind == "once":
        return _once_load(chip, rng, areas) or _random_transfer(chip, rng, areas, Load)
    return _random_transfer(chip, rng, areas, Load if kind == "load" else Store)


def _random_transfer(
    chip: Chip, rng: np.random.Generator, areas: _Areas, row: type[Load] | type[Store]
) -> Load | Store:
    from_constants = row is Load and rng.random() < 0.4
    area = int(rng.integers(AREAS))
    start = areas.constants_at if from_constants else areas.start(area)
    size = CONSTANT_BYTES if from_constants else AREA_BYTES
    locks = int(rng.integers(64)) if rng.random() < 0.3 else 0
    while True:
        shape = _runs(rng, size)
        external = shape if row is Store or rng.random() < 0.6 else _loose_runs(rng, shape)
        local = _runs_around(rng, shape)
        first, extent = _span(external)
        if extent > size:
            continue
        draft = row(
            external_address=start - first + int(rng.integers(size - extent + 1)),
            outer_count=shape.outer_count,
            inner_count=shape.inner_count,
            run_bytes=shape.run_bytes,
            external_outer_stride=external.outer_stride,
            external_inner_stride=external.inner_stride,
            local_outer_stride=local.outer_stride,
            local_inner_stride=local.inner_stride,
            external_locks=locks if from_constants else locks | 1 << area,
        )
        if (placed := place(chip, rng, draft)) is not None:
            return placed


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Runs:
    outer_count: int
    inner_count: int
    run_bytes: int
    outer_stride: int
    inner_stride: int


def _runs(rng: np.random.Generator, size: int) -> _Runs:
    """Runs that do not touch a byte twice, within `size` bytes."""
    while True:
        drawn = _runs_around(
            rng,
            _Runs(
                outer_count=some(rng, 8), inner_count=some(rng, 8), run_bytes=some(rng, 200), outer_stride=0,
                inner_stride=0,
            ),
        )  # fmt: skip
        if _span(drawn)[1] <= size:
            return drawn


def _runs_around(rng: np.random.Generator, shape: _Runs) -> _Runs:
    """The same runs at other places, no byte twice."""
    strides = distinct_strides(rng, (shape.outer_count, shape.inner_count), shape.run_bytes, gap=8)
    return dataclasses.replace(shape, outer_stride=strides[0], inner_stride=strides[1])


def _loose_runs(rng: np.random.Generator, shape: _Runs) -> _Runs:
    """The same runs at places that may overlap, as a LOAD may read them."""
    outer, inner = (int(rng.integers(-40, 41)) for _ in range(2))
    return dataclasses.replace(shape, outer_stride=outer, inner_stride=inner)


def _span(runs: _Runs) -> tuple[int, int]:
    counts, strides = (runs.outer_count, runs.inner_count), (runs.outer_stride, runs.inner_stride)
    return span(counts, strides, runs.run_bytes)


def _once_load(chip: Chip, rng: np.random.Generator, areas: _Areas) -> Load | None:
    size = some(rng, 256)
    local = areas.kept_next
    if local + size > chip.memory_bytes:
        return None
    areas.kept_next += size
    return Load(
        once=1,
        external_address=areas.constants_at + int(rng.integers(CONSTANT_BYTES - size + 1)),
        local_address=local,
        run_bytes=size,
        first_group=local // chip.memory.group_bytes,
        last_group=(local + size - 1) // chip.memory.group_bytes,
    )
