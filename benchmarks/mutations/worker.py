"""A process that attacks one format and tells how far it is, so that its parent knows what it died of.

Its words are FORMAT FIRST LAST FOLDER. It prints a JSON object a line: `{"index": index}` before each file, and what
came of it after.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import resource
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

from chipsmith.errors import ChipsmithError
from mutations.target import CodeExecuted, Prepare, Target
from mutations.watch import CodeWatch, Hang, limited_cpu, peak_bytes, start_peak

_ADDRESS_SPACE = 5 << 30
"""Beyond what is mapped when the attack starts: protects the machine, not the count."""


def main() -> None:
    """Attack as the command line says."""
    name, first, last, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    target = find_format(name)(folder)
    attack(target, name=name, indices=range(first, last), folder=folder, out=out)


def find_format(name: str) -> Prepare:
    """What prepares the format `module:name`, a function of a module of formats."""
    module, _, function = name.partition(":")
    prepare: Prepare = getattr(importlib.import_module(module), function)
    return prepare


def attack(target: Target, *, name: str, indices: range, folder: Path, out: TextIO) -> None:
    """Change a sample for each index, read it, use it, and write what came of it."""
    for sample in target.samples:  # as they are they pass; what they import and compile is known afterwards
        file = folder / target.file
        file.write_bytes(sample)
        target.use(target.parse(file))
    watch = CodeWatch(folder, commands=target.commands)
    limit_memory()
    for index in indices:
        out.write(f"{json.dumps({'index': index})}\n")
        rng = random.Random(f"{name} {index}")
        (folder / target.file).write_bytes(target.mutate(rng, rng.choice(target.samples)))
        out.write(f"{json.dumps(_attack_once(target, folder / target.file, watch))}\n")


def limit_memory() -> None:
    """So that no file takes the whole machine."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _attack_once(target: Target, file: Path, watch: CodeWatch) -> dict[str, Any]:
    seen, before, happened = len(watch.seen), start_peak(), Counter[str]()
    told = ""
    try:
        with limited_cpu(target.most_cpu_s), watch.listening():
            value = target.parse(file)
            happened["past_parser"] = 1
            target.use(value)
    except ChipsmithError as error:
        told = str(error)
        happened["tracebacks"] = int(not told.strip())
    except Hang:
        happened["hangs"], told = 1, "hang"
    except CodeExecuted as error:
        happened["code_executed"], told = 1, str(error)
    except BaseException:  # whatever else it is, it would be a traceback
        happened["tracebacks"], told = 1, traceback.format_exc()
    if len(watch.seen) > seen:
        happened["code_executed"], told = 1, watch.seen[-1]
    happened["over_memory"] = int(peak_bytes() - before > target.most_bytes)
    return {"happened": +happened, "told": told[-3000:]}
