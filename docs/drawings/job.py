"""The main job, from raw data to a report: nouns are boxes, verbs are arrows."""

from __future__ import annotations

from drawings.svg import SMALL_SIZE, SOFT_INK, Box, Paint, arrow, picture, text

WIDTH, HEIGHT = 600, 690
SIDE, RIGHT = 15, 450
"""Left edges of the boxes beside the chain."""


def _link(y: float, title: str, line: str) -> Box:
    """A noun of the chain."""
    return Box(x=186, y=y, width=228, height=60, title=title, lines=[line])


def _input(x: float, y: float, title: str, line: str) -> Box:
    """A file that somebody writes."""
    return Box(x=x, y=y, width=135, height=60, title=title, lines=[line], paint=Paint.INPUT)


def _witness(y: float, title: str, line: str) -> Box:
    return Box(x=SIDE, y=y, width=135, height=60, title=title, lines=[line], paint=Paint.WITNESS, dashed=True)


DATA = _link(20, "Raw data", "images, sound, text, tables")
TRAINED = _link(125, "Trained network", "float, with its verdict")
QUANTIZED = _link(230, "QuantizedNetwork", "Graph (TOSA) and bindings")
PROGRAM = _link(335, "Program", "instructions and constants")
RUN = _link(465, "Run", "outputs and cycles")
REPORT = _link(605, "Report", "page, trace, result.json")
CHAIN = ((DATA, TRAINED), (TRAINED, QUANTIZED), (QUANTIZED, PROGRAM), (PROGRAM, RUN), (RUN, REPORT))
VERBS = ("train", "quantise", "compile", "simulate", "report")

RECIPE = _input(SIDE, 72, "Recipe", "one YAML file")
FILE = _input(SIDE, 230, "Your network", "ONNX, TFLite")
CHIP = _input(RIGHT, 230, "Chip", "one YAML file")
PROFILE = Box(x=RIGHT, y=455, width=135, height=80, title="Profile", lines=["cycles, joules,", "mm², dollars"])
REFERENCE = _witness(405, "Reference", "TOSA's model")
HARDWARE = _witness(515, "RTL", "in Verilator")


def draw_job() -> str:
    """What `chipsmith run` does, and who checks it."""
    links = [box for box, _ in CHAIN]
    boxes = (*links, REPORT, RECIPE, FILE, CHIP, PROFILE, REFERENCE, HARDWARE)
    return picture(
        WIDTH,
        HEIGHT,
        title="Raw data is trained, quantised, compiled for a chip, simulated, priced and reported",
        pieces=[*(box.draw() for box in boxes), *_chain(), *_inputs(), *_prices(), *_witnesses()],
    )


def _chain() -> list[str]:
    middle = DATA.middle[0]
    return [
        arrow(
            (middle, upper.bottom),
            (middle, lower.y),
            label=verb,
            place=(middle - 10, (upper.bottom + lower.y) / 2 + 4),
            anchor="end",
        )
        for (upper, lower), verb in zip(CHAIN, VERBS, strict=True)
    ]


def _inputs() -> list[str]:
    middle = DATA.middle[0]
    return [
        arrow((RECIPE.right, RECIPE.middle[1]), (middle - 55, RECIPE.middle[1])),
        arrow((FILE.right, FILE.middle[1]), (QUANTIZED.x, FILE.middle[1])),
        arrow((CHIP.middle[0], CHIP.bottom), (CHIP.middle[0], 313), (middle + 4, 313)),
    ]


def _prices() -> list[str]:
    x = PROFILE.middle[0]
    return [
        arrow((PROGRAM.right, 365), (x, 365), (x, PROFILE.y), label="estimate", place=(x + 8, 415), anchor="start"),
        arrow((x, PROFILE.bottom), (x, REPORT.middle[1]), (REPORT.right, REPORT.middle[1])),
    ]


def _witnesses() -> list[str]:
    bend, x = 168, REFERENCE.middle[0]
    return [
        arrow((REFERENCE.right, 435), (bend, 435), (bend, 485), (RUN.x, 485), dashed=True),
        arrow((HARDWARE.right, 545), (bend, 545), (bend, 505), (RUN.x, 505), dashed=True),
        text("every bit", (x, REFERENCE.bottom + 19), size=SMALL_SIZE, ink=SOFT_INK),
        text("every bit and cycle", (x, HARDWARE.bottom + 19), size=SMALL_SIZE, ink=SOFT_INK),
    ]
