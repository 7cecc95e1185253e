"""How figures are written: three digits, one unit a quantity, 1,024 bytes a KiB, a space before the percent sign."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chipsmith.units import (
    count_things,
    format_bytes,
    format_energy,
    format_time,
    percent,
    signed,
    signed_percent,
    significant,
    significant_together,
    spell_units,
    with_minus,
)

SOURCE = Path(__file__).parents[1] / "src" / "chipsmith"
STRAY = re.compile(r"\buJ\b|\bum2\b|\} ?us\b|[\",] ?us\"|\bmm2 \(|\bKB\b(?!\")|\}k?B\b|:\+?\.\d%\}")
"""Units as no page and no terminal has them, in what the code writes."""
OTHERS = ("hardware", "costs", "chip", "program/limits.py", "units.py", "systems/texts/quotes.py")
"""Units of constants as their tables have them, words of users and of templates that are read."""


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (7.0, "7"), (31.298, "31.3"), (0.012345, "0.0123"), (-0.5, "-0.500")]
)
def test_three_digits_but_all_of_a_whole_number(value, text):
    assert significant(value) == text


def test_time_and_energy_are_in_the_unit_that_fits():
    assert [format_time(us) for us in (0.25, 31.3, 12_345, 2e6)] == ["250 ns", "31.3 µs", "12.3 ms", "2 s"]
    assert [format_energy(uj) for uj in (0.25, 8.43, 1200, 2e6)] == ["250 nJ", "8.43 µJ", "1.20 mJ", "2 J"]
    assert (format_time(0), format_energy(0)) == ("0 µs", "0 µJ")
    assert format_time(1e-5) == "0.0100 ns"


def test_bytes_are_counted_by_1024():
    assert [format_bytes(size) for size in (1000, 1024, 245_760, 3 << 19, 5 << 30)] == [
        "1000 bytes",
        "1 KiB",
        "240 KiB",
        "1.5 MiB",
        "5 GiB",
    ]


def test_a_share_has_a_space_before_its_sign():
    assert (percent(0.979), percent(0.5, 0), signed_percent(0.041), signed_percent(-0.1, 1)) == (
        "97.90 %",
        "50 %",
        "+4 %",
        "−10.0 %",
    )


def test_units_of_tables_are_spelled_as_on_pages():
    assert spell_units("NAND2 of 0.49 um2, 3 us, 2.1 mm2; let us see") == "NAND2 of 0.49 µm², 3 µs, 2.1 mm²; let us see"


def test_no_other_units_are_written_by_the_code():
    files = [file for file in SOURCE.rglob("*.py") if not str(file.relative_to(SOURCE)).startswith(OTHERS)]
    stray = [
        f"{file.relative_to(SOURCE)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if STRAY.search(line)
    ]
    assert not stray, "\n".join(stray)


def test_a_value_and_its_range_have_decimals_alike():
    assert significant_together(1.2, 1.2, 2.0) == ("1.20", "1.20", "2.00")
    assert significant_together(4.78, 2.6, 54.9) == ("4.78", "2.60", "54.9")
    assert significant_together(1200, 3, 5) == ("1,200", "3", "5")


def test_one_thing_is_no_things():
    assert [count_things(count, "inference") for count in (0, 1, 1200)] == [
        "0 inferences",
        "1 inference",
        "1,200 inferences",
    ]


def test_differences_have_the_minus_of_typography():
    assert (signed(-2, 2), signed(0.3, 1), signed_percent(-0.21)) == ("−2.00", "+0.3", "−21 %")
    assert with_minus("-1e-05") == "−1e-05"
