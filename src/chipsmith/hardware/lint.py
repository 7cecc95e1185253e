"""What front ends say of SystemVerilog: Verilator, yosys, slang, Verible, and Icarus Verilog where it is installed.

Each is asked as strictly as it can be. What is silenced stands beside its front end, with the reason.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.extras import installed_version, require_package
from chipsmith.files import write_texts
from chipsmith.hardware.build import AXI_MACHINE, MACHINE, find_verilator
from chipsmith.hardware.sources import VERIBLE_RULES, in_order, machine_sources
from chipsmith.schema import Json

TOPS = (MACHINE.top, AXI_MACHINE.top)
"""The top levels of a chip: with plain channels, and with AXI."""

OLDEST_ICARUS = 12
"""Icarus Verilog 11 stops at the first package whose struct a module uses."""

_NO_ICARUS = f"cannot read the RTL with Icarus Verilog, of which version {OLDEST_ICARUS} or later is needed"
_YOSYS = """
import sys
from pyosys import libyosys as ys
design = ys.Design()
top, *files = sys.argv[1:]
for command in (f"read_verilog -sv {' '.join(files)}", f"hierarchy -check -top {top}", "proc", "check -assert"):
    ys.run_pass(command, design)
"""
_SLANG = """
import sys
from pyslang.driver import Driver
driver = Driver()
driver.addStandardArgs()
read = driver.parseCommandLine(" ".join(["slang", *sys.argv[1:]])) and driver.processOptions()
sys.exit(not (read and driver.parseAllSources() and driver.runFullCompilation(True)))
"""
_SLANG_OPTIONS = (
    *("-Wextra", "-Wpedantic", "-Werror"),
    # A cast says the width for every chip; for some chips the expression has that width already.
    "-Wno-useless-cast",
    # No source but a testbench has delays, so that none states their unit.
    "--timescale=1ns/1ps",
)
_ICARUS_VERSION = re.compile(r"Icarus Verilog version (\d+)(\S*)")
_ICARUS_OPTIONS = (
    *("-g2012", "-Wall"),
    # Version 12 does not read the label of an assertion; the properties are not for synthesis, and left out with this.
    "-DSYNTHESIS",
    "-Wno-timescale",
)
_YOSYS_LINES = re.compile(r"^(Warning|ERROR):")
_ICARUS_LINES = re.compile(r"^(?!.*constant selects in always_\* processes)")
"""All but that it runs a process more often than it has to, which changes no result."""


@dataclass(frozen=True, kw_only=True)
class InstalledFrontEnd:
    """A front end that is installed: its version, the command to which a top level and files are added."""

    version: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class RtlFrontEnd:
    """A reader of SystemVerilog: its name, what it looks at, and how it is found.

    `find` raises BadInput, which says what is missing. `arguments` gives, for a top level, what stands before the
    files. `notable` are the lines that count, None where its exit status alone says whether something is wrong.
    `synthesizable`: it reads what is synthesizable alone.
    """

    name: str
    looks_at: str
    find: Callable[[], InstalledFrontEnd]
    arguments: Callable[[str], Sequence[str]]
    notable: re.Pattern[str] | None = None
    synthesizable: bool = False


@dataclass(frozen=True, kw_only=True)
class Lint:
    """What a front end says of a top level: nothing where it reads it without error or warning.

    `missing` says why it was not asked; empty where it was.
    """

    front_end: str
    top: str
    version: str = ""
    said: str = ""
    missing: str = ""

    def to_json(self) -> Json:
        """The object in the answer of `chipsmith rtl --lint --json`; `clean` is None where it was not asked."""
        return {
            "front_end": self.front_end,
            "version": self.version or None,
            "top": self.top,
            "clean": None if self.missing else not self.said,
            "said": self.said,
            "missing": self.missing,
        }


@dataclass(frozen=True, kw_only=True)
class Design:
    """Sources with a top level: `texts` by file name, with what they include; `order` names those that are read."""

    top: str
    texts: Mapping[str, str]
    order: tuple[str, ...]
    synthesizable: bool = True


def machine_designs(chip: Chip) -> tuple[Design, ...]:
    """The top levels of a chip's RTL."""
    texts = machine_sources(chip)
    return tuple(Design(top=top, texts=texts, order=tuple(in_order(texts))) for top in TOPS)


def lint_design(design: Design, front_end: RtlFrontEnd) -> Lint:
    """What a front end says of a design, or why it cannot be asked."""
    if front_end.synthesizable and not design.synthesizable:
        return Lint(front_end=front_end.name, top=design.top, missing="reads synthesizable sources alone")
    try:
        tool = front_end.find()
    except BadInput as missing:
        return Lint(front_end=front_end.name, top=design.top, missing=str(missing))
    said = _ask(tool, front_end, design)
    return Lint(front_end=front_end.name, top=design.top, version=tool.version, said=said)


def lint_chip(chip: Chip) -> tuple[Lint, ...]:
    """What every front end says of each top level of a chip."""
    return tuple(lint_design(design, front_end) for front_end in FRONT_ENDS for design in machine_designs(chip))


def _ask(tool: InstalledFrontEnd, front_end: RtlFrontEnd, design: Design) -> str:
    with tempfile.TemporaryDirectory() as folder:
        write_texts(Path(folder), design.texts)
        done = subprocess.run(
            [*tool.command, *front_end.arguments(design.top), *design.order],
            cwd=folder,
            env={**os.environ, **tool.environment},
            capture_output=True,
            text=True,
            check=False,
        )
    text = (done.stdout + done.stderr).strip()
    counts = [line for line in text.splitlines() if front_end.notable is not None and front_end.notable.search(line)]
    if done.returncode:
        return "\n".join(counts) or text or f"stopped with status {done.returncode}"
    return "\n".join(counts)


def _find_verilator() -> InstalledFrontEnd:
    root = find_verilator()
    command = (str(root / "bin" / "verilator_bin"), "--lint-only", "-Wall", "--timing")
    return InstalledFrontEnd(version=_version("verilator"), command=command, environment={"VERILATOR_ROOT": str(root)})


def _find_yosys() -> InstalledFrontEnd:
    require_package("pyosys", extra="rtl", task="read the RTL with yosys")
    return InstalledFrontEnd(version=_version("pyosys"), command=(sys.executable, "-c", _YOSYS), environment={})


def _find_slang() -> InstalledFrontEnd:
    require_package("pyslang", extra="rtl", task="read the RTL with slang")
    return InstalledFrontEnd(
        version=_version("pyslang"), command=(sys.executable, "-c", _SLANG, *_SLANG_OPTIONS), environment={}
    )


def _find_verible() -> InstalledFrontEnd:
    require_package("verible", extra="rtl", task="lint the RTL with Verible")
    program = Path(str(resources.files("verible"))) / "bin" / "verible-verilog-lint"
    return InstalledFrontEnd(
        version=_version("verible"), command=(str(program), f"--rules_config={VERIBLE_RULES}"), environment={}
    )


def _find_icarus() -> InstalledFrontEnd:
    program = shutil.which("iverilog")
    if program is None:
        raise BadInput(f"{_NO_ICARUS}; there is no iverilog on PATH")
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
    match = _ICARUS_VERSION.match(said)
    if match is None or int(match[1]) < OLDEST_ICARUS:
        version = match.group(1) if match else "unknown"
        raise BadInput(f"{_NO_ICARUS}; iverilog on PATH is of version {version}")
    return InstalledFrontEnd(version=match[1] + match[2], command=(program, *_ICARUS_OPTIONS), environment={})


def _version(distribution: str) -> str:
    return installed_version(distribution) or ""


def _no_arguments(_: str) -> tuple[str, ...]:
    return ()


def _after(option: str, top: str) -> tuple[str, ...]:
    return (option, top)


FRONT_ENDS = (
    RtlFrontEnd(
        name="verilator",
        looks_at="all of -Wall: widths, unused and undriven signals, loops, latches",
        find=_find_verilator,
        arguments=partial(_after, "--top-module"),
    ),
    RtlFrontEnd(
        name="yosys",
        looks_at="elaboration for synthesis: several drivers, loops, undriven wires",
        find=_find_yosys,
        arguments=lambda top: (top,),
        notable=_YOSYS_LINES,
        synthesizable=True,
    ),
    RtlFrontEnd(
        name="slang",
        looks_at="the language of IEEE 1800-2017, strictly",
        find=_find_slang,
        arguments=partial(_after, "--top"),
    ),
    RtlFrontEnd(name="verible", looks_at="style, by .rules.verible_lint", find=_find_verible, arguments=_no_arguments),
    RtlFrontEnd(
        name="icarus",
        looks_at="elaboration for a simulation of four states",
        find=_find_icarus,
        arguments=lambda top: ("-o", os.devnull, "-s", top),
        notable=_ICARUS_LINES,
    ),
)
"""The front ends, from that which every simulation needs to those that look at the sources alone."""


def report_of(lints: Sequence[Lint]) -> str:
    """What the front ends have against the sources, each with its name; empty where none has anything."""
    return "\n".join(_complaints(lints))


def _complaints(lints: Sequence[Lint]) -> Iterator[str]:
    return (f"{lint.front_end}, {lint.top}:\n{lint.said}" for lint in lints if lint.said)
