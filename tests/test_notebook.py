"""The notebook of the documentation: its cells run, and what it shows is what they show today."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

DOCS = Path(__file__).parents[1] / "docs"
PICTURE = "a picture"


def load_writer():
    spec = importlib.util.spec_from_file_location("notebook_writer", DOCS / "notebook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WRITER = load_writer()


@pytest.fixture(scope="module")
def stored():
    return nbformat.read(WRITER.NOTEBOOK, as_version=4)


def shown_by(cell) -> Iterator[str]:
    """What a cell shows as text and as HTML; of a picture that it is one."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif WRITER.PLOTLY in output.data or "image/png" in output.data:
            yield PICTURE
        else:
            yield from (output.data[form] for form in ("text/plain", "text/html") if form in output.data)


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_stored_notebook_has_the_cells_of_its_writer_and_is_small(stored):
    fresh = WRITER.build_notebook()
    assert [(cell.cell_type, cell.source) for cell in stored.cells] == [
        (cell.cell_type, cell.source) for cell in fresh.cells
    ]
    assert WRITER.NOTEBOOK.stat().st_size < 300_000


def test_what_it_shows_is_what_its_cells_show_today(stored):
    """Figures of a training differ with the processor that trains: of such cells the kind of what they show is held."""
    today = WRITER.run_notebook(WRITER.build_notebook())
    for cell, kept in zip(code_cells(today), code_cells(stored), strict=True):
        shown, before = list(shown_by(cell)), list(shown_by(kept))
        if WRITER.TRAINED in cell.metadata.get("tags", ()):
            assert len(shown) == len(before), cell.source
            assert [text == PICTURE for text in shown] == [text == PICTURE for text in before], cell.source
        else:
            assert shown == before, cell.source
    assert sum(list(shown_by(cell)) == [PICTURE] for cell in code_cells(stored)) >= 5
