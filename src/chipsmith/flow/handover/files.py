"""The texts of a design that is handed over: verify.sh and README.md, made of those in `shipped`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from chipsmith.flow.handover.claims import GATES_CLOCK_MHZ, GATES_NODE_NM, GATES_VOLTAGE_V, SCALING_RULE, HandedDesign
from chipsmith.flow.handover.compare import AREA_BAR, ENERGY_BAR

_SHIPPED = Path(__file__).parent / "shipped"
_CELLS = f'--liberty "$LIBERTY" --node-nm {GATES_NODE_NM}'
_SYNTHESIS = f"derive synth $CHIPSMITH synth chip.yaml {_CELLS} --json"
_ALONE = {"$CHIPSMITH": "chipsmith", '"$LIBERTY"': "LIBERTY", '${SRAM:+--sram "$SRAM"}': "--sram SRAM"}
"""What stands in a line of verify.sh, and in the same command that runs alone."""
_WEIGHTS = (
    "| `NAME.safetensors` | its weights in float, as they were trained |\n"
    "| `NAME.recipe.yaml` | the recipe that trained it, whose data judge it |\n"
)
_ACCURACY = (
    "| quality on validation part and test part | the program, executed on each example | the printed digits |\n"
)


def verify_script(design: HandedDesign) -> str:
    """verify.sh of a design."""
    gates = "\n".join(f"    {line}" for line in _gate_lines(design))
    words = {"PLAIN": "\n".join(_plain_lines(design)), "GATES": gates}
    return _fill("verify.sh", {**_condition_words(), **words})


def readme(design: HandedDesign) -> str:
    """README.md of a design."""
    names = [name for network in design.networks for name in network.files]
    words = {
        "STUDY": design.study,
        "DESIGN": design.name,
        "NETWORKS": ", ".join(f"`{network.name}`" for network in design.networks),
        "CHIP": design.chip.name,
        "CLOCK": f"{design.chip.clock_mhz:g}",
        "CHIP_NODE": str(design.chip.technology.node_nm),
        "WEIGHTS": _WEIGHTS if any(name.endswith(".safetensors") for name in names) else "",
        "ACCURACY": _ACCURACY if any(network.judged for network in design.networks) else "",
        "COMMANDS": "\n".join(f"    {_alone(line)}" for line in (*_plain_lines(design), *_gate_lines(design))),
        "AREA_BAR": f"{100 * AREA_BAR:.0f} %",
        "ENERGY_BAR": f"{100 * ENERGY_BAR:.0f} %",
        "RULE": SCALING_RULE,
    }
    return _fill("README.md", {**_condition_words(), **words})


def _plain_lines(design: HandedDesign) -> Iterator[str]:
    for network in design.networks:
        name = network.name
        yield f"derive {name}.estimate $CHIPSMITH estimate {name}.tosa --chip chip.yaml --no-check --json"
        yield f"derive {name}.cosim $CHIPSMITH cosim {name}.program --json"
        for part in network.judged:
            judge = f"judge {name}.program --recipe {name}.recipe.yaml --part {part}"
            yield f"derive {name}.{part} $CHIPSMITH {judge} --json"


def _gate_lines(design: HandedDesign) -> Iterator[str]:
    yield _SYNTHESIS
    for network in design.networks:
        power = f'power {network.name}.program {_CELLS} ${{SRAM:+--sram "$SRAM"}} --clock-mhz {GATES_CLOCK_MHZ:g}'
        yield f"derive {network.name}.power $CHIPSMITH {power} --json"


def _alone(line: str) -> str:
    """The command in a line of verify.sh as one that runs alone."""
    command = line.split(" ", 2)[2]
    for shell, plain in _ALONE.items():
        command = command.replace(shell, plain)
    return command


def _condition_words() -> dict[str, str]:
    return {"NODE": str(GATES_NODE_NM), "VOLTAGE": f"{GATES_VOLTAGE_V:g}"}


def _fill(name: str, words: Mapping[str, str]) -> str:
    text = (_SHIPPED / name).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text
