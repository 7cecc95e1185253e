"""Chip files and catalogue names -> Chip, with one clear message for each fault of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from chipsmith.chip.description import Chip
from chipsmith.chip.timing import check_clock
from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary_text
from chipsmith.plain_yaml import Document, parse_document, parse_value
from chipsmith.suggest import nearest_in_brackets

CHIP_PREFIX = "chip."
"""Before a field of a chip where a setting may be of something else too."""

_SUFFIX = ".yaml"
_FORM = "a chip file is a YAML mapping of fields; see `chipsmith chips` for examples"
_LONGEST_OVERRIDDEN_NAME = 120
"""Characters: such a name is part of the names of folders."""


def catalogue() -> tuple[str, ...]:
    """Names of the chips that the package brings, by multipliers, on-chip bytes and name, from small to large."""
    return tuple(load_catalogue())


def load_catalogue() -> dict[str, Chip]:
    """The chips that the package brings by name, in the order of `catalogue`."""
    chips = {name: load_chip(name) for name in _catalogue_names()}
    return dict(sorted(chips.items(), key=lambda item: (item[1].macs, item[1].on_chip_bytes, item[0])))


def load_chip(name_or_path: str | Path, overrides: Mapping[str, str] | None = None) -> Chip:
    """A chip of the catalogue by name, or the chip in a YAML file; `overrides` replace single fields.

    An override's key is a dotted path ("tensor.rows"), its value a YAML scalar in text. An overridden chip's name says
    so, unless the name itself is overridden; a long list of overrides becomes their number and a hash. Raises BadInput
    with all faults in one message, and for a clock that is faster than the chip can be (`chipsmith.chip.timing`).
    """
    text, origin = _find_text(name_or_path)
    return _build(_parse(text, origin=origin), overrides=overrides or {}, origin=origin)


def read_chip(text: str, *, origin: str = "text") -> Chip:
    """The chip in a YAML text; `origin` names the text in messages. Raises BadInput."""
    return _build(_parse(text, origin=origin), overrides={}, origin=origin)


def override_chip(chip: Chip, overrides: Mapping[str, str]) -> Chip:
    """The chip with some fields replaced, validated again; overrides as in `load_chip`. Raises BadInput."""
    document = Document(fields=chip.model_dump(mode="json"), lines={})
    return _build(document, overrides=overrides, origin=chip.name)


def parse_overrides(settings: Sequence[str]) -> dict[str, str]:
    """["tensor.rows=32"] -> {"tensor.rows": "32"}; raises BadInput for a setting without field, `=` or value."""
    overrides: dict[str, str] = {}
    for setting in settings:
        field, equals, value = (part.strip() for part in setting.partition("="))
        if not (field and equals and value):
            raise BadInput(f"setting {setting!r}: write field=value, for example tensor.rows=32")
        if field in overrides:
            raise BadInput(f"setting {field} is given twice: keep one")
        overrides[field] = value
    return overrides


def parse_chip_settings(settings: Sequence[str]) -> dict[str, str]:
    """As `parse_overrides`, of a chip alone: "chip.tensor.rows=32" is the same setting as "tensor.rows=32"."""
    return parse_overrides([setting.strip().removeprefix(CHIP_PREFIX) for setting in settings])


def _parse(text: str, *, origin: str) -> Document:
    return parse_document(text, origin=f"chip {origin}", form=_FORM)


def _build(document: Document, *, overrides: Mapping[str, str], origin: str) -> Chip:
    fields = _overridden(document.fields, overrides) if overrides else document.fields
    lines = {path: line for path, line in document.lines.items() if path not in overrides}
    try:
        chip = Chip.model_validate(fields)
    except ValidationError as error:
        from chipsmith.chip.faults import describe_faults

        raise BadInput(describe_faults(error, origin=origin, lines=lines)) from error
    check_clock(chip, origin=f"{origin}, line {lines['clock_mhz']}" if "clock_mhz" in lines else origin)
    return chip


def _overridden(fields: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    changed = _copy(fields)
    for path, text in overrides.items():
        _set(changed, path=path, value=_scalar(path, text))
    if "name" not in overrides:
        changed["name"] = _overridden_name(str(changed.get("name", "")), overrides)
    return changed


def _overridden_name(name: str, overrides: Mapping[str, str]) -> str:
    settings = ", ".join(f"{path}={text}" for path, text in sorted(overrides.items()))
    whole = f"{name} ({settings})"
    if len(whole) <= _LONGEST_OVERRIDDEN_NAME:
        return whole
    short = f" ({len(overrides)} settings, {hashlib.sha256(whole.encode()).hexdigest()[:8]})"
    return name[: _LONGEST_OVERRIDDEN_NAME - len(short)] + short


def _copy(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, dict) else value for key, value in fields.items()}


def _scalar(path: str, text: str) -> Hashable:
    try:
        value = parse_value(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"setting {path}={text:.80}: the value is not a YAML scalar") from error
    if isinstance(value, (dict, list)):
        raise BadInput(f"setting {path}={text}: set one field at a time, for example tensor.rows=32")
    return str(text) if path in ("name", "description") else value


def _set(fields: dict[str, Any], *, path: str, value: Hashable) -> None:
    *sections, name = path.split(".")
    for section in sections:
        fields = fields.setdefault(section, {})
        if not isinstance(fields, dict):
            raise BadInput(f"setting {path}: {section} is a single value and has no fields")
    if isinstance(fields.get(name), dict):
        raise BadInput(f"setting {path}: name one of its fields, such as {path}.{next(iter(fields[name]))}")
    fields[name] = value


def _find_text(name_or_path: str | Path) -> tuple[str, str]:
    name = str(name_or_path)
    if isinstance(name_or_path, str) and name in _catalogue_names():
        return (_catalogue_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8"), name
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return _read_file(path), name
    raise BadInput(
        f"chip {name!r} is not in the catalogue{_suggestion(name)}: {', '.join(catalogue())}; or name a file"
    )


def _read_file(path: Path) -> str:
    try:
        return read_ordinary_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file in UTF-8"
        raise BadInput(f"chip file {path}: {reason}; the catalogue has {', '.join(catalogue())}") from error


def _suggestion(name: str) -> str:
    return nearest_in_brackets(name, catalogue())


def _catalogue_folder() -> Traversable:
    return resources.files("chipsmith.chip") / "catalogue"


def _catalogue_names() -> frozenset[str]:
    names = (entry.name for entry in _catalogue_folder().iterdir())
    return frozenset(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
