"""Pictures of the documentation: the imports as they are read and thinned out, and SVG that a browser takes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[1] / "docs"
WIDEST = 660
"""Units: on a telephone, half as wide, words of 14 units are still 8 pixels high."""


@pytest.fixture
def imports(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    from drawings import imports

    return imports


@pytest.fixture
def package(tmp_path):
    """Four packages: `top` imports `left`, `right` and `errors`; both of them `base`."""
    texts = {
        "__init__.py": "",
        "errors.py": '"""Errors."""',
        "base/__init__.py": '"""The base."""\nfrom chipsmith.errors import BadInput',
        "left/__init__.py": "from chipsmith.base import thing",
        "right/__init__.py": "",
        "right/deep.py": "def function():\n    from chipsmith import base",
        "top.py": '"""The top.\n\nMore"""\nfrom chipsmith.base import thing\nfrom chipsmith import left, right, errors',
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_imports_are_read_at_whatever_depth(imports, package):
    assert imports.read_imports(package) == {
        "base": {"errors"},
        "errors": set(),
        "left": {"base"},
        "right": {"base"},
        "top": {"base", "left", "right", "errors"},
    }


def test_an_import_that_others_imply_has_no_arrow(imports, package):
    assert imports.reduce_edges(imports.read_imports(package))["top"] == {"left", "right"}


def test_a_package_stands_above_what_it_imports(imports, package):
    assert imports.floors(imports.read_imports(package)) == [["errors"], ["base"], ["left", "right"], ["top"]]


def test_files_that_import_nothing_are_the_ground(imports, package):
    assert imports.foundation(imports.read_imports(package), package) == {"errors"}


def test_the_table_says_what_a_package_says(imports, package):
    assert "| `top` | The top | base, left, right |" in imports.import_table(package).splitlines()


@pytest.mark.parametrize("file", sorted((DOCS / "pictures").glob("*.svg")), ids=lambda file: file.stem)
def test_pictures_are_svg_with_a_title_and_fit_a_narrow_page(file):
    root = ElementTree.parse(file).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.findtext("{http://www.w3.org/2000/svg}title")
    assert float(root.attrib["width"]) <= WIDEST
