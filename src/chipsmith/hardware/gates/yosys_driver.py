"""Run in a process of its own: yosys passes by a job in JSON, and of a module the best of several mappings.

`python yosys_driver.py JOB`: the working folder has the files. A job has `before` and `after`, commands of yosys, and
perhaps `choice` between them: `module`, `recipes`, `limit_ps`, `longest_ps`; see `_choose_mapping`.
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

    That is the first whose path keeps the limit; where none does, that of the least area whose path still leaves room
    for what stands before and behind the module; where there is none either, the fastest.
    """
    name, limit_ps, longest_ps = choice["module"], choice["limit_ps"], choice["longest_ps"]
    best_rank, best_delay = (math.inf, math.inf), 0.0
    for recipe in choice["recipes"]:
        run(f"copy {name} {_TRIAL}")
        run(f"tee -q -o {_LOG} {recipe} {_TRIAL}")
        results = _RESULT.findall(_LOG.read_text(encoding="utf-8")) or [("0", "0")]
        area, delay = map(float, results[-1])
        rank = (0.0, 0.0) if delay <= limit_ps else (1.0, area) if delay <= longest_ps else (2.0, delay)
        if rank < best_rank:
            if best_rank[0] < math.inf:
                run(f"delete {_BEST}")
            run(f"rename {_TRIAL} {_BEST}")
            best_rank, best_delay = rank, delay
        else:
            run(f"delete {_TRIAL}")
        if delay <= limit_ps:
            break
    run(f"delete {name}")
    run(f"rename {_BEST} {name}")
    return best_delay


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
