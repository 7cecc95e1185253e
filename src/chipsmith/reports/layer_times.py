"""The layers of one network on several chips, side by side: a chip may fuse and cut them in other kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import KernelRow, Profile
from chipsmith.reports.author_names import PAGE_LETTERS, label_row
from chipsmith.reports.charts import distinct
from chipsmith.reports.fitted_names import shorten_middle


@dataclass(frozen=True, kw_only=True)
class LayerTimes:
    """A kernel on each of some chips: what it adds to the latency in µs, and its energy in µJ; 0 where it is not."""

    label: str
    times_us: tuple[float, ...]
    energies_uj: tuple[float, ...]


def compare_layers(profiles: Sequence[Profile]) -> tuple[LayerTimes, ...]:
    """The kernels in the order of the first chip, then those that only later ones have.

    Each has its label, with the number that it has on the first chip that computes it.
    """
    added = [_added_cycles(profile) for profile in profiles]
    kernels = [{_key(row): row for row in profile.kernels if row.name != REST} for profile in profiles]
    keys = list(dict.fromkeys(key for own in kernels for key in own))
    labels = distinct([_label(next(own[key] for own in kernels if key in own)) for key in keys])
    return tuple(
        LayerTimes(
            label=label,
            times_us=tuple(
                cycles.get(key, 0) / profile.latency.clock_mhz for cycles, profile in zip(added, profiles, strict=True)
            ),
            energies_uj=tuple(own[key].total_pj / 1e6 if key in own else 0.0 for own in kernels),
        )
        for key, label in zip(keys, labels, strict=True)
    )


def _added_cycles(profile: Profile) -> dict[str, int]:
    """The cycles by which each kernel moves the end of all that came before it."""
    rows = sorted((row for row in profile.kernels if row.name != REST), key=lambda row: row.last_end_cycle)
    end = min((row.first_start_cycle for row in rows), default=0)
    added = {}
    for row in rows:
        added[_key(row)] = max(0, row.last_end_cycle - end)
        end = max(end, row.last_end_cycle)
    return added


def _key(row: KernelRow) -> str:
    """A kernel's name without its number, which is another where a chip has other kernels before it."""
    return row.name.partition(":")[2] or row.name


def _label(row: KernelRow) -> str:
    return shorten_middle(label_row(row), PAGE_LETTERS)
