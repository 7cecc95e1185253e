"""Run by flow.py in a process of its own: yosys passes by a job in JSON, module by module with the best recipe.

`python yosys_driver.py JOB`: the working folder has the sources; see `_mapping_job` there for the fields of a job.
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
    """Elaborate, map every module, write the netlists; `delays.json` has the longest path of each module in ps."""
    from pyosys import libyosys as yosys

    design = yosys.Design()

    def run(command: str) -> None:
        yosys.run_pass(command, design)

    for command in job["elaborate"]:
        run(command)
    run("write_json elaborated.json")
    modules = json.loads(Path("elaborated.json").read_text(encoding="utf-8"))["modules"]
    names = [name for name, module in modules.items() if "blackbox" not in module["attributes"]]
    delays = {name: _map_module(run, name, job) for name in names}
    Path("delays.json").write_text(json.dumps(delays), encoding="utf-8")
    for command in job["finish"]:
        run(command)


def _map_module(run: Any, name: str, job: dict[str, Any]) -> float:
    """Replace a module by the best of the recipes' results; its longest path in ps.

    That is the first whose path keeps the limit; where none does, that of the least area whose path still leaves room
    for what stands before and behind the module; where there is none either, the fastest.
    """
    best_rank, best_delay = (math.inf, math.inf), 0.0
    for recipe in job["recipes"]:
        run(f"copy {name} {_TRIAL}")
        run(f"tee -q -o {_LOG} {recipe} {_TRIAL}")
        results = _RESULT.findall(_LOG.read_text(encoding="utf-8")) or [("0", "0")]
        area, delay = map(float, results[-1])
        rank = (0.0, 0.0) if delay <= job["limit_ps"] else (1.0, area) if delay <= job["longest_ps"] else (2.0, delay)
        if rank < best_rank:
            if best_rank[0] < math.inf:
                run(f"delete {_BEST}")
            run(f"rename {_TRIAL} {_BEST}")
            best_rank, best_delay = rank, delay
        else:
            run(f"delete {_TRIAL}")
        if delay <= job["limit_ps"]:
            break
    run(f"delete {name}")
    run(f"rename {_BEST} {name}")
    return best_delay


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
