"""The definitions of a C source in the making: each text stands once, under a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chipsmith.codegen.ctext import array_text, element_text, structure_text, unique_identifiers, wrap_line
from chipsmith.codegen.storage import GraphLayout
from chipsmith.tosa.graph import Array, DType

_NAME = "@name@"
"""Stands for the definition's own name in its text."""


@dataclass
class Unit:
    """Constants and functions of one source, in the order in which they were added; `reserved` are foreign names.

    `bases` has the array, or the caller's buffer, and the element in it where each tensor begins that is computed.
    """

    layout: GraphLayout
    bases: Mapping[str, tuple[str, int]]
    reserved: frozenset[str]
    texts: dict[str, str] = field(default_factory=dict)
    constant_bytes: int = 0
    _names: dict[str, str] = field(default_factory=dict)

    def define(self, stem: str, text: str) -> str:
        """The name of a definition whose text has @name@ for it; the same text gets the same name."""
        if text not in self._names:
            (name,) = unique_identifiers([stem], taken=(*self.reserved, *self.texts))
            self._names[text] = name
            self.texts[name] = text.replace(_NAME, name)
        return self._names[text]

    def pointer(self, name: str) -> str:
        """The C text of the pointer to a tensor's first element."""
        return self.element(self.layout.root(name), self.layout.view(name).offset)

    def element(self, root: str, index: int) -> str:
        """The C text of the pointer to an element of a tensor that is no view of another."""
        data = self.layout.graph.constant(root)
        if data is None:
            base, first = self.bases[root]
            return element_text(base, first + index)
        return element_text(self.add_array("constant", data, self.layout.graph.tensor(root).dtype), index)

    def add_array(self, stem: str, data: Array, dtype: DType) -> str:
        """The name of a constant array."""
        before = len(self.texts)
        name = self.define(stem, array_text(_NAME, data, dtype))
        if len(self.texts) > before:
            self.constant_bytes += data.size * dtype.size_bytes
        return name

    def add_structure(self, kind: str, stem: str, fields: Mapping[str, int | str]) -> str:
        """The name of a constant structure of type `kind`."""
        return self.define(stem, structure_text(kind, _NAME, fields))

    def add_function(self, stem: str, parameters: str, body: str) -> str:
        """The name of a function without result."""
        head = wrap_line(f"static void {stem}_00({parameters})", indent=0).replace(f"{stem}_00", _NAME, 1)
        return self.define(stem, f"{head}\n{{\n{body}}}\n")
