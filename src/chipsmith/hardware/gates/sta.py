"""OpenSTA: FO4 of a library, and the longest paths of a mapped netlist."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import write_texts
from chipsmith.hardware.gates.library import StandardCells

_STAGES = 12
_LOADS = 4
_FIRST, _LAST = 4, 10
"""The stages whose mean delay is FO4: slews have settled, and both edges count alike."""

_PATHS = """
proc register_of {name} {
  regsub {\\[[0-9]+\\]\\.?(/[A-Z_]+)?$} $name {} name
  regsub {\\.?/[A-Z_]+$} $name {} name
  return $name
}
proc list_paths {wanted most} {
  array set seen {}
  set left $wanted
  foreach path [find_timing_paths -group_count $most -endpoint_count 1] {
    set start [get_full_name [get_property $path startpoint]]
    set end [get_full_name [get_property $path endpoint]]
    set pair "[register_of $start] [register_of $end]"
    if {[info exists seen($pair)]} continue
    set seen($pair) 1
    puts "PATH\\t$start\\t$end\\t[get_property $path slack]"
    foreach point [get_property $path points] {
      set pin [get_property $point pin]
      set cell [get_cells -quiet -of_objects $pin]
      set kind [expr {$cell eq "" ? "port" : [get_property $cell ref_name]}]
      puts "POINT\\t[get_full_name $pin]\\t$kind\\t[get_property $point arrival]"
    }
    if {[incr left -1] == 0} break
  }
}
"""


@dataclass(frozen=True, kw_only=True)
class PathPoint:
    """A pin on a path, the kind of its cell (`port` for one of the top), and when the edge arrives there."""

    pin: str
    cell: str
    arrival_ns: float


@dataclass(frozen=True, kw_only=True)
class RegisterPath:
    """A path between two registers, ports or memories; `slack_ns` against the constraints' period."""

    slack_ns: float
    points: tuple[PathPoint, ...]


def find_sta() -> str:
    """The program of OpenSTA. BadInput, which says how it is installed, where it is missing."""
    program = shutil.which("sta")
    if program is None:
        raise BadInput(
            "cannot time gates: OpenSTA is not installed; mend: apt-get install opensta, so that sta is on PATH"
        )
    return program


def run_sta(script: str, files: Mapping[str, str]) -> str:
    """What OpenSTA prints for a script in Tcl, run beside these files. BadInput with its own words where it errs."""
    program = find_sta()
    with tempfile.TemporaryDirectory() as name:
        write_texts(Path(name), {**files, "script.tcl": script})
        done = subprocess.run(
            [program, "-no_splash", "-exit", "script.tcl"],
            cwd=name,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
    if errors or done.returncode:
        raise BadInput(
            f"OpenSTA refuses the netlist or a library: {'; '.join(errors[:3]) or done.stderr.strip()[-500:]}"
        )
    return done.stdout


def measure_fo4(cells: StandardCells) -> float:
    """Nanoseconds of an inverter of the library that drives four of its kind: a mean of both edges.

    Nets have the wire load that the library selects where none is named: in SG13G2 it is as much as the four inputs.
    """
    return _fo4_ns(cells.path, cells.inverter, cells.inverter_pins)


@functools.cache
def _fo4_ns(liberty: Path, inverter: str, pins: tuple[str, str]) -> float:
    last, first = f"s{_LAST}_0", f"s{_FIRST}_0"
    script = f"read_liberty {{{liberty.resolve()}}}\nread_verilog chain.v\nlink_design chain\n" + "".join(
        [
            "create_clock -name reference -period 100\nset_input_delay 0 -clock reference [get_ports in]\n",
            f"set_output_delay 0 -clock reference [get_ports out]\n{_PATHS}list_paths 1 1\n",
        ]
    )
    (path,) = parse_paths(run_sta(script, {"chain.v": _chain(inverter, pins)}))
    arrivals = {point.pin.split("/")[0]: point.arrival_ns for point in path.points}
    return (arrivals[last] - arrivals[first]) / (_LAST - _FIRST)


def _chain(cell: str, pins: tuple[str, str]) -> str:
    """A chain of inverters, each with four loads of which the first goes on."""
    enter, leave = pins

    def inverter(name: str, source: str, sink: str) -> str:
        return f"  {cell} {name} (.{enter}({source}), .{leave}({sink}));"

    loads = [(stage, load) for stage in range(_STAGES) for load in range(_LOADS)]
    rows = [inverter(f"s{i}_{load}", f"n{i}", f"d{i}_{load}" if load else f"n{i + 1}") for i, load in loads]
    wires = f"  wire {', '.join(f'n{stage}' for stage in range(_STAGES + 1))};"
    ends = [inverter("enter", "in", "n0"), inverter("leave", f"n{_STAGES}", "out")]
    return "\n".join(["module chain(in, out);\n  input in;\n  output out;", wires, *ends, *rows, "endmodule\n"])


def parse_paths(text: str) -> tuple[RegisterPath, ...]:
    """The paths that the procedure list_paths printed, worst first."""
    return tuple(_paths([line.split("\t") for line in text.splitlines()]))


def _paths(rows: Sequence[Sequence[str]]) -> Iterator[RegisterPath]:
    slack: float | None = None
    points: list[PathPoint] = []
    for row in rows:
        if row[0] == "PATH":
            if slack is not None:
                yield RegisterPath(slack_ns=slack, points=tuple(points))
            slack, points = float(row[3]), []
        elif row[0] == "POINT":
            points.append(PathPoint(pin=row[1], cell=row[2], arrival_ns=float(row[3])))
    if slack is not None:
        yield RegisterPath(slack_ns=slack, points=tuple(points))


def paths_script(*, wanted: int, most: int) -> str:
    """Tcl that prints the worst paths of `wanted` pairs of registers, from among so many end points."""
    return f"{_PATHS}list_paths {wanted} {most}\n"
