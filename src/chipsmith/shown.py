"""How values show themselves to people in Python: a short repr, tables in a notebook, pictures.

What a value looks like as tables or as a picture is known far above most of them, where terminal and pages are made:
so nothing here imports that, and the two functions that draw are called by their names, when they are first wanted.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LETTERS = 300
"""A repr is no longer."""
_TEXT_LETTERS = 60
"""Letters of a text inside of a repr; of a longer one its beginning."""
_SHOWN_ITEMS = 4
"""Items of a short sequence of plain values that are written out."""
_TABLES = "chipsmith.api.notebook:draw_tables"
_PICTURES = "chipsmith.api.notebook:draw_picture"
_MORE = "..."

Item = TypeVar("Item")


def _text_is_ours(kind: type) -> bool:
    """Whether a class, or a base of it, says itself how its values are written as text: then they are."""
    owner = next(base for base in kind.__mro__ if "__str__" in base.__dict__)
    return owner.__module__.partition(".")[0] not in ("builtins", "pydantic")


class Shown:
    """A value whose repr has LETTERS letters at most, and which a notebook shows as the terminal's tables.

    The repr has the figures of `_brief` in angle brackets where the class gives some, else its fields as dataclasses
    write them, each abridged: `[12 KernelRow]`, `int8[16, 10]`. Equality, hash, pickles and fields are untouched.
    """

    __slots__ = ()

    def __init_subclass__(cls, **settings: Any) -> None:
        """Put the repr into the class itself, where `dataclass` and pydantic leave it alone."""
        super().__init_subclass__(**settings)
        names = ["__repr__"] if "__repr__" not in cls.__dict__ else []
        for name in names if _text_is_ours(cls) else [*names, "__str__"]:
            setattr(cls, name, Shown.__dict__["__repr__"])

    def _brief(self) -> str:
        """The figures that matter, in a line or two; empty where the fields say it."""
        return ""

    def __repr__(self) -> str:
        return shorten(self)

    def _repr_html_(self) -> str | None:
        """The tables of the terminal as HTML; None for what no command shows, whose repr a notebook then prints."""
        html: str | None = _call(_TABLES, self)
        return html


class Pictured(Shown):
    """A value that has pictures too."""

    __slots__ = ()

    def plot(self, picture: str = "") -> Figure:
        """A picture as a figure of plotly; `picture` names another than the first one. Raises BadInput for no such."""
        figure: Figure = _call(_PICTURES, self, picture)
        return figure


def adopt(kind: type, brief: Callable[[Any], str] | None = None) -> None:
    """Have the values of a class that says nothing of this show themselves as those of Shown do.

    For classes whose files have to stay as they are. `brief` gives what `_brief` of Shown does.
    """
    for name in ("__repr__", "__str__", "_repr_html_"):
        setattr(kind, name, getattr(Shown, name if name != "__str__" else "__repr__"))
    kind._brief = brief or Shown._brief  # type: ignore[attr-defined]


class Several(tuple[Item, ...], Shown):
    """Several values of a kind that a verb returns: a tuple, and equal to one, with a short repr."""

    __slots__ = ()

    def _brief(self) -> str:
        names = [str(getattr(row, "name", getattr(row, "kind", ""))) for row in self]
        listed = ", ".join(filter(None, names))
        kind = type(self[0]).__name__ if self else "rows"
        return f"{len(self)} {kind}{f': {listed}' if listed else ''}"


def shorten(value: object) -> str:
    """The repr of a value, in LETTERS letters at most; see Shown."""
    brief, name = _brief_of(value), type(value).__name__
    if brief:
        return f"<{name} {cut(brief, LETTERS - len(name) - 3)}>"
    return _join_fields(name, list_fields(value))


def _brief_of(value: object) -> str:
    brief = getattr(type(value), "_brief", None)
    return "" if brief is None else str(brief(value))


def cut(text: str, letters: int = _TEXT_LETTERS) -> str:
    """A text of at most so many letters: of a longer one the beginning."""
    return text if len(text) <= letters else f"{text[: letters - len(_MORE)]}{_MORE}"


def list_fields(value: object) -> Iterator[tuple[str, object]]:
    """The fields that belong into a repr, of a dataclass or of a model of pydantic."""
    if dataclasses.is_dataclass(value):
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value) if field.repr)
    else:
        yield from ((name, getattr(value, name)) for name in getattr(type(value), "model_fields", ()))


def _join_fields(name: str, fields: Iterator[tuple[str, object]]) -> str:
    """All fields where they are short enough, else the first ones."""
    text, least = f"{name}(", len(_MORE) + 3
    for index, (field, value) in enumerate(fields):
        part = f"{', ' if index else ''}{field}={_abridge(value)}"
        if len(text) + len(part) > LETTERS - least:
            return f"{text}{', ' if index else ''}{_MORE})"
        text += part
    return f"{text})"


def _abridge(value: object) -> str:
    """A field of a repr: plain values as they are, others by their kind and number."""
    if isinstance(value, enum.Enum):
        return repr(value.value)
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str | os.PathLike):
        return repr(cut(os.fspath(value)))
    if isinstance(value, bytes | bytearray):
        return f"[{len(value):,} bytes]"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, Mapping | AnySet) or (isinstance(value, Sequence) and not isinstance(value, Shown)):
        return _abridge_many(value)
    brief = _brief_of(value)
    return f"<{type(value).__name__}{f' {cut(brief)}' if brief else ''}>"


def _abridge_many(values: Mapping[Any, Any] | AnySet[Any] | Sequence[Any]) -> str:
    items = list(values.values()) if isinstance(values, Mapping) else list(values)
    plain = len(items) <= _SHOWN_ITEMS and all(isinstance(item, str | int | float | None) for item in items)
    if isinstance(values, Mapping):
        shown = [f"{_abridge(key)}: {_abridge(item)}" for key, item in values.items()] if plain else [_count(items)]
        return f"{{{', '.join(shown)}}}"
    if not plain:
        return f"[{_count(items)}]"
    return f"({', '.join(map(_abridge, items))}{',' if len(items) == 1 else ''})"


def _count(items: Sequence[object]) -> str:
    kinds = {type(item).__name__ for item in items}
    return f"{len(items):,} {kinds.pop() if len(kinds) == 1 else 'values'}"


def _call(place: str, *arguments: object) -> Any:
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)(*arguments)
