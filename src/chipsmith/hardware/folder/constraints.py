"""The timing constraints of `axi_machine` as SDC: the chip file's clock, and shares of its period outside."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chipsmith.chip.description import Chip

CONSTRAINTS = "constraints/axi_machine.sdc"
"""The file's path in a folder."""
OUTSIDE_SHARE = 0.4
"""Of the clock's period, what the logic before an input, or behind an output, may take."""
UNCERTAINTY_SHARE = 0.05
"""Of the clock's period, what jitter and skew may take."""

_CLOCK = "aclk"
_PORT = re.compile(r"^\s+(input|output) +logic +(\[.*\])? *(\w+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class ModulePort:
    """A port of a module; `is_bus` where it has more than one bit by its declaration."""

    name: str
    is_input: bool
    is_bus: bool


def list_ports(source: str) -> list[ModulePort]:
    """The ports that the text of a module of SystemVerilog declares, in order."""
    head = source[: source.index(");")]
    return [
        ModulePort(name=name, is_input=direction == "input", is_bus=bool(bits))
        for direction, bits, name in _PORT.findall(head)
    ]


def write_constraints(chip: Chip, top: str) -> str:
    """The constraints for a chip, whose top level is the text `top`."""
    period_ns = 1000 / chip.clock_mhz
    ports = list_ports(top)
    inputs = [port for port in ports if port.is_input and port.name != _CLOCK]
    outputs = [port for port in ports if not port.is_input]
    outside_ns = OUTSIDE_SHARE * period_ns
    return f"""# Timing constraints of axi_machine on the chip {chip.name}: times in ns.
# The clock is that of the chip file, {chip.clock_mhz:g} MHz. Of its period logic outside takes {OUTSIDE_SHARE:.0%}
# before each input and behind each output, jitter and skew {UNCERTAINTY_SHARE:.0%}. aresetn is synchronous.
set_units -time ns
create_clock -name {_CLOCK} -period {period_ns:.4f} [get_ports {_CLOCK}]
set_clock_uncertainty {UNCERTAINTY_SHARE * period_ns:.4f} [get_clocks {_CLOCK}]

{_delays("input", outside_ns, inputs)}
{_delays("output", outside_ns, outputs)}"""


def _delays(kind: str, delay_ns: float, ports: list[ModulePort]) -> str:
    names = "".join(f"  {port.name}{'[*]' if port.is_bus else ''}\n" for port in ports)
    return (
        f"set {kind}s [get_ports {{\n{names}}}]\n"
        f"set_{kind}_delay -clock {_CLOCK} -max {delay_ns:.4f} ${kind}s\n"
        f"set_{kind}_delay -clock {_CLOCK} -min 0.0 ${kind}s\n"
    )
