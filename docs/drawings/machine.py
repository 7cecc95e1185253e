"""The machine as a block diagram: memories, engines, and the ways of bytes between them."""

from __future__ import annotations

from itertools import pairwise

from drawings.svg import SMALL_SIZE, SOFT_INK, Box, Paint, arrow, picture, text

WIDTH, HEIGHT = 640, 800
LEFT, ENGINE_WIDTH = 20, 290

EXTERNAL = Box(
    x=LEFT,
    y=20,
    width=600,
    height=64,
    title="External memory",
    lines=["instructions, constants, inputs, outputs: after L cycles, W bytes a cycle each way"],
    paint=Paint.INPUT,
)
LOAD = Box(x=LEFT, y=150, width=140, height=60, title="Load engine", lines=["LOAD"], paint=Paint.ENGINE)
STORE = Box(x=480, y=150, width=140, height=60, title="Store engine", lines=["STORE"], paint=Paint.ENGINE)
SEQUENCER = Box(x=210, y=120, width=220, height=136, title="Sequencer", top=True, paint=Paint.PLAIN)
PAGES = (
    Box(x=222, y=152, width=94, height=40, lines=["page slot 0"]),
    Box(x=324, y=152, width=94, height=40, lines=["page slot 1"]),
)
LOCKS = Box(x=222, y=202, width=196, height=42, lines=["locks: who owns what"])
MEMORY = Box(x=LEFT, y=316, width=600, height=92, title="On-chip memory: G groups of two banks", top=True)
GROUPS = ("0", "1", "2", "3", "...", "G-1")
TENSOR = Box(x=LEFT, y=470, width=ENGINE_WIDTH, height=240, title="Tensor engine", top=True, paint=Paint.ENGINE)
VECTOR = Box(x=330, y=470, width=ENGINE_WIDTH, height=240, title="Vector engine", top=True, paint=Paint.ENGINE)
TENSOR_STAGES = (
    "weights: 2 sets of R x C registers",
    "array: R x C multipliers",
    "accumulators: 2 tiles of T x C",
    "drain: bias, rescale, residual, clamp",
)
VECTOR_STAGES = (
    "read A and B: V lanes, rescale",
    "operate, reduce",
    "rescale, clamp",
    "look up: TL copies of a table",
)
MULTIPLIERS = Box(
    x=170, y=744, width=300, height=38, lines=["M multipliers of 32 x 32 bits, shared"], paint=Paint.PLAIN
)


def draw_machine() -> str:
    """Everything that docs/machine.md gives fields and cycles to, by its symbols."""
    blocks = (EXTERNAL, LOAD, STORE, SEQUENCER, *PAGES, LOCKS, MEMORY, *_groups(), TENSOR, VECTOR, MULTIPLIERS)
    stages = (*_stages(TENSOR, TENSOR_STAGES), *_stages(VECTOR, VECTOR_STAGES))
    return picture(
        WIDTH,
        HEIGHT,
        title="Engines of the machine between the external memory and the bank groups, started by a sequencer",
        pieces=[*(box.draw() for box in (*blocks, *stages)), *_bytes(), *_flow(stages)],
    )


def _groups() -> list[Box]:
    gap = 10.0
    width = (MEMORY.width - 24 - gap * (len(GROUPS) - 1)) / len(GROUPS)
    return [
        Box(x=MEMORY.x + 12 + (width + gap) * index, y=MEMORY.y + 32, width=width, height=46, lines=[name])
        for index, name in enumerate(GROUPS)
    ]


def _stages(engine: Box, names: tuple[str, ...]) -> list[Box]:
    height, gap = 38, 12
    return [
        Box(
            x=engine.x + 10,
            y=engine.y + 34 + (height + gap) * index,
            width=engine.width - 20,
            height=height,
            lines=[name],
            paint=Paint.WAIT,
        )
        for index, name in enumerate(names)
    ]


def _bytes() -> list[str]:
    """Where bytes go."""
    load, store, pages = LOAD.middle[0], STORE.middle[0], PAGES[0].middle[1] + 8
    return [
        arrow((load, EXTERNAL.bottom), (load, LOAD.y), label="read", place=(load + 8, 122), anchor="start"),
        arrow((store, STORE.y), (store, EXTERNAL.bottom), label="write", place=(store - 8, 122), anchor="end"),
        arrow((LOAD.right, pages), (SEQUENCER.x, pages), label="pages", place=(185, pages - 8)),
        arrow((load, LOAD.bottom), (load, MEMORY.y)),
        arrow((store, MEMORY.y), (store, STORE.bottom)),
        *_streams(TENSOR, "A, W, P, RES", "O"),
        *_streams(VECTOR, "A, B, TABLE", "O"),
        text("starts each instruction", (SEQUENCER.middle[0], 280), size=SMALL_SIZE, ink=SOFT_INK),
        text("when engine and locks are free", (SEQUENCER.middle[0], 298), size=SMALL_SIZE, ink=SOFT_INK),
    ]


def _streams(engine: Box, reads: str, writes: str) -> list[str]:
    down, up = engine.x + 60, engine.right - 60
    height = (MEMORY.bottom + engine.y) / 2 + 5
    return [
        arrow((down, MEMORY.bottom), (down, engine.y), label=reads, place=(down + 8, height), anchor="start"),
        arrow((up, engine.y), (up, MEMORY.bottom), label=writes, place=(up + 8, height), anchor="start"),
    ]


def _flow(stages: tuple[Box, ...]) -> list[str]:
    """Down the stages of an engine, and the multipliers to the engines that share them."""
    steps = [
        arrow((upper.middle[0], upper.bottom), (lower.middle[0], lower.y))
        for upper, lower in pairwise(stages)
        if lower.x == upper.x
    ]
    return [*steps, *(arrow((x, MULTIPLIERS.y), (x, TENSOR.bottom)) for x in (240, 400))]
