"""Run by flow.py in a process of its own: yosys passes by a job in JSON, module by module with the cheapest recipe.

`python yosys_driver.py JOB`: the working folder has the sources; see `flow.mapping_job` for the fields of a job.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

_DELAY = re.compile(r"Delay = *([0-9.]+) ps")
_LOG = Path("recipe.log")
_TRIAL = "trial_of_recipe"


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
    """Replace a module by the first of the recipes' results that keeps the limit, or by the last; its longest path."""
    for recipe in job["recipes"]:
        run(f"copy {name} {_TRIAL}")
        run(f"tee -q -o {_LOG} {recipe} {_TRIAL}")
        delay = max(map(float, _DELAY.findall(_LOG.read_text(encoding="utf-8"))[-1:]), default=0.0)
        if delay <= job["limit_ps"] or recipe == job["recipes"][-1]:
            break
        run(f"delete {_TRIAL}")
    run(f"delete {name}")
    run(f"rename {_TRIAL} {name}")
    return delay


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
