"""An attack on a format: worker processes are started, and started again behind what killed one."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HARM = ("tracebacks", "hangs", "over_memory", "code_executed")
MOST_SILENT_S = 600.0
"""Wall time without a word of a worker: in native code no signal is heard."""
_START = f"import sys; sys.path.append({str(Path(__file__).parents[1])!r}); import mutations.worker as w; w.main()"
"""The folder of the benchmarks comes last: its files must not stand before Python's own."""


@dataclass(kw_only=True)
class Attack:
    """What came of the files of one format: counts, and for each harm its index and what was told."""

    counts: Counter[str] = field(default_factory=Counter)
    harms: list[tuple[int, str, str]] = field(default_factory=list)
    tried: int = 0

    def note(self, index: int, happened: dict[str, int], told: str) -> None:
        """Count a file."""
        self.tried += 1
        self.counts.update(happened)
        self.harms += [(index, name, told) for name in HARM if happened.get(name)]

    def add(self, other: Attack) -> None:
        """Count another attack too."""
        self.counts.update(other.counts)
        self.harms += other.harms
        self.tried += other.tried

    def row(self, format_name: str) -> dict[str, Any]:
        """As the benchmark prints it."""
        counts = {name: self.counts[name] for name in ("past_parser", *HARM)}
        return {"format": format_name, "tried": self.tried, **counts}


def attack_format(name: str, *, first: int = 0, tried: int) -> Attack:
    """Attack the format `module:function` with the files of the indices from `first` on."""
    done, last = Attack(), first + tried
    while first < last:
        with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
            first = _run_worker(name, first, last, Path(folder), done)
    return done


def _run_worker(name: str, first: int, last: int, folder: Path, done: Attack) -> int:
    """The index to go on with: behind the file that ended the worker, or `last`."""
    command = [sys.executable, "-c", _START, name, str(first), str(last), str(folder)]
    places = {"CHIPSMITH_CACHE": str(folder / "cache"), "TMPDIR": str(folder)}
    environment = os.environ | places | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE) as process:
        index, silent = None, False
        for line in _lines(process):
            if line is None:
                process.kill()
                silent = True
                break
            word = json.loads(line)
            if "index" in word:
                index = word["index"]
            elif index is not None:
                done.note(index, word["happened"], word["told"])
        code = process.wait()
    if code == 0 and not silent:
        return last
    if index is None or code > 0:
        raise RuntimeError(f"the attack on {name} failed by itself, not by a file: exit code {code}")
    done.note(index, {"hangs" if silent else "tracebacks": 1}, f"the process ended with {code}")
    return index + 1


def _lines(process: subprocess.Popen[str]) -> Iterator[str | None]:
    """The lines of a process; None where it says nothing for too long."""
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None
    stream = process.stdout

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=MOST_SILENT_S)
        except queue.Empty:
            yield None
            return
        if line is None:
            return
        yield line


def main() -> None:
    """Print the harms of a format: `python -m mutations.attack module:function FIRST COUNT`."""
    done = attack_format(sys.argv[1], first=int(sys.argv[2]), tried=int(sys.argv[3]))
    for index, harm, told in done.harms:
        print(f"--- {index} {harm}\n{told}")
    print(done.row(sys.argv[1]))


if __name__ == "__main__":
    main()
