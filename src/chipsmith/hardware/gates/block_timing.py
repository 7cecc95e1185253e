"""The longest path of each block of a machine: of those that end in its logic, and of those that leave its memories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.hardware.gates.blocks import BLOCKS, block_of_logic, block_of_memory
from chipsmith.hardware.gates.flow import MappedNetlist
from chipsmith.hardware.gates.timing import constrain_netlist

_ENDS = """
proc list_ends {kind paths} {
  foreach path $paths {
    set start [get_full_name [get_property $path startpoint]]
    set end [get_full_name [get_property $path endpoint]]
    puts "$kind\\t$start\\t$end\\t[get_property $path slack]"
  }
}
set memories {}
foreach cell [get_cells -hierarchical *] {
  if {[string match sram_* [get_property $cell ref_name]]} {lappend memories $cell}
}
if {[llength $memories]} {
  list_ends MEMORY [find_timing_paths -from $memories -group_count 1000000 -endpoint_count 1]
  set_false_path -from $memories
}
list_ends LOGIC [find_timing_paths -group_count 1000000 -endpoint_count 1]
"""

_KINDS = ("LOGIC", "MEMORY")


@dataclass(frozen=True, kw_only=True)
class BlockTiming:
    """Periods that the paths of each block need, in FO4: `logic` by the block in which they end, those from memories
    apart, by the memory's block in `memories`. The names are those of MachineBlock.
    """

    logic: Mapping[str, float]
    memories: Mapping[str, float]

    @property
    def fo4(self) -> float:
        """The shortest period of the whole machine."""
        return max((*self.logic.values(), *self.memories.values()))


def time_blocks(netlist: MappedNetlist, liberty: Path, *, sram: Path) -> BlockTiming:
    """The paths of a machine's mapped netlist by block; the arguments and errors are those of time_netlist."""
    design = constrain_netlist(netlist, liberty, sram=sram)
    worst: dict[tuple[str, str], float] = {}
    for kind, block, slack_ns in _ends(design.run(_ENDS)):
        fo4 = (design.period_ns - slack_ns) / design.fo4_ns
        worst[kind, block] = max(fo4, worst.get((kind, block), 0.0))
    logic, memories = ({block: fo4 for (own, block), fo4 in worst.items() if own == kind} for kind in _KINDS)
    return BlockTiming(logic=logic, memories=memories)


def _ends(said: str) -> Iterator[tuple[str, str, float]]:
    for line in said.splitlines():
        kind, *words = line.split("\t")
        if kind in _KINDS:
            start, end, slack_ns = words
            number = block_of_logic(_instance(end)) if kind == "LOGIC" else block_of_memory(_instance(start))
            yield kind, BLOCKS[number].value, float(slack_ns)


def _instance(pin: str) -> str:
    """The path of the instance in which the cell of a pin stands; empty for the top and its ports."""
    return ".".join(pin.split("/")[:-2])
