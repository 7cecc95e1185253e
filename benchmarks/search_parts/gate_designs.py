"""Twelve designs of a front of networks and chips at 130 nm, which the search finds and a fixed rule takes.

The network is that of the recipe `digits` in three widths, trained and quantised here; of each width chips are searched
for energy, latency and area. A design is on the front where no other of any width is at least as good in these three
and in accuracy on the validation part. With one network alone the energies of such a front differ by 2.3 times.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import chipsmith
from chipsmith.chip import Chip, override_chip
from chipsmith.files import write_whole
from chipsmith.flow.run import lower_single
from chipsmith.learn import load_recipe, train
from chipsmith.learn.validation import evaluate
from chipsmith.studies.identity import hold_identity
from chipsmith.studies.search.chip_space import parse_space
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.study_file import parse_study
from chipsmith.studies.search.trials import unbeaten
from chipsmith.targets.reference import ReferenceTarget
from chipsmith.tosa.file import read_tosa, write_tosa
from chipsmith.tosa.graph import Graph

WIDTHS = (4, 8, 12)
"""Channels of the first convolution; the second has twice as many, the dense layer four times.

The recipe's own 16 are no more accurate on the validation part than 12.
"""
MOST_MACS = 128
MOST_CYCLES = 40_000
"""A budget of each search: gates take minutes for more."""
TRIALS, SEEDS = 200, (0, 1)
_GRID: Mapping[str, Any] = {
    "tensor.rows": [4, 8, 16],
    "tensor.columns": [4, 8, 16, 32],
    "tensor.tile_pixels": [8, 16, 32, 64],
    "vector.lanes": [2, 4, 8, 16],
    "vector.multiplier_lanes": [1, 2, 4, 8],
    "vector.table_lanes": [1, 2, 4],
    "memory.groups": {"from": 2, "to": 15},
    "memory.group_bytes": [1024, 2048, 4096, 8192, 16384, 32768],
    "instructions.page_instructions": [4, 8, 16],
    "external.bytes_per_cycle": [2, 4, 8, 16],
}
SPACE: Mapping[str, Any] = {
    "base": "nano-64",
    "technology.node_nm": 130,
    "technology.voltage_v": 1.2,
    **_GRID,
    "clock_mhz": "max",
}
_OBJECTIVES = (PairFigure.ENERGY_J, PairFigure.LATENCY_S, PairFigure.AREA_MM2)
_RECIPE = "digits"


@dataclass(frozen=True, kw_only=True)
class FrontDesign:
    """A design of the front: its width, the accuracy of its int8 network, its chip by `values` of SPACE, its scores."""

    width: int
    accuracy: float
    values: Mapping[str, Any]
    energy_j: float
    latency_s: float
    area_mm2: float

    def chip(self, name: str) -> Chip:
        """Its chip, under a name."""
        chip = parse_space(SPACE).chip(self.values)
        return override_chip(chip, {"name": name})

    @property
    def costs(self) -> tuple[float, ...]:
        """What is to be small."""
        return (self.energy_j, self.latency_s, self.area_mm2, -self.accuracy)


def find_designs(folder: Path, *, workers: int) -> list[FrontDesign]:
    """The whole front, by area: from `folder`, where it is found when it is not there yet.

    BadInput for a folder of other searches.
    """
    asked = {"space": SPACE, "widths": WIDTHS, "trials": TRIALS, "seeds": SEEDS, "cycles": MOST_CYCLES}
    hold_identity(folder / "searches.json", asked, what="front")
    path = folder / "front.json"
    if not path.is_file():
        every = [design for width in WIDTHS for design in _search(width, folder, workers=workers)]
        kept = set(unbeaten([design.costs for design in every]))
        front = sorted((design for design in every if design.costs in kept), key=lambda design: design.area_mm2)
        write_whole(path, f"{json.dumps([asdict(design) for design in front], indent=1)}\n".encode())
    return [FrontDesign(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]


def choose_evenly(front: Sequence[FrontDesign], count: int) -> list[FrontDesign]:
    """`count` designs of at most MOST_MACS, evenly by the logarithm of the area, least and largest among them.

    Each of `count` areas takes the nearest design that no smaller one took; of equally near ones the first. ValueError
    where there are fewer.
    """
    left = [design for design in front if _macs(design) <= MOST_MACS]
    if len(left) < count:
        raise ValueError(
            f"the front has {len(left)} designs of at most {MOST_MACS} multipliers, and {count} are asked for"
        )
    areas = [math.log(design.area_mm2) for design in left]
    low, step = min(areas), (max(areas) - min(areas)) / (count - 1)
    chosen = []
    for number in range(count):
        nearest = min(left, key=lambda design: abs(math.log(design.area_mm2) - low - number * step))
        left.remove(nearest)
        chosen.append(nearest)
    return sorted(chosen, key=lambda design: design.area_mm2)


def read_network(width: int, folder: Path) -> Graph:
    """The int8 network of a width, from the folder."""
    return read_tosa(_network_path(width, folder))


def _macs(design: FrontDesign) -> int:
    return int(design.values["tensor.rows"] * design.values["tensor.columns"])


def _network_path(width: int, folder: Path) -> Path:
    return folder / f"{_RECIPE}-{width}.tosa"


def _search(width: int, folder: Path, *, workers: int) -> list[FrontDesign]:
    accuracy = _train(width, folder)
    study = parse_study(
        {
            "network": str(_network_path(width, folder)),
            "space": {"chip": dict(SPACE)},
            "objectives": dict.fromkeys(_OBJECTIVES, "minimise"),
            "constraints": [f"{PairFigure.CYCLES} <= {MOST_CYCLES}"],
            "trials": TRIALS,
            "seeds": list(SEEDS),
        },
        origin=f"{_RECIPE}-{width}",
    )
    searched = chipsmith.search(study, out=folder / f"search-{width}", resume=True, workers=workers)
    return [
        FrontDesign(
            width=width,
            accuracy=accuracy,
            values=dict(trial.values),
            **{figure.value: trial.figures[figure] for figure in _OBJECTIVES if trial.figures is not None},
        )
        for trial in searched.result.front
    ]


def _train(width: int, folder: Path) -> float:
    """Train and quantise a width where that was not done; the accuracy of the integer graph on the validation part."""
    path = folder / f"{_RECIPE}-{width}.json"
    if not path.is_file():
        channels, dense = [width, 2 * width], [4 * width]
        recipe = load_recipe(_RECIPE, [f"network.channels={channels}", f"network.dense={dense}"])
        data = recipe.load_data()
        network = lower_single(train(recipe, data), data)
        answers = ReferenceTarget().prepare(network)
        metrics = evaluate(lambda inputs: answers.run(inputs)[0], data.validation, data.task)
        write_tosa(network.graph, _network_path(width, folder))
        write_whole(path, f"{json.dumps({'accuracy': metrics.primary_metric.value})}\n".encode())
    return float(json.loads(path.read_text(encoding="utf-8"))["accuracy"])
