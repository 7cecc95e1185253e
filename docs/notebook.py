"""Writes docs/notebook.ipynb: its cells stand here, what they show comes of running them. `python docs/notebook.py`.

It takes what `pip install -e ".[test]"` brings, and a Chromium for the pictures, which are kept as PNG.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
NOTEBOOK = Path(__file__).with_suffix(".ipynb")
PLOTLY = "application/vnd.plotly.v1+json"
TRAINED = "trained"
"""Tag of a cell whose figures depend on the floating point of the computer that trains."""
_WIDTH = 720

CELLS = (
    (
        "markdown",
        """# Digits from Python

A notebook on Chipsmith: networks and chips as values, tables and pictures of what the verbs return. It runs from the
top of the repository in under a minute. [python.md](python.md) says the same in words; `python docs/notebook.py` writes
this file again.""",
    ),
    (
        "markdown",
        """## A network on a chip

Every verb is a function. A network may be a file, a module of PyTorch, or a value in memory; a chip a name, a file or a
`Chip`.""",
    ),
    (
        "code",
        """import chipsmith

compiled = chipsmith.compile("tests/networks/digits_cnn.tosa", chip="edge-256")
print(compiled)
compiled""",
    ),
    ("code", """compiled.program.chip"""),
    ("markdown", """## How long it takes, and where the time goes"""),
    (
        "code",
        """simulated = chipsmith.simulate(compiled)
print(simulated)
simulated""",
    ),
    ("code", """simulated.plot()"""),
    (
        "markdown",
        """## Which chip

`chip=` and `chips=` are one thing by two words: a name, several with commas, or a list of names, files and `Chip`s.
Cycles are simulated; energy, area and dollars are estimates, and the tables say so.""",
    ),
    (
        "code",
        """estimates = chipsmith.estimate("tests/networks/digits_cnn.tosa", chips="nano-64,edge-256,edge-1024")
print(estimates)
estimates""",
    ),
    ("code", """estimates.plot()"""),
    ("markdown", """A chip is a value too: half the bus, all else as it is."""),
    (
        "code",
        """half = chipsmith.chips("edge-256").model_copy(deep=True, update={"name": "half the bus"})
half = half.model_copy(update={"external": half.external.model_copy(update={"bytes_per_cycle": 4})})
for row in chipsmith.estimate("tests/networks/digits_cnn.tosa", chips=["edge-256", half]):
    print(row)""",
    ),
    (
        "markdown",
        """## A network of one's own

A module of PyTorch and an array to calibrate on, as they are in memory.""",
    ),
    (
        "code",
        """import numpy as np
import torch

torch.manual_seed(0)
layers = torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8 * 6 * 6, 10)
module = torch.nn.Sequential(*layers)
images = np.random.default_rng(0).random((32, 1, 8, 8), np.float32)
chipsmith.estimate(module, calibration=images, chip="nano-64")""",
    ),
    ("code", """chipsmith.diff(module, calibration=images).plot()"""),
    (
        "markdown",
        """## The whole job

From raw data to a chip: two epochs of the digits' recipe here, to be quick. What `run` returns goes wherever a file or
a folder of it would: to `estimate`, `simulate`, `diff`, `predict`, `report`, `deploy`.""",
    ),
    (
        "code",
        """recipe = next(recipe for recipe in chipsmith.recipes() if recipe.name == "digits")
recipe""",
    ),
    (
        "code",
        """run = chipsmith.run(recipe, settings=["training.epochs=2"], out="runs/digits-short")
run""",
    ),
    ("code", """run.plot()"""),
    ("code", """run.plot("score")"""),
    (
        "code",
        """print([estimate.chip.name for estimate in chipsmith.estimate(run, chips=["nano-64", "edge-1024"])])
print(chipsmith.simulate(run).cold.latency_cycles == run.record.inference.latency.cold_cycles)""",
    ),
    ("markdown", """## What it answers"""),
    (
        "code",
        """from PIL import Image

data = recipe.load_data()
digit = data.test.first(1).whole()
Image.fromarray((255 * digit.inputs[0, 0]).round().astype("uint8")).save("digit.png")
print("it is a", data.class_names[digit.targets[0]])
chipsmith.predict(run, ["digit.png"])""",
    ),
)
"""The kind of each cell and what it says."""
_TRAINED_FROM = "run = chipsmith.run"


def build_notebook() -> NotebookNode:
    """The notebook with its cells and nothing that they show."""
    cells, trained = [], False
    for number, (kind, source) in enumerate(CELLS):
        if kind == "markdown":
            cell = nbformat.v4.new_markdown_cell(source, id=f"cell-{number}")
        else:
            trained = trained or source.startswith(_TRAINED_FROM)
            cell = nbformat.v4.new_code_cell(source, id=f"cell-{number}")
            cell.metadata["tags"] = [TRAINED] if trained else []
        cells.append(cell)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata={**kernel, "language_info": {"name": "python"}})


def run_notebook(notebook: NotebookNode) -> NotebookNode:
    """Run all cells in a fresh kernel, in a folder that looks like the top of the repository."""
    os.environ["PLOTLY_RENDERER"] = "plotly_mimetype"
    with TemporaryDirectory() as folder:
        for name in ("tests", "examples", "docs"):
            (Path(folder) / name).symlink_to(ROOT / name)
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        return client.execute()


def keep_small(notebook: NotebookNode) -> NotebookNode:
    """The notebook with pictures as PNG in place of what draws them, and nothing that differs from run to run."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if PLOTLY in output.get("data", {}):
                output["data"] = {"image/png": _draw(output["data"][PLOTLY]), "text/plain": "a figure of plotly"}
    return notebook


def _draw(figure: dict[str, object]) -> str:
    import plotly.io

    drawn = plotly.io.from_json(json.dumps({"data": figure["data"], "layout": figure["layout"]}))
    return base64.b64encode(drawn.to_image(format="png", width=_WIDTH, height=drawn.layout.height)).decode()


if __name__ == "__main__":
    nbformat.write(keep_small(run_notebook(build_notebook())), NOTEBOOK)
