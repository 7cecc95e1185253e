"""What commands cost: CPU seconds (user and system) of whole processes, the median of several.

    python benchmarks/commands.py [--repeats N] [--beside SOURCE]

`--beside` measures another tree's `src` in turn with this one, so that both meet the same load of the machine.
Bytecode is kept, as an installed package has it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
DIGITS = str(ROOT / "tests" / "networks" / "digits_cnn.tosa")
COMMANDS = {
    "--version": ["--version"],
    "--help": ["--help"],
    "chips": ["chips"],
    "ops": ["ops"],
    "recipes": ["recipes"],
    "doctor": ["doctor"],
    "compile": ["compile", DIGITS],
    "estimate": ["estimate", DIGITS],
}


def cpu_seconds(source: Path, arguments: list[str]) -> float:
    """User and system time of one process of the command line of a tree."""
    command = [sys.executable, "-m", "chipsmith.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": ""}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime


def measure(sources: list[Path], arguments: list[str], repeats: int) -> list[float]:
    """The median for each tree; the trees take turns, and what the first process reads from the disk does not count."""
    for source in sources:
        cpu_seconds(source, arguments)
    rounds = [[cpu_seconds(source, arguments) for source in sources] for _ in range(repeats)]
    return [median(times) for times in zip(*rounds, strict=True)]


def main() -> None:
    """Print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--beside", type=Path, help="the src folder of another tree")
    asked = parser.parse_args()
    sources = [SOURCE, *([asked.beside] if asked.beside else [])]
    print(f"CPU-s, median of {asked.repeats}: {', '.join(map(str, sources))}")
    for name, arguments in COMMANDS.items():
        print(f"{name:10}", *(f"{seconds:6.2f}" for seconds in measure(sources, arguments, asked.repeats)), flush=True)


if __name__ == "__main__":
    main()
