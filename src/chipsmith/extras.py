"""Packages beside the base install: each is brought by an extra of Chipsmith, and asked for where it is used."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from chipsmith.errors import BadInput


def require_package(package: str, *, extra: str | None, task: str, distribution: str | None = None) -> None:
    """Raise BadInput, which says that `task` cannot be done and how to mend it, where `package` is not installed.

    `package` is the name to import, `distribution` that under which it is installed, where they differ; `extra` is
    Chipsmith's extra that brings it, None where none does.
    """
    if find_spec(package) is None:
        name = distribution or package
        mend = name if extra is None else f"'chipsmith[{extra}]'"
        raise BadInput(f"cannot {task}: {name} is not installed; mend: pip install {mend}")


def installed_version(distribution: str) -> str | None:
    """The version of a distribution, which is not imported; None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
