"""Compares what design.json claims with what the commands of verify.sh derived; prints a table, and where they differ.

    python3 compare.py [FOLDER]

FOLDER (default: that of this file) holds design.json and verify/, where each command of verify.sh has left its object.
Exit codes: 0 all is as claimed, 1 something is beyond its bar, 2 something was not run. Python alone is needed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AREA_BAR, ENERGY_BAR = 0.10, 0.15
"""How far an estimate at the node of the gates may be from synthesised logic, and from an inference on the gates."""
SAME = 1e-6
"""How far a figure may be that is computed again by the same formula: the printed digits."""
NOT_RUN = "NOT RUN"

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A claim: its figure, what was derived again, and how far that may be; None was not derived, for this `reason`."""

    what: str
    claimed: float | str
    derived: float | str | None
    bar: float = 0.0
    reason: str = ""

    @property
    def difference(self) -> float | None:
        """The claim over what was derived, less 1; None of texts, and of what was not derived or is 0."""
        if isinstance(self.claimed, str) or self.derived is None or isinstance(self.derived, str) or not self.derived:
            return None
        return self.claimed / self.derived - 1

    @property
    def verdict(self) -> str:
        """Whether it is as claimed."""
        if self.derived is None:
            return f"{NOT_RUN}: {self.reason}"
        if self.claimed == self.derived:
            return "as claimed"
        difference = self.difference
        if self.bar and difference is not None and abs(difference) <= self.bar:
            return "within the bar"
        return "BEYOND THE BAR" + (f": {self.reason}" if self.reason else "")


class Derived:
    """What the commands of verify.sh left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Fields | None:
        """The object of a command, empty where it left none that can be read; None where it was not run."""
        path = self._folder / f"{name}.json"
        if not path.exists():
            return None
        try:
            fields = json.loads(path.read_bytes())
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}


def compare_files(claims: Fields, folder: Path) -> Iterator[Row]:
    """A row for each file that was changed, or one for all."""
    expected: Mapping[str, str] = claims["files"]
    changed = [name for name, digest in expected.items() if _digest(folder / name) != digest]
    for name in changed:
        yield Row(name, "as handed over", "missing" if not (folder / name).exists() else "changed")
    if not changed:
        yield Row("files", f"{len(expected)} as handed over", f"{len(expected)} as handed over")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def compare_network(claims: Fields, network: Fields, derived: Derived) -> Iterator[Row]:
    """The rows of a network: its cycles and estimates again, the RTL, the gates, the accuracy."""
    yield from _compare_estimate(claims, network, derived)
    yield from _compare_rtl(claims, network, derived)
    yield from _compare_accuracy(network, derived)
    yield from _compare_energy(claims, network, derived)


def _estimate_of(network: Fields, derived: Derived) -> Fields | None:
    """What `estimate` left of a network; empty where it failed, None where it was not run."""
    left = derived.read(f"{network['name']}.estimate")
    return None if left is None else next(iter(left.get("estimates", [])), {})


def compare_searched(claims: Fields, derived: Derived) -> Iterator[Row]:
    """The figures by which the search chose the design, from the estimates of its networks.

    An accuracy may be the mean of several trainings, and the energy of a warm inference is told by no command: both are
    left out.
    """
    estimates = [(network["weight"], _estimate_of(network, derived)) for network in claims["networks"]]
    told = [(weight, fields) for weight, fields in estimates if fields is not None]
    again: Fields | None = None
    if len(told) == len(estimates):
        complete = all(fields.keys() >= _SUMMED for _, fields in told)
        again = _sum_figures(told, warm=claims["searched"]["temperature"] == "warm") if complete else {}
    for name, claimed in claims["searched"]["figures"].items():
        if not again or name in again:
            yield _row(f"searched with: {name}", claimed, again, name, bar=SAME)


_SUMMED = {
    "latency_cycles",
    "latency_warm_cycles",
    "latency_us",
    "energy_uj",
    "area_mm2",
    "chip_cost_usd",
    "max_clock_mhz",
}


def _sum_figures(estimates: Sequence[tuple[float, Fields]], *, warm: bool) -> dict[str, float]:
    """Sums of an inference's figures by weight; the chip's are those of any network."""
    counted = "latency_warm_cycles" if warm else "latency_cycles"
    chip = estimates[0][1]
    clock_hz = 1e6 * chip["latency_cycles"] / chip["latency_us"]
    cycles = sum(weight * fields[counted] for weight, fields in estimates)
    energy_j = sum(weight * fields["energy_uj"] for weight, fields in estimates) / 1e6
    energies = {} if warm else {"energy_j": energy_j, "energy_delay_js": energy_j * cycles / clock_hz}
    figures = {"cycles": cycles, "latency_s": cycles / clock_hz, "area_mm2": chip["area_mm2"]}
    return {**figures, **energies, "cost_usd": chip["chip_cost_usd"], "max_clock_mhz": chip["max_clock_mhz"]}


def _compare_estimate(claims: Fields, network: Fields, derived: Derived) -> Iterator[Row]:
    fields, about = _estimate_of(network, derived), f"{network['name']}: "
    yield _row(f"{about}chip of the estimate", claims["chip"]["sha256"][:12], fields, "chip_sha256", cut=12)
    yield _row(f"{about}cycles simulated, cold", network["cycles_cold"], fields, "latency_cycles")
    yield _row(f"{about}cycles simulated, warm", network["cycles_warm"], fields, "latency_warm_cycles")
    yield _row(f"{about}latency, µs", network["latency_us"], fields, "latency_us", bar=SAME)
    yield _row(f"{about}energy at the node, µJ", network["energy_uj"], fields, "energy_uj", bar=SAME)
    yield _row(f"{about}area at the node, mm²", claims["chip"]["area_mm2"], fields, "area_mm2", bar=SAME)
    yield _row(f"{about}fastest clock, MHz", claims["chip"]["max_clock_mhz"], fields, "max_clock_mhz", bar=SAME)


def _compare_rtl(claims: Fields, network: Fields, derived: Derived) -> Iterator[Row]:
    name = network["name"]
    cold = derived.read(f"{name}.cosim")
    warm = None if cold is None else cold.get("warm", {})
    yield _row(f"{name}: chip of the RTL", claims["chip"]["sha256"][:12], cold, "chip_sha256", cut=12)
    for word, fields in (("cold", cold), ("warm", warm)):
        about = f"{name}: RTL, {word}: "
        yield _row(f"{about}bits that differ", 0, fields, "mismatching_bits")
        yield _row(f"{about}cycles", network[f"cycles_{word}"], fields, "cycles_rtl")
        yield _row(f"{about}instructions at other times", 0, fields, "instructions_differing")
        yield _row(f"{about}error of the machine", "NONE", fields, "error")


def _compare_accuracy(network: Fields, derived: Derived) -> Iterator[Row]:
    """The figures of the int8 program on the parts of a recipe's data; a network without data has none."""
    for part, claim in network.get("judged", {}).items():
        fields = derived.read(f"{network['name']}.{part}")
        about = f"{network['name']}: {claim['metric']} on the {part} part"
        yield _row(about, claim["value"], fields, "metric_npu", bar=SAME)
        yield _row(f"{about}, examples", claim["examples"], fields, "examples")


def _compare_energy(claims: Fields, network: Fields, derived: Derived) -> Iterator[Row]:
    """An inference on the gates, with memories, at the node and voltage of the claim."""
    name, conditions = network["name"], claims["at_the_gates"]
    fields = derived.read(f"{name}.power")
    about = f"{name}: gates: "
    yield _row(f"{about}chip", claims["chip"]["sha256"][:12], fields, "chip_sha256", cut=12, why=LIBERTY)
    yield _row(f"{about}bits that differ", 0, fields, "mismatching_bits", why=LIBERTY)
    yield _row(f"{about}first difference", "none", _first_difference(fields), "first_difference", why=LIBERTY)
    claimed, what = network["energy_at_the_gates_pj"] / 1e3, f"{name}: energy at {conditions['node_nm']} nm, nJ"
    if fields and (reason := _other_conditions(fields, conditions)):
        yield Row(what, claimed, None, reason=reason)
        return
    yield _row(what, claimed, _energy(fields), "nj", bar=ENERGY_BAR, why=LIBERTY)


LIBERTY = "name liberty files: LIBERTY=FILE SRAM=FOLDER"


def _first_difference(fields: Fields | None) -> Fields | None:
    return (
        {"first_difference": fields["first_difference"] or "none"}
        if fields and "first_difference" in fields
        else fields
    )


def _energy(fields: Fields | None) -> Fields | None:
    total = None if fields is None else fields.get("energy_pj", {}).get("total")
    return fields if total is None else {"nj": total / 1e3}


def _other_conditions(fields: Fields, claimed: Fields) -> str:
    """Why what was measured at the gates is not what is claimed; empty where it is."""
    if not fields.get("memories_priced", False):
        return "memories were left out: name their folder, SRAM=FOLDER"
    for name, unit in (("node_nm", "nm"), ("voltage_v", "V"), ("clock_mhz", "MHz")):
        if fields.get(name) != claimed[name]:
            return f"the gates are at {fields.get(name)} {unit}, the claim is at {claimed[name]} {unit}"
    return "" if fields.get("scope") == "a whole inference" else "it is no whole inference"


def compare_area(claims: Fields, derived: Derived) -> Iterator[Row]:
    """The logic of the chip, synthesised."""
    fields, conditions = derived.read("synth"), claims["at_the_gates"]
    yield _row("synthesis: chip", claims["chip"]["sha256"][:12], fields, "chip_sha256", cut=12, why=LIBERTY)
    claimed, what = conditions["logic_um2"], f"logic at {conditions['node_nm']} nm, µm²"
    if fields and fields.get("node_nm") != conditions["node_nm"]:
        yield Row(what, claimed, None, reason=f"the gates are at {fields.get('node_nm')} nm")
        return
    yield _row(what, claimed, fields, "area_um2", bar=AREA_BAR, why=LIBERTY)


def _row(
    what: str,
    claimed: float | str,
    fields: Fields | None,
    key: str,
    *,
    bar: float = 0.0,
    cut: int | None = None,
    why: str = "its command was not run",
) -> Row:
    """A claim beside a field of a command's object; `cut`: so many characters of a text are compared."""
    if fields is None:
        return Row(what, claimed, None, bar, why)
    derived = fields.get(key)
    if derived is None:
        return Row(what, claimed, "no result", bar, "the command failed")
    return Row(what, claimed, derived if cut is None else str(derived)[:cut], bar)


def compare(folder: Path) -> list[Row]:
    """All rows of a folder."""
    claims = json.loads((folder / "design.json").read_bytes())
    derived = Derived(folder / "verify")
    rows = [*compare_files(claims, folder), *compare_searched(claims, derived)]
    for network in claims["networks"]:
        rows += compare_network(claims, network, derived)
    return [*rows, *compare_area(claims, derived)]


def exit_code(rows: Iterable[Row]) -> int:
    """0 all is as claimed, 1 something is beyond its bar, 2 something was not run."""
    verdicts = [row.verdict for row in rows]
    if any(verdict.startswith("BEYOND") for verdict in verdicts):
        return 1
    return 2 if any(verdict.startswith(NOT_RUN) for verdict in verdicts) else 0


def print_rows(rows: Iterable[Row]) -> None:
    """The table."""
    texts = [("claim", "claimed", "derived again", "difference", "bar", "verdict"), *map(_texts, rows)]
    widths = [max(len(text[column]) for text in texts) for column in range(5)]
    for text in texts:
        print("  ".join([*(word.ljust(width) for word, width in zip(text, widths, strict=False)), text[5]]).rstrip())


def _texts(row: Row) -> tuple[str, ...]:
    difference = "" if row.difference is None else f"{100 * row.difference:+.2f} %"
    derived = "" if row.derived is None else _figure(row.derived)
    return (
        row.what,
        _figure(row.claimed),
        derived,
        difference,
        f"{100 * row.bar:.0f} %" if row.bar > SAME else "",
        row.verdict,
    )


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def main() -> None:
    """Print the table and exit."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    rows = compare(folder)
    print_rows(rows)
    code = exit_code(rows)
    print(("all is as claimed", "something is NOT as claimed", "something was NOT RUN: see its row")[code])
    sys.exit(code)


if __name__ == "__main__":
    main()
