"""The command line as scripts use it: fixed fields, one JSON object, exit codes, one clear message for bad input."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chipsmith import __version__, cli
from chipsmith.chip import catalogue
from chipsmith.tosa.file import read_tosa, write_tosa

NETWORKS = Path(__file__).parent / "networks"
DIGITS = NETWORKS / "digits_cnn.tosa"

NETWORK_MODULE = """
import torch

def build():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3))

def wave():
    return Wave()

class Wave(torch.nn.Module):
    def forward(self, x):
        return torch.fft.fft(x).real
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def chipsmith(here, capfd):
    """Runs the command line in the empty folder: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return ended.value.code or 0, out, err

    return run


@pytest.fixture
def answer(chipsmith):
    """The JSON object of a command that succeeds."""

    def run(*arguments: str) -> dict:
        code, out, err = chipsmith(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return run


@pytest.fixture
def refusal(chipsmith, here):
    """The message that a command gives on stderr; it leaves no file and prints nothing else."""

    def run(code: int, *arguments: str) -> str:
        before = set(here.rglob("*"))
        given, out, err = chipsmith(*arguments)
        assert (given, out) == (code, ""), err
        assert "Traceback" not in err
        assert set(here.rglob("*")) == before
        assert err.startswith("chipsmith: ")
        assert err.count("chipsmith: ") == 1
        return err

    return run


def test_version(chipsmith):
    assert chipsmith("--version") == (0, f"chipsmith {__version__}\n", "")


def test_compile_writes_a_program_that_simulate_runs(answer, here):
    compiled = answer("compile", DIGITS, "--chip", "edge-256", "-o", "p.program")
    assert compiled["schema_version"] == 1
    assert compiled["instructions"] > 5
    assert 0 < compiled["memory_peak_bytes"] <= compiled["memory_bytes"]
    assert len(compiled["operators"]) >= len(read_tosa(DIGITS).operators)
    assert all(row["placed"] != "host" and row["reason"] for row in compiled["operators"])

    images = np.random.default_rng(0).integers(-128, 128, (3, 1, 28, 28)).astype(np.int8)
    np.save("in.npy", images)
    simulated = answer("simulate", "p.program", "--input", "in.npy", "--output", "out.npy")
    assert simulated["latency_cycles"] == simulated["latency_cold_cycles"] >= simulated["latency_warm_cycles"] > 0
    assert set(simulated["busy_cycles"]) == {"load", "store", "tensor", "vector"}
    assert simulated["inferences"] == 3
    assert np.load("out.npy").shape == (3, 10)


def test_npz_by_tensor_name_gives_what_npy_gives(answer, here):
    answer("compile", DIGITS, "-o", "p.program")
    (name,) = read_tosa(DIGITS).inputs
    image = np.full((1, 1, 28, 28), 7, np.int8)
    np.save("in.npy", image)
    np.savez("in.npz", **{name: image})
    answer("simulate", "p.program", "--input", "in.npy", "--output", "a.npy")
    answer("simulate", "p.program", "--input", "in.npz", "--output", "b.npz")
    (output,) = np.load("b.npz").values()
    assert np.array_equal(np.load("a.npy"), output)


def test_a_program_carries_its_chip(answer):
    answer("compile", DIGITS, "--chip", "edge-256", "--set", "tensor.rows=32", "-o", "p.program")
    assert answer("simulate", "p.program")["chip"] == "edge-256 (tensor.rows=32)"


def test_estimates_one_a_chip(answer):
    estimates = answer("estimate", DIGITS, "--chip", "edge-256,edge-1024")["estimates"]
    assert [estimate["chip"] for estimate in estimates] == ["edge-256", "edge-1024"]
    for estimate in estimates:
        assert min(estimate[name] for name in ("latency_cycles", "energy_uj", "area_mm2", "die_cost_usd")) > 0
        assert estimate["average_power_mw"] == pytest.approx(1e3 * estimate["energy_uj"] / estimate["latency_us"])
        assert estimate["obtained"]["latency"].startswith("simulated")
        assert estimate["obtained"]["core area"].startswith("estimated")


def test_estimate_compile_and_simulate_agree(answer):
    (estimate,) = answer("estimate", DIGITS, "--chip", "nano-64")["estimates"]
    answer("compile", DIGITS, "--chip", "nano-64", "-o", "p.program")
    assert estimate["latency_cycles"] == answer("simulate", "p.program")["latency_cycles"]


def test_chips_lists_the_catalogue_and_prints_a_file_that_loads(answer, chipsmith, here):
    assert [chip["name"] for chip in answer("chips")["chips"]] == list(catalogue())
    assert answer("chips", "edge-256")["chip"]["macs"] == 256
    _, yaml, _ = chipsmith("chips", "edge-256")
    (here / "mine.yaml").write_text(yaml.replace("name: edge-256", "name: mine"))
    assert answer("estimate", DIGITS, "--chip", "mine.yaml")["estimates"][0]["chip"] == "mine"
    _, schema, _ = chipsmith("chips", "--schema")
    assert "tensor" in json.loads(schema)["properties"]


def test_ops_gives_types_and_rules(answer):
    rows = {row["name"]: row for row in answer("ops")["operators"]}
    assert {"CONV2D", "MATMUL", "RESCALE", "TABLE"} <= set(rows)
    assert rows["MATMUL"]["types"] == [{"in_t": "i8_t", "out_t": "i32_t"}]
    assert all(rule for row in rows.values() for rule in row["rules"])


def test_doctor_names_what_is_there(answer):
    diagnosis = answer("doctor")
    assert {"numpy", "torch", "tosa-tools"} <= {check["name"] for check in diagnosis["checks"]}


@pytest.mark.parametrize("arguments", [("chips",), ("chips", "nano-64"), ("ops",), ("doctor",), ("estimate", DIGITS)])
def test_without_json_people_get_text(chipsmith, arguments):
    code, out, err = chipsmith(*arguments)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) > 5


def test_a_module_of_ones_own_is_quantised_lowered_and_compiled(answer, refusal, here):
    package = here / "mypackage"
    package.mkdir()
    (package / "mymodule.py").write_text(NETWORK_MODULE)
    np.save("x.npy", np.random.default_rng(0).random((16, 1, 8, 8), np.float32))
    model = "mypackage.mymodule:build"
    compiled = answer("compile", model, "--calibration", "x.npy", "--chip", "edge-256", "-o", "p.program")
    steps = [(step["name"].split()[0], step["when"]) for step in compiled["host_steps"]]
    assert steps == [("quantize", "before"), ("transpose", "before"), ("dequantize", "after")]
    assert np.dtype(compiled["inputs"][0]["dtype"]) == np.int8
    assert "--calibration" in refusal(2, "compile", model)
    assert "fft" in refusal(3, "compile", "mypackage.mymodule:wave", "--calibration", "x.npy")


@pytest.mark.parametrize("command", ["compile", "estimate"])
def test_bad_networks(refusal, here, command):
    (here / "cut.tosa").write_bytes(DIGITS.read_bytes()[:1000])
    (here / "foreign.tosa").write_text("no network")
    (here / "foreign.tflite").write_text("no network")
    assert "missing.tosa" in refusal(2, command, "missing.tosa", "--chip", "edge-256")
    assert "cut" in refusal(2, command, "cut.tosa")
    assert "foreign" in refusal(2, command, "foreign.tosa")
    assert "foreign" in refusal(2, command, "foreign.tflite")
    assert "nowhere" in refusal(2, command, "nowhere:build", "--calibration", "x.npy")


def test_an_operator_outside_of_what_is_held_is_refused_by_name(refusal, here):
    graph = read_tosa(DIGITS)
    strange = dataclasses.replace(graph.operators[0], kind="FFT2D")
    write_tosa(dataclasses.replace(graph, operators=(strange, *graph.operators[1:])), here / "strange.tosa")
    assert "FFT2D" in refusal(3, "compile", "strange.tosa", "-o", "p.program")


def test_a_network_that_does_not_fit_names_the_operator_or_memory(refusal):
    tiny = ("--set", "memory.groups=2", "--set", "memory.group_bytes=1024")
    line = refusal(3, "compile", DIGITS, *tiny, "-o", "p.program")
    assert "bytes" in line


def test_bad_chips(refusal, here):
    (here / "wrong.yaml").write_text("name: wrong\n")
    assert "did you mean edge-256" in refusal(2, "compile", DIGITS, "--chip", "egde-256")
    assert "tensor" in refusal(2, "compile", DIGITS, "--chip", "wrong.yaml")
    assert "17" in refusal(2, "compile", DIGITS, "--set", "tensor.rows=17")
    assert "field=value" in refusal(2, "compile", DIGITS, "--set", "tensor.rows")
    assert "egde" in refusal(2, "estimate", DIGITS, "--chip", "edge-256,egde")
    assert "no chip" in refusal(2, "estimate", DIGITS, "--chip", ",")


def test_bad_programs_and_inputs(answer, refusal, here):
    answer("compile", DIGITS, "-o", "p.program")
    whole = (here / "p.program").read_bytes()
    (here / "cut.program").write_bytes(whole[:-100])
    (here / "later.program").write_bytes(whole[:8] + b"\x63" + whole[9:])
    np.save("wrong_shape.npy", np.zeros((1, 3), np.int8))
    np.save("wrong_type.npy", np.zeros((1, 1, 28, 28), np.float32))
    np.save("good.npy", np.zeros((1, 1, 28, 28), np.int8))
    np.savez("wrong_name.npz", strange=np.zeros((1, 1, 28, 28), np.int8))
    (here / "pickle.npy").write_bytes(b"\x80\x04K\x01.")
    assert "missing.program" in refusal(2, "simulate", "missing.program")
    assert "not a Chipsmith program" in refusal(2, "simulate", DIGITS)
    assert "cut.program" in refusal(2, "simulate", "cut.program")
    assert "version 99" in refusal(2, "simulate", "later.program")
    assert "[1, 3]" in refusal(2, "simulate", "p.program", "--input", "wrong_shape.npy", "--output", "o.npy")
    assert "float32" in refusal(2, "simulate", "p.program", "--input", "wrong_type.npy")
    assert "missing" in refusal(2, "simulate", "p.program", "--input", "wrong_name.npz")
    assert "pickle.npy" in refusal(2, "simulate", "p.program", "--input", "pickle.npy")
    assert "none.npy" in refusal(2, "simulate", "p.program", "--input", "none.npy")
    assert ".npy" in refusal(2, "simulate", "p.program", "--input", "good.npy", "--output", "out.txt")
    assert "no folder" in refusal(2, "simulate", "p.program", "--input", "good.npy", "--output", "no/out.npy")
    assert "--input" in refusal(2, "simulate", "p.program", "--output", "out.npy")


def test_bad_runs(refusal, here):
    (here / "file").write_text("")
    assert "digits" in refusal(2, "run", "letters")
    assert "seed" in refusal(2, "run", "digits", "--seed", "-1")
    assert "file" in refusal(2, "run", "digits", "--out", "file")
    assert "run digits" in refusal(2, "report", "nowhere")
    assert "result.json" in refusal(2, "report", ".")


def test_an_option_of_several_parts_may_be_left_out(refusal):
    assert "an audit needs 4 shadow networks or more, not 2" in refusal(2, "audit", "--shadows", "2")


def test_a_short_command_collects_no_garbage():
    code = (
        "import atexit, gc, sys\n"
        "phases = []\n"
        "atexit.register(lambda: print(phases.count('start'), gc.get_freeze_count() > 0, file=sys.stderr))\n"
        "from chipsmith import cli\n"
        "gc.callbacks.append(lambda phase, _: phases.append(phase))\n"
        "sys.argv = ['chipsmith', 'estimate', sys.argv[1]]\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, DIGITS], capture_output=True, text=True, check=True)
    assert done.stderr == "0 True\n"


def test_a_command_that_python_calls_leaves_the_process_as_it_is(chipsmith):
    before = gc.get_threshold(), gc.get_freeze_count(), dict(os.environ)
    chipsmith("chips")
    assert (gc.get_threshold(), gc.get_freeze_count(), dict(os.environ)) == before


@pytest.mark.parametrize(
    ("command", "long"),
    [("compile", "placement"), ("estimate", "fastest clock"), ("simulate", "kernels of a cold inference")],
)
def test_long_tables_stand_behind_verbose_and_json_is_the_same(chipsmith, answer, monkeypatch, command, long):
    monkeypatch.setenv("COLUMNS", "80")
    answer("compile", DIGITS, "-o", "p.program")
    given = "p.program" if command == "simulate" else DIGITS
    _, short, _ = chipsmith(command, given)
    _, whole, _ = chipsmith(command, given, "--verbose")
    assert long in whole
    assert long not in short
    assert len(short.splitlines()) <= 30
    assert max(map(len, (short + whole).splitlines())) <= 80
    assert answer(command, given) == answer(command, given, "--verbose")


def test_chips_are_one_option_by_two_words(answer):
    (first, second) = answer("estimate", DIGITS, "--chips", "nano-64,edge-256")["estimates"]
    assert answer("estimate", DIGITS, "--chip", "nano-64,edge-256")["estimates"] == [first, second]
    assert (first["chip"], second["chip"]) == ("nano-64", "edge-256")


def test_a_mistyped_command_or_option_is_bad_input(chipsmith):
    for arguments in (("complie",), ("compile",), ("chips", "--jsn")):
        code, out, err = chipsmith(*arguments)
        assert (code, out) == (2, "")
        assert "Traceback" not in err


def test_a_fault_of_our_own_is_one_line_and_a_way_to_see_more(chipsmith, monkeypatch):
    def broken() -> None:
        raise RuntimeError("two and two\nare five")

    monkeypatch.setattr("chipsmith.chip.load_catalogue", broken)
    code, out, err = chipsmith("chips", "--json")
    assert (code, out) == (1, "")
    assert err == (
        "chipsmith: this is a fault of Chipsmith (RuntimeError: two and two are five); CHIPSMITH_DEBUG=1 shows where\n"
    )
    monkeypatch.setenv("CHIPSMITH_DEBUG", "1")
    assert "Traceback" in chipsmith("chips", "--json")[2]


def test_a_missing_package_leads_to_the_doctor(chipsmith, monkeypatch):
    def incomplete() -> None:
        raise ModuleNotFoundError("No module named 'numba'", name="numba")

    monkeypatch.setattr("chipsmith.chip.load_catalogue", incomplete)
    assert chipsmith("chips") == (
        2,
        "",
        "chipsmith: numba is not installed; `chipsmith doctor` names the command that mends it\n",
    )


def test_the_installed_command_prints_nothing_but_the_object(here):
    """As a script sees it: a process without a terminal."""
    command = [sys.executable, "-m", "chipsmith.cli", "estimate", str(DIGITS), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert json.loads(done.stdout)["schema_version"] == 1
    assert done.stderr == ""


def test_importing_the_package_is_quick_and_brings_nothing_heavy():
    script = "import time, sys; t = time.process_time(); import chipsmith; print(time.process_time() - t, *sys.modules)"
    seconds, *modules = python("-c", script).split()
    assert float(seconds) < 0.5
    assert not HEAVY & set(modules)


HEAVY = {"torch", "executorch", "numba", "plotly", "sklearn", "rich", "pandas", "onnx", "numpy", "pydantic", "click"}
"""None of these comes with the package itself."""

WHAT_A_COMMAND_NEEDS = {
    ("--help",): {"click"},
    ("doctor",): {"click", "pydantic", "numpy"},
    ("chips",): {"click", "pydantic", "rich"},
    ("chips", "--json"): {"click", "pydantic"},
    ("ops", "--json"): {"click", "pydantic", "numpy"},
    ("estimate", str(DIGITS)): {"click", "pydantic", "rich", "numpy"},
    ("compile", str(DIGITS), "--json"): {"click", "pydantic", "numpy"},
}

NEVER_FOR_A_TOSA_FILE = (
    *("chipsmith.learn", "chipsmith.witness", "chipsmith.frontends.onnx."),
    *("chipsmith.studies.search", "chipsmith.studies.oracle", "chipsmith.studies.compression"),
)

LIST_MODULES = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from chipsmith.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("arguments", WHAT_A_COMMAND_NEEDS, ids=" ".join)
def test_a_command_imports_what_it_uses(arguments):
    command = [sys.executable, "-c", LIST_MODULES, *arguments]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stderr.split()
    assert HEAVY & set(modules) <= WHAT_A_COMMAND_NEEDS[arguments]
    assert not [module for module in modules if module.startswith(NEVER_FOR_A_TOSA_FILE)]


def complete(shell: str, line: str) -> tuple[str, set[str]]:
    """What the shell is answered for a line whose last word is begun, and the modules that were imported for it."""
    environment = {
        **os.environ,
        "_CHIPSMITH_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": line.split()[-1] if shell == "fish" else str(len(line.split()) - 1),
    }
    command = [sys.executable, "-c", LIST_MODULES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell):
    answer, modules = complete(shell, "chipsmith co")
    assert not (HEAVY - {"click"}) & modules
    for name in ("compile", "compress", "conformance", "cosim"):
        assert name in answer
    assert "estimate" not in answer
    assert "--calibration" in complete(shell, "chipsmith compile --cal")[0]
    assert "--max-latency-us" in complete(shell, "chipsmith compress --max-l")[0]


def test_bash_completes_with_what_the_command_prints(here):
    """As a user has it: the printed script in a real shell."""
    program = here / "chipsmith"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chipsmith.cli "$@"\n')
    program.chmod(0o755)
    script = """
        PATH="$PWD:$PATH"
        eval "$(chipsmith --show-completion bash)"
        COMP_WORDS=(chipsmith co) COMP_CWORD=1
        _chipsmith_completion chipsmith
        echo "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["compress", "compare", "compile", "cosim", "conformance"]


def python(*arguments: str) -> str:
    """What Python prints."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout
