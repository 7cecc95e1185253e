"""The API reference: signatures and docstrings as Markdown, read from the source without running it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from chipsmith.api import VERBS, forms

Function = ast.FunctionDef

NOUNS = (
    "chipsmith.learn.recipe:Recipe",
    "chipsmith.tosa.graph:Graph",
    "chipsmith.frontends.quantized_network:QuantizedNetwork",
    "chipsmith.chip.description:Chip",
    "chipsmith.program.program:Program",
    "chipsmith.program.program:Manifest",
    "chipsmith.flow.results:CompileResult",
    "chipsmith.flow.results:SimResult",
    "chipsmith.sim.cycle:Timeline",
    "chipsmith.flow.results:Estimate",
    "chipsmith.profile.profile:Totals",
    "chipsmith.profile.profile:Profile",
    "chipsmith.flow.results:RunResult",
    "chipsmith.studies.budget:Budget",
    "chipsmith.studies.objectives:Objective",
    "chipsmith.studies.result:Compression",
    "chipsmith.studies.search.study_file:SearchStudy",
    "chipsmith.studies.search.result:SearchResult",
    "chipsmith.targets.target:Target",
)
"""The values that verbs take and give, and that a script meets first."""

WIDEST = 100
"""Characters of a signature on one line; longer ones have an argument a line."""


def verb_sections() -> str:
    """The verbs of chipsmith, in the order of the alphabet."""
    return "\n\n".join(describe_function(VERBS[name].function) for name in sorted(VERBS))


def noun_sections() -> str:
    """The nouns, from the recipe to what is known of its network."""
    return "\n\n".join(describe_class(place) for place in NOUNS)


def describe_function(function: Callable[..., object]) -> str:
    """A section of a function: its name, its signature, its docstring."""
    node = _definition(Path(inspect.getfile(function)), function.__name__)
    assert isinstance(node, Function)
    return f"### `{node.name}`\n\n{_signature(node)}\n\n{_words(node)}"


def describe_class(place: str) -> str:
    """A section of a class, given as "module:Name": its docstring, fields, properties and methods."""
    module, _, name = place.partition(":")
    node = _definition(Path(str(import_module(module).__file__)), name)
    assert isinstance(node, ast.ClassDef)
    members = [*_fields(node), *_methods(node)]
    parts = [f"### `{name}`", f"`from {module} import {name}`{_based_on(node)}", _words(node), "\n".join(members)]
    return "\n\n".join(part for part in parts if part)


def _based_on(node: ast.ClassDef) -> str:
    """The noun that a class adds to, if any: its fields stand there."""
    nouns = {place.partition(":")[2] for place in NOUNS}
    bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in nouns]
    return "".join(f"; has all of `{base}` too" for base in bases)


def _definition(file: Path, name: str) -> ast.AST:
    """The last definition of that name: overloads stand before it."""
    body = ast.parse(file.read_text()).body
    return next(node for node in reversed(body) if isinstance(node, Function | ast.ClassDef) and node.name == name)


def _signature(node: Function) -> str:
    """The head of a function as a block of Python that is shown and not run."""
    arguments, returns = _arguments(node.args), f" -> {_type(node.returns)}" if node.returns else ""
    line = f"{node.name}({', '.join(arguments)}){returns}"
    if len(line) > WIDEST:
        line = f"{node.name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){returns}"
    return f"```py\n{line}\n```"


def _arguments(arguments: ast.arguments) -> list[str]:
    """Each argument with its type and default; `*` where only names may follow."""
    plain = [argument for argument in (*arguments.posonlyargs, *arguments.args) if argument.arg != "self"]
    missing: Sequence[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    texts = [_argument(*pair) for pair in zip(plain, (*missing, *arguments.defaults), strict=True)]
    if arguments.vararg:
        texts.append(f"*{_argument(arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        texts.append("*")
    return [*texts, *(_argument(*pair) for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))]


class _PlainTypes(ast.NodeTransformer):
    """Types as a reader writes them: without names that stand for others, options of commands, and quotes."""

    def visit_Name(self, node: ast.Name) -> Any:
        return self.visit(_type_names()[node.id]) if node.id in _type_names() else node

    def visit_Constant(self, node: ast.Constant) -> Any:
        return self.visit(ast.parse(node.value, mode="eval").body) if isinstance(node.value, str) else node

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        match node:
            case ast.Subscript(value=ast.Name(id="Literal")):
                return node
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[kind, *_])):
                return self.visit(kind)
            case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=kinds)):
                return reduce(lambda left, right: ast.BinOp(left, ast.BitOr(), right), map(self.visit, kinds))
        return self.generic_visit(node)


@cache
def _type_names() -> dict[str, ast.expr]:
    """Names that stand for a type in the verbs' signatures, and that type."""
    body = ast.parse(Path(forms.__file__).read_text()).body
    return {name: value for node in body if isinstance(node, ast.Assign) for name, value in _assigned(node)}


def _assigned(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value


def _type(annotation: ast.expr) -> str:
    return ast.unparse(_PlainTypes().visit(annotation))


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    kind = f": {_type(argument.annotation)}" if argument.annotation else ""
    return argument.arg + kind + (f" = {ast.unparse(default)}" if default else "").replace("'", '"')


def _words(node: Function | ast.ClassDef) -> str:
    return ast.get_docstring(node) or ""


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """A line for each public field, with the text that stands under it."""
    for index, field in enumerate(node.body):
        match field:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind) if not name.startswith("_"):
                words = _text_under(node, index) or _described(field.value)
                yield f"- `{name}: {_type(kind)}`" + (f": {words}" if words else "")


def _text_under(node: ast.ClassDef, index: int) -> str:
    """The string that follows a field, as one line."""
    match node.body[index + 1 : index + 2]:
        case [ast.Expr(value=ast.Constant(value=str(words)))]:
            return re.sub(r"\s+", " ", words).strip()
    return ""


def _described(value: ast.expr | None) -> str:
    """The `description` of a pydantic Field."""
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg == "description" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return ""


def _methods(node: ast.ClassDef) -> Iterator[str]:
    """A line for each public method and property: how it is called, and the first sentence of its docstring."""
    for method in node.body:
        if isinstance(method, Function) and not method.name.startswith("_"):
            decorators = {ast.unparse(decorator) for decorator in method.decorator_list}
            call = "" if decorators & {"property", "cached_property"} else f"({', '.join(_call(method))})"
            returns = f" -> {_type(method.returns)}" if method.returns else ""
            first = re.sub(r"\s+", " ", _words(method).partition("\n\n")[0])
            yield f"- `{method.name}{call}{returns}`" + (f": {first}" if first else "")


def _call(method: Function) -> list[str]:
    return [argument for argument in _arguments(method.args) if argument != "cls"]
