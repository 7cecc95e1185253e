"""All subjects: those that the files of `doors.groups` list."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from doors import groups
from doors.subject import Subject


def group_names() -> list[str]:
    """The groups, each a file."""
    return [module.name.replace("_", "-") for module in pkgutil.iter_modules(groups.__path__)]


def list_group(group: str) -> Sequence[Subject]:
    """The subjects of a group."""
    subjects: Sequence[Subject] = import_module(f"{groups.__name__}.{group.replace('-', '_')}").list_subjects()
    return subjects


def find_subject(key: str) -> Subject:
    """The subject of that key."""
    group = key.partition("/")[0]
    return next(subject for subject in list_group(group) if subject.key == key)
