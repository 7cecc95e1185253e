"""Files of a data set that cannot be read: all of them in a single refusal, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from chipsmith.errors import BadInput

Item = TypeVar("Item")
Result = TypeVar("Result")


class UnreadableExamples(BadInput):
    """Some examples cannot be read; `faults` has a message for each, of `total` that were tried."""

    def __init__(self, faults: Sequence[str], *, total: int) -> None:
        self.faults = tuple(faults)
        self.total = total
        more = f" (and {len(faults) - 1:,} more of {total:,} cannot be read)" if len(faults) > 1 else ""
        mend = "mend or remove it" if len(faults) == 1 else "mend or remove them: `chipsmith check-data` names each"
        super().__init__(f"{faults[0]}{more}; {mend}")


def read_each(items: Sequence[Item], read: Callable[[Item], Result]) -> list[Result]:
    """What `read` makes of each item. Raises UnreadableExamples with the faults of all that it refuses."""
    results: list[Result] = []
    faults: list[str] = []
    for item in items:
        try:
            results.append(read(item))
        except BadInput as fault:
            faults.append(str(fault))
    if faults:
        raise UnreadableExamples(faults, total=len(items))
    return results
