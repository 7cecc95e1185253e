"""One vocabulary: things bear the field's nouns, and a noun stands for one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "chipsmith"
FILES = sorted((*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")))

EMPTY_NAMES = frozenset({"one", "found", "made", "held", "at"})
"""Words that say nothing of the thing that bears them: its noun, `index` or `result` stand in their place."""


def names_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that a file gives to something: variables, arguments, functions, classes, imports under another."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
            case ast.alias(asname=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_things_bear_nouns(file):
    empty = [f"line {line}: {name}" for name, line in names_of(ast.parse(file.read_text())) if name in EMPTY_NAMES]
    assert empty == []


def test_a_public_class_name_stands_for_one_thing():
    places: defaultdict[str, list[str]] = defaultdict(list)
    for file in SOURCE.rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(str(file.relative_to(SOURCE)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
