"""YAML of plain values: the one reader of chip files, recipes, studies and settings.

It is stricter than YAML where a file would mean something else than it seems to, and reads more numbers: `1e-5` and
`1.5e3` are numbers, as they are in YAML 1.2 (https://yaml.org/spec/1.2.2, section 10.3.2) and in JSON; YAML 1.1 wants a
point and a sign. In quotes they are texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from chipsmith.errors import BadInput


class PlainLoader(yaml.SafeLoader):
    """Refuses aliases (a few lines of aliases of aliases stand for gigabytes) and keys that are given twice."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._path: list[str] = []

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As of yaml.SafeLoader; raises MarkedYAMLError for an alias."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem=f"*{event.anchor} is an alias; write each value out", problem_mark=event.start_mark
            )
        name = _step_name(index)
        self._path += name
        try:
            return super().compose_node(parent, index)
        finally:
            del self._path[len(self._path) - len(name) :]

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """As of yaml.SafeLoader; raises RepeatedKey."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in lines:
                path = ".".join([*self._path, key.value])
                problem = f"{path} is given twice (first on line {lines[key.value]}): keep one"
                raise RepeatedKey(problem=problem, problem_mark=key.start_mark)
            lines[key.value] = key.start_mark.line + 1
        return node


def _step_name(index: Any) -> list[str]:
    """What a step down into a node adds to the path: the key of a mapping, the place in a list."""
    if isinstance(index, yaml.ScalarNode):
        return [str(index.value)]
    return [str(index)] if isinstance(index, int) else []


class RepeatedKey(yaml.MarkedYAMLError):
    """A key that a mapping has twice."""


_EXPONENT = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+\Z")
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+.0123456789"))


@dataclass(frozen=True, kw_only=True)
class Document:
    """A parsed YAML mapping and the line (from 1) of each of its fields by dotted path."""

    fields: dict[str, Any]
    lines: dict[str, int]


def parse_document(text: str, *, origin: str, form: str) -> Document:
    """Parse a YAML text that is a mapping; `origin` names it in messages, `form` says what it should be.

    Raises BadInput with the line of a fault: what is not YAML, no mapping, has aliases or a key twice.
    """
    try:
        loader = PlainLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise BadInput(f"{origin}: {form}")
        return Document(fields=loader.construct_document(node), lines=_field_lines(node, prefix=""))
    except RepeatedKey as error:
        raise BadInput(f"{origin}{_place(error)}: {error.problem}") from error
    except yaml.MarkedYAMLError as error:
        raise BadInput(f"{origin}{_place(error)}: not YAML: {_worded(error)}") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{origin}: not YAML: {' '.join(str(error).split())}") from error
    except ValueError as error:
        raise BadInput(f"{origin}: a value that YAML cannot read: {error}") from error
    except RecursionError:
        raise BadInput(f"{origin}: nested too deeply; {form}") from None


def parse_value(text: str) -> Any:
    """The value in a short YAML text. Raises yaml.YAMLError, ValueError, RecursionError."""
    return PlainLoader(text).get_single_data()


_WORDS = (
    (
        r"mapping values are not allowed",
        "a ': ' where no field can stand: mind the indentation, or put the text in quotes",
    ),
    (r"expected <block end>, but found", "it is indented otherwise than the lines above it that it belongs to"),
    (r"could not find expected ':'", "a line without ': ' between a field and its value"),
    (r"found character '.t' that cannot start", "a tab; indent by spaces"),
    (r"found character '(.)' that cannot start", "a value that begins with a sign of YAML's own: put it in quotes"),
    (r"expected ',' or '\]'", "a list that is not closed, or has no comma between two values: [1, 2]"),
    (r"expected ',' or '\}'", "a section that is not closed, or has no comma between two fields: {a: 1, b: 2}"),
    (r"expected the node content|did not find expected node", "a value is missing, or a bracket is not closed"),
    (r"found unexpected end of stream", "a quote that is not closed"),
    (r"could not determine a constructor", "a tag (!...); take it out, and write the value alone"),
    (r"sequence entries are not allowed", "a '- ' where no list can begin: put it on a line of its own"),
)
"""What the parser says, and what it means for who wrote the file."""


def _worded(error: yaml.MarkedYAMLError) -> str:
    said = str(error.problem or error.context)
    return next((words for pattern, words in _WORDS if re.search(pattern, said)), said)


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f", line {mark.line + 1}" if mark else ""


def _field_lines(node: yaml.MappingNode, *, prefix: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    for key, value in node.value:
        path = f"{prefix}{key.value}"
        lines[path] = key.start_mark.line + 1
        if isinstance(value, yaml.MappingNode):
            lines |= _field_lines(value, prefix=f"{path}.")
    return lines
