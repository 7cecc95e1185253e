"""The packages that read data; each is needed by some kinds of data alone."""

from __future__ import annotations

from importlib.util import find_spec

from chipsmith.errors import BadInput


def require(package: str, *, purpose: str, extra: str = "data") -> None:
    """Raise BadInput, naming the mend, where a package of an extra of Chipsmith is not installed."""
    if find_spec(package) is None:
        raise BadInput(f"cannot {purpose}: {package} is not installed; mend: pip install 'chipsmith[{extra}]'")
