"""How figures are written for people: one rule for digits, one unit for each quantity, on pages and terminals alike.

| quantity | unit | of other size |
|---|---|---|
| time of an inference | µs | ns, ms, s in a sentence (`format_time`) |
| energy of an inference | µJ | nJ, mJ, J in a sentence (`format_energy`) |
| bytes that are counted | bytes, all digits: 83,536 | KiB, MiB, GiB, of 1,024 each (`format_bytes`) |
| power, area, money, clock | mW, mm², USD, MHz | |
| shares | 97.9 %, with a space (`percent`) | |

A table has one unit a column, which its head names. Keys of JSON objects have their own names, such as `area_mm2`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TIMES = ((1e-3, "ns"), (1.0, "µs"), (1e3, "ms"), (1e6, "s"))
"""Units of time in microseconds, from small to large."""
_ENERGIES = ((1e-3, "nJ"), (1.0, "µJ"), (1e3, "mJ"), (1e6, "J"))
"""Units of energy in microjoules, from small to large."""
_SPELLED = {"um2": "µm²", "mm2": "mm²", "uJ": "µJ", "us": "µs"}
_ASCII_UNIT = re.compile(r"\bum2\b|\bmm2\b|\buJ\b|(?<=\d )us\b")
_SIZES = ((1 << 10, "KiB"), (1 << 20, "MiB"), (1 << 30, "GiB"))


def significant(value: float) -> str:
    """A number as text with three significant digits, whole ones with all theirs: 12,345 and 0.0123."""
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - _exponent(value))
    return f"{value:.{digits}f}"


def significant_together(*values: float) -> tuple[str, ...]:
    """Numbers of one figure, as its value and its range: where one has decimals, a small whole one has them too."""
    if all(value == round(value) for value in values):
        return tuple(significant(value) for value in values)
    digits = (0 if abs(value) >= 1000 else max(0, 2 - _exponent(value)) for value in values)
    return tuple(f"{value:,.{places}f}" for value, places in zip(values, digits, strict=True))


def count_things(count: int, noun: str) -> str:
    """A number of things, as "1 seed" or "1,200 trials"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(share: float, digits: int = 2) -> str:
    """A share from 0 to 1 as text, such as '97.90 %'."""
    return f"{100 * share:.{digits}f} %"


def signed_percent(share: float, digits: int = 0) -> str:
    """A difference of shares as text with its sign, such as '+4 %' or '−4 %'."""
    return f"{signed(100 * share, digits)} %"


def signed(value: float, digits: int) -> str:
    """A difference as text with its sign and so many digits behind the point, such as '+0.30' or '−2.00'.

    The sign is the minus of typography, on pages and terminals alike: a hyphen may end a line.
    """
    return with_minus(f"{value:+.{digits}f}")


def with_minus(text: str) -> str:
    """The text of a number with the minus of typography in place of a hyphen."""
    return f"−{text[1:]}" if text.startswith("-") else text


def format_time(time_us: float) -> str:
    """Microseconds as text in the unit that fits: '31.3 µs', '12.3 ms'."""
    return _scaled(time_us, _TIMES)


def format_energy(energy_uj: float) -> str:
    """Microjoules as text in the unit that fits: '8.43 µJ', '1.20 mJ'."""
    return _scaled(energy_uj, _ENERGIES)


def format_bytes(size_bytes: int) -> str:
    """Bytes as text in the unit that people read, of 1,024 each: '1.5 MiB'."""
    fitting = [(size, name) for size, name in _SIZES if size_bytes >= size]
    if not fitting:
        return f"{size_bytes} bytes"
    size, name = fitting[-1]
    return f"{f'{size_bytes / size:,.1f}'.removesuffix('.0')} {name}"


def format_metric(name: str, value: float) -> str:
    """A metric's value as text: accuracies in percent, others as numbers."""
    return percent(value) if name == "accuracy" else f"{value:.4g}"


def format_interval(name: str, value: float, low: float, high: float) -> str:
    """A metric with its interval: '98.10 % (97.20 to 98.90)'."""
    ends = (format_metric(name, end).removesuffix(" %") for end in (low, high))
    return f"{format_metric(name, value)} ({' to '.join(ends)})"


def spell_units(text: str) -> str:
    """A text with its units as they are written on pages: constants' tables, which are plain ASCII, say um2 and uJ."""
    return _ASCII_UNIT.sub(lambda unit: _SPELLED[unit[0]], text)


def _scaled(value: float, units: Sequence[tuple[float, str]]) -> str:
    """The value in the largest unit that leaves at least 1 of it; zero in the second, which is the quantity's own."""
    fitting = [(size, name) for size, name in units if abs(value) >= size]
    size, name = fitting[-1] if fitting else units[0] if value else units[1]
    return f"{significant(value / size)} {name}"


def _exponent(value: float) -> int:
    return int(f"{value:e}".rpartition("e")[2])
