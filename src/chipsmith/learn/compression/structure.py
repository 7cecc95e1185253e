"""The smaller structures of a family of networks: which widths, depths and kernels there are to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from chipsmith.errors import BadInput
from chipsmith.learn.faults import first_fault
from chipsmith.learn.networks import Network

_WIDTHS = {"channels", "dense", "hidden", "widths", "width", "feed_forward", "stem", "head", "features", "expanded"}
_DEPTHS = {"blocks", "layers", "repeats"}
_LENGTHS = {"channels", "dense", "hidden"}
_SHARES = (1.0, 0.75, 0.5, 0.375, 0.25, 0.125)
_LENGTH = "length"

Path = tuple[str | int, ...]
Value = int | float


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One hyper-parameter: where it stands in the settings and the values it may take, its own among them.

    A path that ends in "length" counts the elements of a tuple.
    """

    path: Path
    options: tuple[Value, ...]

    @property
    def name(self) -> str:
        """The path with points, as `channels.0`."""
        return ".".join(map(str, self.path))


def find_choices(network: Network, *, columns: int) -> tuple[Choice, ...]:
    """The choices of a network: widths that fill the chip's `columns`, numbers of layers, kernels; none larger.

    A tuple of layers may get one more, as wide as its last. Raises BadInput where the family leaves nothing to choose.
    """
    choices = tuple(choice for choice in _choices(network, (), columns) if len(choice.options) > 1)
    if not choices:
        kind = getattr(network, "kind", type(network).__name__)
        raise BadInput(
            f"a network of kind {kind} has no widths, depths or kernels to search: prune its channels instead"
        )
    return choices


def halve_widths(network: Network, choices: tuple[Choice, ...]) -> dict[str, Value]:
    """The values of the plainest smaller structure: about half of each width, depths and kernels as they are."""
    fields = network.model_dump()
    return {choice.name: _halved(choice, fields) for choice in choices}


def _halved(choice: Choice, fields: Any) -> Value:
    *holders, last = choice.path
    own = fields
    for key in holders:
        own = own[key]
    if last == _LENGTH:
        return len(own)
    value: Value = own[last]
    if _WIDTHS.isdisjoint(choice.path):
        return value
    return min(choice.options, key=lambda option: abs(option - value / 2))


def apply_choices(network: Network, chosen: Mapping[str, Value]) -> Network:
    """The settings with other values, by name of the choice. Raises BadInput where they do not go together."""
    fields = network.model_dump()
    for name, value in sorted(chosen.items(), key=lambda item: item[0].endswith(_LENGTH)):
        _put(fields, name.split("."), value)
    try:
        return type(network).model_validate(fields)
    except ValidationError as error:
        raise BadInput(f"structure {dict(chosen)}: {first_fault(error, type(network))}") from error


def _put(holder: Any, path: list[str], value: Value) -> None:
    first, *rest = path
    key: Any = int(first) if first.isdigit() else first
    if rest == [_LENGTH]:
        holder[key] = _resized(list(holder[key]), int(value))
    elif rest:
        if isinstance(holder[key], tuple):
            holder[key] = list(holder[key])
        _put(holder[key], rest, value)
    else:
        holder[key] = value


def _resized(values: list[Any], length: int) -> list[Any]:
    return [values[min(index, len(values) - 1)] for index in range(length)]


def _choices(model: BaseModel, path: Path, columns: int) -> Iterator[Choice]:
    for name, field in type(model).model_fields.items():
        yield from _of_value(name, getattr(model, name), (*path, name), columns, field.annotation)


def _of_value(name: str, value: Any, path: Path, columns: int, annotation: Any) -> Iterator[Choice]:
    if isinstance(value, BaseModel):
        yield from _choices(value, path, columns)
    elif isinstance(value, tuple):
        for index, element in enumerate(value):
            yield from _of_value(name, element, (*path, index), columns, annotation)
        if name in _LENGTHS and value and isinstance(value[0], int):
            yield Choice(path=(*path, _LENGTH), options=tuple(range(len(value) + 1, max(1, len(value) - 1) - 1, -1)))
    elif name == "kernel" and get_origin(annotation) is Literal:
        yield Choice(
            path=path,
            options=tuple(sorted((option for option in get_args(annotation) if option <= value), reverse=True)),
        )
    elif name in _WIDTHS and isinstance(value, float):
        yield Choice(path=path, options=tuple(value * share for share in _SHARES))
    elif name in _WIDTHS and isinstance(value, int):
        yield Choice(path=path, options=_filling(value, columns))
    elif name in _DEPTHS and isinstance(value, int):
        yield Choice(path=path, options=tuple(range(value, 0, -1)))


def _filling(width: int, columns: int) -> tuple[int, ...]:
    """The width and shares of it, in whole columns where there is more than one, in halves of them below."""
    rounded = (
        _round(width * share, columns if width * share > columns else max(1, columns // 2)) for share in _SHARES[1:]
    )
    return (width, *sorted({option for option in rounded if option < width}, reverse=True))


def _round(value: float, step: int) -> int:
    return max(step, round(value / step) * step)
