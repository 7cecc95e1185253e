"""The layout of the package: who may import whom, what is imported when, and how long a file may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "chipsmith"

FLOORS = (
    {"errors", "loops", "memory", "processors", "schema", "shown", "suggest", "units"},
    {"data_report"},
    {"extras"},
    {"diagnosis"},
    {"files", "locks", "plain_yaml", "private_folders"},
    {"checksums"},
    {"cache"},
    {"numerics"},
    {"tosa"},
    {"quantisation", "codegen", "quantum"},
    {"chip"},
    {"program"},
    {"mapping"},
    {"compiler", "sim", "hardware"},
    {"costs"},
    {"profile"},
    {"frontends"},
    {"runtimes"},
    {"targets"},
    {"kernels"},
    {"learn"},
    {"witness"},
    {"deployment"},
    {"studies"},
    {"systems"},
    {"reports"},
    {"flow"},
    {"console"},
    {"api"},
    {"cli"},
    {"start"},
)
"""From top to bottom: a package imports those above it; on one floor nobody imports another.

`program` stands above `mapping`, for mapping prices a loop nest by the cycle formulas of the instructions
(docs/decisions/0001).
"""

HEAVY = {"torch", "torchao", "executorch", "mlxtend", "sklearn", "plotly", "tosa", "tosa_serializer"} | {
    "tosa_reference_model",
    "tosa_converter_for_tflite",
    "ai_edge_litert",
    "safetensors",
    "rich",
    "onnx",
    "onnxruntime",
    "PIL",
    "soundfile",
    "librosa",
    "soxr",
    "tokenizers",
    "aeon",
    "pandas",
    "torch_pruning",
    "optuna",
    "openvino",
    "pennylane",
    "qiskit",
    "qiskit_aer",
    "qiskit_ibm_runtime",
    "qiskit_qasm3_import",
    "model_signing",
    "OpenSSL",
    "cyclonedx",
    "opacus",
    "dask",
    "distributed",
    "sqlalchemy",
    "mcp",
    "mcp_types",
    "anyio",
    "tensorboard",
    "mlflow",
}
"""Imported by the functions that use them, never with a module."""

TORCH_MODULES = ("learn.networks.modules", "quantum.modules")
"""Packages of subclasses of torch.nn.Module, which need torch as they are read; only functions import them."""

TORCH_PREFIXES = tuple(f"chipsmith.{package}" for package in TORCH_MODULES)

LONGEST_FILE = 500

FILES = sorted(SOURCE.rglob("*.py"))


def floor_of(name: str) -> int:
    return next(index for index, floor in enumerate(FLOORS) if name in floor)


def package_of(file: Path) -> str:
    return file.relative_to(SOURCE).with_suffix("").parts[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """The full names of all modules that a tree imports, at whatever depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            base = str(node.module)
            yield from ((f"{base}.{alias.name}" for alias in node.names) if base == "chipsmith" else (base,))


def imported_at_once(tree: ast.Module) -> Iterator[str]:
    """The modules that are imported when the file is: not those inside of functions or for type checkers."""
    for node in tree.body:
        if not isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ) and "TYPE_CHECKING" not in ast.dump(node):
            yield from imported(node)


def module_of(file: Path) -> str:
    """chipsmith/tosa/__init__.py -> chipsmith.tosa, chipsmith/tosa/graph.py -> chipsmith.tosa.graph."""
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in FILES}


def without_type_checking(tree: ast.Module) -> ast.Module:
    """The tree without the blocks that only a type checker reads."""

    class Dropper(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if "TYPE_CHECKING" in ast.dump(node.test) else self.generic_visit(node)

    return Dropper().visit(tree)


def files_imported(file: Path) -> set[str]:
    """The modules of the package whose names a file imports, at its top or inside of functions.

    A name that a package's __init__ hands on counts as that of the __init__ itself.
    """
    imports: set[str] = set()
    for node in ast.walk(without_type_checking(ast.parse(file.read_text()))):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imports |= {
                name if (name := f"{node.module}.{alias.name}") in MODULES else str(node.module) for alias in node.names
            }
    return imports & set(MODULES)


def cycles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Every set of two or more modules that reach one another, and every module that imports itself."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = imports[waiting.pop()] - seen
            seen |= new
            waiting += new
        return seen

    reach = {module: reached(module) for module in imports}
    knots = {frozenset(other for other in reach[module] if module in reach[other]) for module in imports}
    return sorted(sorted(knot) for knot in knots if knot)


def test_cycles_are_found():
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}, "e": {"a"}}
    assert cycles(imports) == [["b", "c"], ["d"]]


def test_no_files_import_one_another():
    """The rule: every import counts, at the top of a file or in a function; only those for type checkers do not."""
    assert cycles({module: files_imported(file) for module, file in MODULES.items()}) == []


def test_every_package_has_a_floor():
    packages = {package_of(file) for file in FILES} - {"__init__"}
    assert packages <= set().union(*FLOORS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_go_up(file):
    own = package_of(file)
    if own == "__init__":
        return
    others = {name.split(".")[1] for name in imported(ast.parse(file.read_text())) if name.startswith("chipsmith.")}
    assert {other for other in others - {own} if floor_of(other) >= floor_of(own)} == set()


def test_chip_stands_alone():
    for file in (SOURCE / "chip").rglob("*.py"):
        names = {name for name in imported(ast.parse(file.read_text())) if name.startswith("chipsmith.")}
        assert {name.split(".")[1] for name in names} <= {"chip", "errors", "files", "plain_yaml", "shown", "suggest"}


def test_the_functional_simulator_never_sees_a_graph():
    for file in (SOURCE / "sim").rglob("*.py"):
        assert not any(name.startswith("chipsmith.tosa") for name in imported(ast.parse(file.read_text()))), file


def test_heavy_libraries_are_imported_where_they_are_used():
    for file in FILES:
        names = set(imported_at_once(ast.parse(file.read_text())))
        if not module_of(file).startswith(TORCH_PREFIXES):
            assert not {name.split(".")[0] for name in names} & HEAVY, file
            assert not any(name.startswith(TORCH_PREFIXES) for name in names), file


def test_files_are_short():
    long = {file.name: count for file in FILES if (count := len(file.read_text().splitlines())) > LONGEST_FILE}
    assert long == {}
