"""How fast the RTL simulates: cycles a second of ResNet8 on the chips of the catalogue, and the build.

    python benchmarks/rtl_speed.py [--data FOLDER] [--json]

FOLDER holds `mlperf_tiny/*.tflite`; default $CHIPSMITH_DATA, or ../shared/data beside the repository. The first run
builds; later ones find the builds in the cache. Wall times of this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import chipsmith
from chipsmith.chip import catalogue

NETWORK = Path("mlperf_tiny") / "ic_resnet8_int8.tflite"


def measure(folder: Path, chip: str) -> dict[str, object]:
    """One inference cold and one warm; differences are printed with the rest."""
    program = chipsmith.compile(str(folder / NETWORK), chip=chip).program
    result = chipsmith.cosim(program)
    return {
        "chip": chip,
        "macs": program.chip.macs,
        "cycles": result.cold.cycles_rtl,
        "mismatching_bits": result.cold.mismatching_bits + result.warm.mismatching_bits,
        "instructions_differing": result.cold.instructions_differing + result.warm.instructions_differing,
        "build_s": round(result.build_s, 1),
        "inference_s": round(result.run_s / 2, 2),
        "cycles_per_s": round((result.cold.cycles_rtl + result.warm.cycles_rtl) / result.run_s),
    }


def main() -> None:
    """Measure and print."""
    default = os.environ.get("CHIPSMITH_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [measure(given.data, chip) for chip in catalogue()]
    if given.json:
        json.dump({"rtl_speed": rows}, sys.stdout)
        return
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
