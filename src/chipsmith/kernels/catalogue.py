"""All kinds of kernels by name."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.errors import BadInput
from chipsmith.kernels import convolution, elementwise, matrix, normalise, pooling, recurrent
from chipsmith.kernels.kind import KernelKind
from chipsmith.kernels.parameters import show_value
from chipsmith.suggest import nearest_in_brackets

KERNEL_KINDS: Mapping[str, KernelKind] = {
    kind.name: kind
    for module in (convolution, pooling, matrix, normalise, recurrent, elementwise)
    for kind in module.KINDS
}
"""In the order in which they are listed."""


def find_kind(name: str) -> KernelKind:
    """The kind of that name. Raises BadInput, which lists all, for another."""
    if name in KERNEL_KINDS:
        return KERNEL_KINDS[name]
    meant = nearest_in_brackets(name, KERNEL_KINDS)
    raise BadInput(f"there is no kernel '{name}'{meant}; there are: {', '.join(KERNEL_KINDS)}")


def describe_parameters() -> Mapping[str, str]:
    """By the name of each parameter: what it is, and the kinds that have it with their defaults."""
    users: dict[str, dict[str, list[str]]] = {}
    for kind in KERNEL_KINDS.values():
        for parameter in kind.parameters:
            texts = users.setdefault(parameter.name, {})
            texts.setdefault(parameter.help, []).append(f"{kind.name} {show_value(parameter.default)}")
    return {
        name: "; ".join(f"{text} ({', '.join(kinds)})" for text, kinds in texts.items())
        for name, texts in users.items()
    }


def kernel_table() -> str:
    """The kinds with their parameters and defaults as a table in Markdown, for docs/kernels.md."""
    rows = [
        f"| `{kind.name}` | {kind.summary} | "
        + ", ".join(f"`{parameter.name}` {show_value(parameter.default)}" for parameter in kind.parameters)
        + " |"
        for kind in KERNEL_KINDS.values()
    ]
    return "\n".join(["| kernel | what it computes | parameters and defaults |", "|---|---|---|", *rows])
