"""Time on the machine: the instructions of a small Program, and the stages inside of a TENSOR instruction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import chipsmith
from drawings.svg import SMALL_SIZE, SOFT_INK, Box, Paint, arrow, picture, text

NETWORK = Path(__file__).parents[2] / "tests" / "networks" / "digits_cnn.tosa"
CHIP = "edge-256"

WIDTH = 640
AXIS_X, AXIS_WIDTH, AXIS_STEP_CYCLES = 110, 505, 1000
ROW_HEIGHT, BAR_HEIGHT, FIRST_ROW = 27, 18, 30
PAINTS = {"load": Paint.INPUT, "store": Paint.INPUT, "tensor": Paint.ENGINE, "vector": Paint.NOUN}


def draw_timeline() -> str:
    """Each instruction of NETWORK on CHIP from its start to its end, and what it waited for."""
    cold = chipsmith.simulate(chipsmith.compile(str(NETWORK), chip=CHIP).program).cold
    scale = AXIS_WIDTH / cold.latency_cycles
    spans = zip(cold.start.tolist(), cold.end.tolist(), cold.engines, cold.reasons, strict=True)
    rows = [
        _row(index, (start * scale, end * scale), engine.value, reason.name)
        for index, (start, end, engine, reason) in enumerate(spans)
    ]
    height = FIRST_ROW + ROW_HEIGHT * len(rows) + 16
    ticks = range(0, cold.latency_cycles + 1, AXIS_STEP_CYCLES)
    return picture(
        WIDTH,
        height,
        title=f"One inference of {NETWORK.stem} on {CHIP}: {cold.latency_cycles:,} cycles",
        pieces=[*(_tick(cycles, cycles * scale, height - 12) for cycles in ticks), *rows],
    )


def _tick(cycles: int, x: float, bottom: float) -> str:
    line = f'<path d="M{AXIS_X + x:g},{FIRST_ROW - 6} V{bottom:g}" stroke="#e4e7eb" stroke-width="1"/>'
    return line + "\n" + text(f"{cycles:,}", (AXIS_X + x, 18), size=SMALL_SIZE, ink=SOFT_INK)


def _row(index: int, span: tuple[float, float], engine: str, waited_for: str) -> str:
    """An instruction's number and engine, its bar, and beside it what kept it from starting before."""
    y = FIRST_ROW + ROW_HEIGHT * index
    start, end = (AXIS_X + x for x in span)
    opcode = "END" if engine == "sequencer" else engine.upper()
    bar = Box(x=start, y=y, width=max(end - start, 3), height=BAR_HEIGHT, paint=PAINTS.get(engine, Paint.PLAIN))
    after = end < AXIS_X + AXIS_WIDTH / 2
    place = (bar.right + 6 if after else start - 6, y + 14)
    return "\n".join(
        (
            text(f"{index}", (28, y + 14), size=SMALL_SIZE, anchor="end", ink=SOFT_INK),
            text(opcode, (36, y + 14), size=SMALL_SIZE, anchor="start"),
            bar.draw(),
            text(f"after {waited_for}", place, size=SMALL_SIZE, anchor="start" if after else "end", ink=SOFT_INK),
        )
    )


PHASES = 3
"""Weight blocks of a tile in the picture of the pipeline."""

PIPE_X, PHASE_WIDTH, LOAD_WIDTH, DRAIN_WIDTH = 112, 44, 28, 90


def draw_pipeline() -> str:
    """Three tiles in the tensor engine: weights load while phases compute, a tile drains while the next computes."""
    first = PIPE_X + LOAD_WIDTH
    phases = [first + PHASE_WIDTH * index for index in range(3 * PHASES)]
    ends = [first + PHASE_WIDTH * PHASES * (tile + 1) for tile in range(3)]
    loads = [float(PIPE_X), *phases[:-1]]
    pieces = [
        *_lane(50, "weights in", loads, LOAD_WIDTH, [f"{index + 1}" for index in range(len(loads))], Paint.INPUT),
        *_lane(105, "array", phases, PHASE_WIDTH, [f"{index + 1}" for index in range(len(phases))], Paint.ENGINE),
        *_lane(160, "drain", ends, DRAIN_WIDTH, ["tile 0", "tile 1", "tile 2"], Paint.NOUN),
        *(text(f"tile {tile}", (end - PHASE_WIDTH * PHASES / 2, 30)) for tile, end in enumerate(ends)),
        *(f'<path d="M{x:g},20 V200" stroke="#9aa5b1" stroke-dasharray="4 4"/>' for x in (first, *ends)),
        arrow((PIPE_X, 225), (ends[-1] + DRAIN_WIDTH, 225)),
        text(
            "engine_cycles = first load + phases + last drain + TENSOR_PIPE", (20, 250), size=SMALL_SIZE, anchor="start"
        ),
    ]
    return picture(
        ends[-1] + DRAIN_WIDTH + 14,
        265,
        title="In the tensor engine weights load, phases compute and tiles drain at the same time",
        pieces=pieces,
    )


def _lane(y: float, name: str, starts: Sequence[float], width: float, labels: Sequence[str], paint: Paint) -> list[str]:
    """A row of boxes of one kind behind its name."""
    boxes = [
        Box(x=x, y=y, width=width, height=36, lines=[label], paint=paint).draw()
        for x, label in zip(starts, labels, strict=True)
    ]
    return [text(name, (20, y + 24), anchor="start"), *boxes]
