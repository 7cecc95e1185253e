"""Energy by counters that a test writes as Linux does."""

from pathlib import Path

import pytest

from chipsmith.errors import BadInput
from chipsmith.runtimes.energy import find_counters, measure_energy


def write_counter(folder: Path, number: str, name: str, *, energy_uj: int, range_uj: int = 1_000_000) -> Path:
    counter = folder / f"intel-rapl:{number}"
    counter.mkdir()
    (counter / "name").write_text(f"{name}\n")
    (counter / "max_energy_range_uj").write_text(f"{range_uj}\n")
    (counter / "energy_uj").write_text(f"{energy_uj}\n")
    return counter / "energy_uj"


def add(file: Path, energy_uj: int) -> None:
    file.write_text(f"{int(file.read_text()) + energy_uj}\n")


def test_the_packages_are_added_and_their_parts_are_not(tmp_path):
    """Each call draws 30 in one package and 20 in the other; the core's counter is inside of the first package's."""
    first = write_counter(tmp_path, "0", "package-0", energy_uj=500, range_uj=10**12)
    core = write_counter(tmp_path, "0:0", "core", energy_uj=0)
    second = write_counter(tmp_path, "1", "package-1", energy_uj=900, range_uj=10**12)

    def call():
        for file, energy_uj in ((first, 30), (core, 25), (second, 20)):
            add(file, energy_uj)

    energy = measure_energy(call, inferences=4, folder=tmp_path)
    assert energy.energy_uj == 50
    assert "package-0, package-1" in energy.obtained
    assert "idle power not subtracted" in energy.obtained


def test_a_counter_that_begins_anew_is_read_right(tmp_path):
    write_counter(tmp_path, "0", "package-0", energy_uj=999_990, range_uj=999_999)
    (counter,) = find_counters(tmp_path)
    assert counter.between_uj(999_990, 40) == 50


def test_without_counters_the_reason_stands_in_their_place(tmp_path):
    energy = measure_energy(lambda: None, inferences=1, folder=tmp_path)
    assert energy.energy_uj is None
    assert "no energy counters" in energy.obtained


def test_a_counter_that_may_not_be_read_is_a_reason_with_a_way_forward(tmp_path):
    """A folder in its place cannot be read by anybody, as the file cannot by who is not root."""
    file = write_counter(tmp_path, "0", "package-0", energy_uj=0)
    file.unlink()
    file.mkdir()
    with pytest.raises(BadInput, match=r"counter of package-0 is not readable by this user; mend: sudo chmod a\+r"):
        find_counters(tmp_path)
