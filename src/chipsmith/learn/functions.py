"""Functions that a file names: imported and called only where the caller allows them by name."""

from __future__ import annotations

from collections.abc import Collection

from chipsmith.errors import BadInput
from chipsmith.learn.networks import Function, Network


def functions_of(network: Network) -> tuple[str, ...]:
    """The functions, as `package.module:function`, that building the network imports and calls."""
    return (network.function,) if isinstance(network, Function) else ()


def refuse_functions(network: Network, *, allow: Collection[str], origin: str) -> None:
    """Raise BadInput where `network`, as the file `origin` describes it, names a function that `allow` does not."""
    for function in functions_of(network):
        if function not in allow:
            raise BadInput(
                f"{origin} names the function {function}, which would be imported and called: that is code, as safe as "
                f"its author; read it, then allow it by its name: --allow {function}, in Python allow=('{function}',)"
            )
