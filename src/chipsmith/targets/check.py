"""Which targets work on this computer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from chipsmith.chip import load_catalogue
from chipsmith.diagnosis import TargetCheck
from chipsmith.targets.registry import list_choices, load_target, target_names
from chipsmith.targets.target import TargetOptions

_DEFAULTS = TargetOptions()


def check_targets() -> tuple[TargetCheck, ...]:
    """All targets by name, as they are without options; after each its choices that need something else."""
    return tuple(check for name in target_names() for check in _check(name))


def _check(name: str) -> Iterator[TargetCheck]:
    chip = next(iter(load_catalogue().values()))
    for options in (_DEFAULTS, *list_choices(name)):
        missing = load_target(name, chip, options).missing()
        yield TargetCheck(
            name=" ".join((name, *_flags(options))),
            missing=tuple(each.name for each in missing),
            mend=" && ".join(dict.fromkeys(each.mend for each in missing if each.mend)),
        )


def _flags(options: TargetOptions) -> Iterator[str]:
    """The options as a command takes them."""
    for field in fields(options):
        value = getattr(options, field.name)
        if value is not None:
            yield f"--{field.name} {value}"
