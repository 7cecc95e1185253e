"""Run in a process of its own: yosys passes by a job in JSON, and of a module the best of several mappings.

`python yosys_driver.py JOB`: the working folder has the files. A job has `before` and `after`, commands of yosys, and
perhaps `choice` between them: `module`, `recipes`, and limits; see `_choose_mapping`.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

_RESULT = re.compile(r"Area = *([0-9.]+).*Delay = *([0-9.]+) ps")
_LOG = Path("recipe.log")
_TRIAL, _BEST = "trial_of_recipe", "best_of_recipes"


def main(job: dict[str, Any]) -> None:
    """Do the job; of a choice `delay_ps` has the longest path of the module."""
    from pyosys import libyosys as yosys

    design = yosys.Design()

    def run(command: str) -> None:
        yosys.run_pass(command, design)

    for command in job["before"]:
        run(command)
    if "choice" in job:
        Path("delay_ps").write_text(str(_choose_mapping(run, job["choice"])), encoding="ascii")
    for command in job["after"]:
        run(command)


def _choose_mapping(run: Any, choice: dict[str, Any]) -> float:
    """Replace the module by the best of the recipes' results; its longest path in ps.

    That is the one of least area of those that keep `longest_ps`, where each picosecond beyond `short_ps` counts as a
    share `area_of_ps` of the area; where none keeps it, the fastest. `fast_recipe` is tried where the path of the best
    of the others is longer than `short_ps`.
    """
    name, best = choice["module"], (math.inf, math.inf, math.inf)
    for recipe in choice["recipes"]:
        best = _better(run, recipe, best, choice)
    if best[2] > choice["short_ps"]:
        best = _better(run, choice["fast_recipe"], best, choice)
    run(f"delete {name}")
    run(f"rename {_BEST} {name}")
    return best[2]


def _better(
    run: Any, recipe: str, best: tuple[float, float, float], choice: dict[str, Any]
) -> tuple[float, float, float]:
    """Map by a recipe; the rank and the delay in ps of the better one of this and what was best, which is kept."""
    run(f"copy {choice['module']} {_TRIAL}")
    run(f"tee -q -o {_LOG} {recipe} {_TRIAL}")
    area, delay = _area_and_delay()
    weighted = area * (1 + choice["area_of_ps"] * max(0.0, delay - choice["short_ps"]))
    trial = (0.0, weighted, delay) if delay <= choice["longest_ps"] else (1.0, delay, delay)
    if trial[:2] >= best[:2]:
        run(f"delete {_TRIAL}")
        return best
    if best[0] < math.inf:
        run(f"delete {_BEST}")
    run(f"rename {_TRIAL} {_BEST}")
    return trial


def _area_and_delay() -> tuple[float, float]:
    """What abc said last of the logic between registers; zeros where there is none."""
    results = _RESULT.findall(_LOG.read_text(encoding="utf-8")) or [("0", "0")]
    return float(results[-1][0]), float(results[-1][1])


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
