"""The open doors: what CONTRIBUTING says of adding a thing, done on a copy of the repository.

A door is a number of files that a person touches by hand, in src and docs. Files that `python docs/generate.py` writes
do not count.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DIGITS = str(ROOT / "tests" / "networks" / "digits_cnn.tosa")
PICTURED = ("digits_cnn.tosa", "encoder_layer.tosa")
LIMIT_S = 300


class House:
    """A copy of src/chipsmith, docs and the networks of their pictures, which knows what was touched by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hand_files: set[str] = set()
        shutil.copytree(ROOT / "src" / "chipsmith", root / "src" / "chipsmith")
        shutil.copytree(ROOT / "docs", root / "docs")
        (root / "tests" / "networks").mkdir(parents=True)
        for name in PICTURED:
            shutil.copy(ROOT / "tests" / "networks" / name, root / "tests" / "networks")

    def add(self, path: str, text: str) -> None:
        """Write a new file, by its path from the root of the repository."""
        file = self.root / path
        assert not file.exists(), f"{path} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.hand_files.add(path)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace `old`, which stands once in a file that is there, by `new`."""
        text = self.read(path)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        (self.root / path).write_text(text.replace(old, new))
        self.hand_files.add(path)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def run(self, *arguments: str, code: int = 0) -> str:
        """What `chipsmith ARGUMENTS...` of the copy prints on stdout; `code` is the exit code that it must have."""
        return self.python("-m", "chipsmith.cli", *arguments, code=code)

    def python(self, *arguments: str, code: int = 0) -> str:
        """What Python prints with the copy as its `chipsmith`, in the root of the copy."""
        paths = [str(self.root / "src"), os.environ.get("PYTHONPATH", "")]
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert ended.returncode == code, ended.stderr + ended.stdout
        return ended.stdout


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


def test_the_house_runs_its_own_copy(house):
    assert str(house.root) in house.python("-c", "import chipsmith; print(chipsmith.__file__)")


DEMO_TARGET = '''
"""The target `demo`: the reference interpreter, but for the lowest bit of each first element."""

from dataclasses import dataclass
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.profile.profile import Evidence
from chipsmith.targets.reference import ReferenceGraph
from chipsmith.targets.target import HostedGraph, reasons_against
from chipsmith.tosa.verify import verify


class DemoGraph(ReferenceGraph):
    def execute(self, inputs):
        outputs = {name: array.copy() for name, array in super().execute(inputs).items()}
        for array in outputs.values():
            array.flat[0] ^= 1
        return outputs


@dataclass(frozen=True)
class DemoTarget:
    name: ClassVar[str] = "demo"
    kind: ClassVar[Evidence] = Evidence.SIMULATED
    obtained: ClassVar[str] = "a demonstration"
    chip: ClassVar[Chip | None] = None

    def missing(self):
        return ()

    def refuses(self, network):
        return reasons_against(self.prepare, network)

    def prepare(self, network):
        return HostedGraph(host=network, graph=self.prepare_graph(network.graph))

    def prepare_graph(self, graph):
        verify(graph)
        return DemoGraph(graph=graph)


def open_target(_chip, _options):
    return DemoTarget()
'''
ON_DEMO = """
import numpy as np
from chipsmith.chip import load_chip
from chipsmith.frontends.registry import load_model
from chipsmith.targets import load_target, target_names

network, chip = load_model("{model}"), load_chip("nano-64")
(name,) = network.graph.inputs
values = np.zeros(network.graph.tensor(name).shape, np.int8)
demo, reference = (load_target(target, chip).prepare(network).run(values)[0] for target in ("demo", "reference"))
print(*target_names())
print(np.count_nonzero(demo != reference))
"""


def test_a_target_is_one_file(house):
    house.add("src/chipsmith/targets/demo.py", DEMO_TARGET)
    names, differing = house.python("-c", ON_DEMO.format(model=DIGITS)).splitlines()
    assert "demo" in names.split()
    assert differing == "1"
    printed = house.run("conformance", "--target", "demo", "--op", "abs", "--sample", "1", "--json", code=1)
    (case,) = json.loads(printed)["not_passed"]
    assert case["result"] == "failed"
    assert "1 of " in case["reason"]
    assert house.hand_files == {"src/chipsmith/targets/demo.py"}


TINY_ONE = """
schema_version: 1
kind: machine
name: tinyone
description: The smallest of them, with no number in its name.
technology: {node_nm: 65, voltage_v: 1.0}
clock_mhz: 100
tensor: {rows: 4, columns: 4, tile_pixels: 32}
vector: {lanes: 4, multiplier_lanes: 2, table_lanes: 1}
memory: {groups: 8, group_bytes: 8192}
instructions: {page_instructions: 8}
external: {kind: LPDDR2, latency_cycles: 20, bytes_per_cycle: 4, size_mib: 8}
"""


def test_a_chip_is_one_file(house):
    house.add("src/chipsmith/chip/catalogue/tinyone.yaml", TINY_ONE)
    names = [chip["name"] for chip in json.loads(house.run("chips", "--json"))["chips"]]
    assert names[0] == "tinyone"
    assert "clock_mhz: 100" in house.run("chips", "tinyone")
    (estimate,) = json.loads(house.run("estimate", DIGITS, "--chip", "tinyone", "--json"))["estimates"]
    assert estimate["chip"] == "tinyone"
    assert estimate["die_cost_usd"] > 0
    house.run("compile", DIGITS, "--chip", "tinyone", "-o", "tiny.program")
    assert json.loads(house.run("simulate", "tiny.program", "--json"))["chip"] == "tinyone"
    assert house.python("docs/generate.py") == "chips.md written\n"
    assert "| `tinyone` | 4 x 4 |" in house.read("docs/chips.md")
    assert house.hand_files == {"src/chipsmith/chip/catalogue/tinyone.yaml"}


RECORD = """
import sys
from pathlib import Path

import chipsmith
from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.reports.record import RunRecord
from chipsmith.reports.result import write_result

program = chipsmith.compile(sys.argv[1]).program
record = RunRecord(network="digits", chip=describe_chip(program.chip), inference=full_profile(program))
write_result(record, Path("result.json"))
"""
"""Leaves a run folder where it stands, without a training."""

WAITS = '''
"""How long each kernel's instructions waited."""

from __future__ import annotations

from chipsmith.reports.charts import BLUE, chart
from chipsmith.reports.markup import how, plot
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing:
    kernels = record.inference.kernels
    bars = {
        "type": "bar",
        "x": [row.name for row in kernels],
        "y": [row.wait_cycles for row in kernels],
        "marker": {"color": BLUE},
    }
    html = how("Cycles that the sequencer waited for a kernel.") + plot("waits", "Waits by kernel")
    return Drawing(html=html, charts={"waits": chart([bars], height=300, x_title="kernel", y_title="cycles")})


SECTION = PageSection(name="waits", title="Waits", link="waits", draw=_draw)
'''


def test_a_report_section_is_a_file_and_a_line_in_the_list(house):
    registry = "src/chipsmith/reports/sections/__init__.py"
    house.add("src/chipsmith/reports/sections/waits.py", WAITS)
    house.edit(registry, "    training,\n)", "    training,\n    waits,\n)")
    house.edit(registry, "    latency.SECTION,\n", "    latency.SECTION,\n    waits.SECTION,\n")
    house.python("-c", RECORD, DIGITS)
    house.run("report", ".")
    page = house.read("report.html")
    assert '<a href="#waits">waits</a>' in page
    assert '<section id="waits"><h2 data-link="waits">Waits</h2>' in page
    assert page.index('id="latency"') < page.index('id="waits"') < page.index('id="energy"')
    charts = json.loads(page.partition('<script type="application/json" id="charts">')[2].partition("</script>")[0])
    assert sum(charts["waits"]["data"][0]["y"]) > 0
    assert len(house.hand_files) == 2


WARM_LATENCY = """
WARM_LATENCY = CostObjective(
    name="warm_latency_us",
    label="warm latency",
    unit="µs",
    words="us warm",
    help="Microseconds that a warm inference may take.",
    decimals=1,
    read=lambda cost: cost.warm_cycles / cost.clock_mhz,
)
"""

PRUNE_WITHIN = """
from chipsmith.profile.cost import ChipCost
from chipsmith.studies.budget import Budget
from chipsmith.studies.greedy_pruning import PruneStep
from chipsmith.studies.plans import choose_milestones

def step(cycles):
    warm = cycles // 2
    cost = ChipCost(chip="paper", clock_mhz=1, cycles=cycles, warm_cycles=warm, energy_pj=1, weight_bytes=1)
    return PruneStep(widths={"a": cycles}, cost=cost)

budget = Budget(max_warm_latency_us=200)
print([found.cost.cycles for found in choose_milestones(map(step, (1000, 800, 390, 200, 100)), budget)])
print(budget.excess(step(800).cost), budget.describe())
"""


def test_an_objective_is_one_file(house):
    """Of the two that it may be: the other is profile/cost.py, where no figure of a cost tells it yet."""
    objectives = "src/chipsmith/studies/objectives.py"
    house.edit(objectives, "ACCURACY_DROP = LossObjective(", f"{WARM_LATENCY}ACCURACY_DROP = LossObjective(")
    house.edit(objectives, "= (LATENCY, ENERGY)", "= (LATENCY, ENERGY, WARM_LATENCY)")
    assert "--max-warm-latency-us" in house.run("compress", "--help")
    pruned, excess = house.python("-c", PRUNE_WITHIN).splitlines()
    assert pruned == "[390, 200]"
    assert excess == "1.0 at most 200 us warm and 1 points lost"
    assert house.hand_files == {objectives}
