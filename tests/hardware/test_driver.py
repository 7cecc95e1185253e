"""The driver without a machine: on a model of its registers, in C and in C++, and compiled for other processors.

On the RTL it runs in test_export.py.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from exported import transfers_vector

from chipsmith.chip import load_chip
from chipsmith.files import write_texts
from chipsmith.hardware.driver.files import driver_files
from chipsmith.hardware.driver.program_source import string_text
from chipsmith.hardware.driver.registers_header import registers_header
from chipsmith.hardware.registers import REGISTERS

CHIP = load_chip("nano-64")
ALONE = Path(__file__).parent / "driver" / "alone.c"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wshadow", "-O2")
LANGUAGES = (("gcc", "c", "c11"), ("clang", "c", "c11"), ("g++", "c++", "c++11"), ("clang++", "c++", "c++11"))
BARE = {
    "arm-none-eabi-gcc": ("-mcpu=cortex-m4", "-mthumb"),
    "riscv64-unknown-elf-gcc": ("-march=rv32imac", "-mabi=ilp32"),
}


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    folder = tmp_path_factory.mktemp("driver")
    write_texts(folder, driver_files(CHIP, [transfers_vector(CHIP, 1)]))
    return folder


def compile_source(compiler, source, target, *options):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    done = subprocess.run(
        [compiler, *STRICT, *options, source, "-o", target], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("compiler", "language", "standard"), LANGUAGES)
def test_the_driver_on_a_model_of_the_registers(driver, tmp_path, compiler, language, standard):
    compile_source(compiler, ALONE, tmp_path / "alone", "-x", language, f"-std={standard}", f"-I{driver}")
    done = subprocess.run([tmp_path / "alone"], capture_output=True, text=True, check=False)
    assert done.stdout == "0 expectations fail\n"


def test_the_example_of_the_page_compiles(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "driver.md").read_text()
    (example,) = re.findall(r"```c\n(.*?)```", page, re.DOTALL)
    vector = dataclasses.replace(transfers_vector(CHIP, 1), name="digits")
    write_texts(tmp_path, {**driver_files(CHIP, [vector]), "example.c": example})
    include = (f"-I{tmp_path}", f"-I{tmp_path / 'soc'}")
    compile_source("gcc", tmp_path / "example.c", tmp_path / "example.o", "-std=c11", "-c", *include)


@pytest.mark.parametrize("compiler", BARE)
@pytest.mark.parametrize("source", ["program_transfers_1.c", "soc/platform.h"])
def test_the_driver_compiles_for_microcontrollers_without_a_library(driver, tmp_path, compiler, source):
    bare = ("-x", "c", "-std=c11", "-ffreestanding", "-nostdlib", "-c", *BARE[compiler])
    compile_source(compiler, driver / source, tmp_path / "driver.o", *bare, f"-I{driver}")


def test_the_default_hooks_are_volatile_accesses(driver, tmp_path):
    """An array of words in the place of the registers, without any hook."""
    source = tmp_path / "hooks.c"
    source.write_text(
        '#include "chipsmith.h"\n'
        "static volatile uint32_t words[16];\nstatic uint8_t bytes[64];\nstatic chipsmith_device device;\n"
        "int main(void) {\n"
        "    words[0] = CHIPSMITH_IDENTITY_RESET;\n    words[1] = CHIPSMITH_INTERFACE_RESET;\n"
        "    if (chipsmith_open(&device, (uintptr_t)words, bytes, 4096, sizeof bytes) != CHIPSMITH_OK) return 1;\n"
        "    return words[CHIPSMITH_CONTROL_REGISTER / 4] == CHIPSMITH_CONTROL_ABORT_MASK ? 0 : 2;\n}\n"
    )
    compile_source("gcc", source, tmp_path / "hooks", "-std=c11", f"-I{driver}")
    assert subprocess.run([tmp_path / "hooks"], check=False).returncode == 0


def test_the_header_has_every_register_and_field():
    defined = dict(re.findall(r"#define (\w+) (\S+)", registers_header()))
    for register in REGISTERS:
        name = f"CHIPSMITH_{register.name}"
        assert int(defined[f"{name}_REGISTER"].rstrip("u"), 16) == register.address
        for field in register.fields:
            assert int(defined[f"{name}_{field.name}_MASK"].rstrip("u"), 16) == field.mask
            assert int(defined[f"{name}_{field.name}_SHIFT"]) == field.low


def test_any_name_is_a_string_of_c():
    assert string_text('a"b\\c*/???/\u00e9') == '"a\'b/c* /? ? ?/?"'
