"""The script that compares a design's claims with what was derived again: made-up objects of commands, no tool."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from chipsmith.flow.handover import compare

SHA = "c0ffee" * 10 + "abcd"
OTHER = "bad" * 21 + "f"


def claims(folder):
    return {
        "chip": {"sha256": SHA, "area_mm2": 0.5, "max_clock_mhz": 500.25},
        "networks": [
            {
                "name": "digits",
                "weight": 2.0,
                "cycles_cold": 1000,
                "cycles_warm": 900,
                "latency_us": 2.0,
                "energy_uj": 3.0,
                "energy_at_the_gates_pj": 8.0e6,
                "judged": {"test": {"metric": "accuracy", "value": 0.975, "examples": 400}},
            }
        ],
        "at_the_gates": {"node_nm": 130, "voltage_v": 1.2, "clock_mhz": 100.0, "logic_um2": 2.0e6},
        "searched": {
            "temperature": "cold",
            "figures": {"energy_j": 6.0e-6, "latency_s": 4.0e-6, "cycles": 2000.0, "area_mm2": 0.5, "accuracy": 0.97},
        },
        "files": {"chip.yaml": hashlib.sha256((folder / "chip.yaml").read_bytes()).hexdigest()},
    }


def derived():
    inference = {"mismatching_bits": 0, "instructions_differing": 0, "error": "NONE"}
    return {
        "digits.estimate": {
            "estimates": [
                {
                    "chip_sha256": SHA,
                    "latency_cycles": 1000,
                    "latency_warm_cycles": 900,
                    "latency_us": 2.0,
                    "energy_uj": 3.0,
                    "area_mm2": 0.5,
                    "chip_cost_usd": 4.0,
                    "max_clock_mhz": 500.25,
                }
            ]
        },
        "digits.cosim": {
            "chip_sha256": SHA,
            "cycles_rtl": 1000,
            **inference,
            "warm": {"cycles_rtl": 900, **inference},
        },
        "digits.test": {"metric_npu": 0.975, "examples": 400},
        "digits.power": {
            "chip_sha256": SHA,
            "node_nm": 130,
            "voltage_v": 1.2,
            "clock_mhz": 100.0,
            "scope": "a whole inference",
            "memories_priced": True,
            "mismatching_bits": 0,
            "first_difference": None,
            "energy_pj": {"total": 7.5e6},
        },
        "synth": {"chip_sha256": SHA, "node_nm": 130, "area_um2": 2.1e6},
    }


@pytest.fixture
def design(tmp_path):
    """A folder of a design whose claims all hold."""
    (tmp_path / "chip.yaml").write_text("kind: chip\n")
    (tmp_path / "verify").mkdir()
    (tmp_path / "design.json").write_text(json.dumps(claims(tmp_path)))
    for name, fields in derived().items():
        (tmp_path / "verify" / f"{name}.json").write_text(json.dumps(fields))
    return tmp_path


def change(path, *places, value):
    """Another value in a JSON file."""
    fields = inner = json.loads(path.read_text())
    for place in places[:-1]:
        inner = inner[place]
    inner[places[-1]] = value
    path.write_text(json.dumps(fields))


def beyond(folder):
    return [row.what for row in compare.compare(folder) if row.verdict.startswith("BEYOND")]


def test_claims_that_hold_are_0(design, capsys):
    rows = compare.compare(design)
    assert compare.exit_code(rows) == 0
    compare.print_rows(rows)
    text = capsys.readouterr().out
    assert "+6.67 %" in text  # 8.0e6 claimed over 7.5e6 at the gates
    assert "-4.76 %" in text  # 2.0e6 claimed over 2.1e6 synthesised
    assert text.count("within the bar") == 2


def test_the_script_runs_alone_without_chipsmith(design):
    script = design / "compare.py"
    script.write_text(Path(compare.__file__).read_text())
    done = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, done.stderr
    assert "all is as claimed" in done.stdout


@pytest.mark.parametrize(
    ("places", "value", "row"),
    [
        (("networks", 0, "cycles_cold"), 999, "digits: RTL, cold: cycles"),
        (("networks", 0, "cycles_warm"), 901, "digits: RTL, warm: cycles"),
        (("networks", 0, "latency_us"), 1.99, "digits: latency, µs"),
        (("networks", 0, "energy_uj"), 2.9, "digits: energy at the node, µJ"),
        (("networks", 0, "energy_at_the_gates_pj"), 6.0e6, "digits: energy at 130 nm, nJ"),
        (("networks", 0, "judged", "test", "value"), 0.9775, "digits: accuracy on the test part"),
        (("networks", 0, "judged", "test", "examples"), 401, "digits: accuracy on the test part, examples"),
        (("searched", "figures", "energy_j"), 5.9e-6, "searched with: energy_j"),
        (("searched", "figures", "latency_s"), 3.9e-6, "searched with: latency_s"),
        (("searched", "figures", "area_mm2"), 0.4, "searched with: area_mm2"),
        (("chip", "area_mm2"), 0.4, "digits: area at the node, mm²"),
        (("chip", "max_clock_mhz"), 600.0, "digits: fastest clock, MHz"),
        (("chip", "sha256"), OTHER, "synthesis: chip"),
        (("at_the_gates", "logic_um2"), 1.8e6, "logic at 130 nm, µm²"),
    ],
)
def test_a_claim_that_is_better_than_the_truth_is_caught(design, places, value, row):
    change(design / "design.json", *places, value=value)
    assert row in beyond(design)
    assert compare.exit_code(compare.compare(design)) == 1


@pytest.mark.parametrize(
    ("name", "places", "value", "row"),
    [
        ("digits.cosim", ("mismatching_bits",), 1, "digits: RTL, cold: bits that differ"),
        ("digits.cosim", ("warm", "mismatching_bits"), 1, "digits: RTL, warm: bits that differ"),
        ("digits.cosim", ("warm", "instructions_differing"), 2, "digits: RTL, warm: instructions at other times"),
        ("digits.cosim", ("error",), "OPCODE", "digits: RTL, cold: error of the machine"),
        ("digits.cosim", ("chip_sha256",), OTHER, "digits: chip of the RTL"),
        ("digits.power", ("mismatching_bits",), 3, "digits: gates: bits that differ"),
        ("digits.power", ("first_difference",), "instruction 3", "digits: gates: first difference"),
        ("digits.power", ("energy_pj", "total"), 9.5e6, "digits: energy at 130 nm, nJ"),
        ("synth", ("area_um2",), 2.3e6, "logic at 130 nm, µm²"),
    ],
)
def test_what_is_derived_otherwise_is_caught(design, name, places, value, row):
    change(design / "verify" / f"{name}.json", *places, value=value)
    assert beyond(design) == [row]


def test_another_chip_file_is_caught_by_its_bytes(design):
    (design / "chip.yaml").write_text("kind: chip\nname: other\n")
    assert beyond(design) == ["chip.yaml"]
    (design / "chip.yaml").unlink()
    (row,) = [row for row in compare.compare(design) if row.what == "chip.yaml"]
    assert row.derived == "missing"


@pytest.mark.parametrize("content", ["", "no JSON", "[]"])
def test_a_command_that_failed_is_no_success(design, content):
    (design / "verify" / "digits.cosim.json").write_text(content)
    assert "digits: RTL, cold: cycles" in beyond(design)
    assert compare.exit_code(compare.compare(design)) == 1


def test_a_study_of_warm_inferences_counts_these(design):
    change(design / "design.json", "searched", "temperature", value="warm")
    assert beyond(design) == ["searched with: latency_s", "searched with: cycles"]
    for name, value in (("cycles", 1800.0), ("latency_s", 3.6e-6)):
        change(design / "design.json", "searched", "figures", name, value=value)
    assert beyond(design) == []  # the energy of a warm inference is told by no command


def test_what_was_not_run_is_2_and_never_0(design):
    for name in ("synth", "digits.power"):
        (design / "verify" / f"{name}.json").unlink()
    rows = compare.compare(design)
    assert compare.exit_code(rows) == 2
    assert [row.what for row in rows if row.verdict.startswith("NOT RUN: name liberty files")] == [
        "digits: gates: chip",
        "digits: gates: bits that differ",
        "digits: gates: first difference",
        "digits: energy at 130 nm, nJ",
        "synthesis: chip",
        "logic at 130 nm, µm²",
    ]
    change(design / "design.json", "networks", 0, "cycles_cold", value=999)
    assert compare.exit_code(compare.compare(design)) == 1


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("memories_priced", False, "memories were left out"),
        ("voltage_v", 1.08, "the gates are at 1.08 V, the claim is at 1.2 V"),
        ("scope", "the first 10 cycles of an inference", "no whole inference"),
    ],
)
def test_gates_under_other_conditions_confirm_nothing(design, place, value, words):
    change(design / "verify" / "digits.power.json", place, value=value)
    (row,) = [row for row in compare.compare(design) if row.what == "digits: energy at 130 nm, nJ"]
    assert words in row.verdict
    assert compare.exit_code(compare.compare(design)) == 2
