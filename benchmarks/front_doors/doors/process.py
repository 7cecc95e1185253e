"""Work in a process of its own, with a limit of time and of memory, and a cache of its own that is empty."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

PACKAGES = Path(__file__).parents[1]
SOURCE = Path(__file__).parents[3] / "src"
CPU_SECONDS = 300
WALL_SECONDS = 4 * CPU_SECONDS
"""On a machine that does other things too."""
MEMORY_BYTES = 8 << 30


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended: what it wrote on its standard output, or why it has no result."""

    output: str
    failure: str | None


def run_module(module: str, arguments: Sequence[str], folder: Path) -> Ended:
    """Run `python -m module` with `arguments` in `folder`."""
    with tempfile.TemporaryDirectory() as cache:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env=_environment(cache, folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=limit_resources,
        )
        try:
            output, errors = process.communicate(timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Ended(output="", failure=f"no result after {WALL_SECONDS} s")
    return Ended(output=output, failure=_last_words(errors, process.returncode) if process.returncode else None)


def run_forked(module: str, arguments: Sequence[str], folder: Path) -> Ended:
    """As run_module, but the process is forked from this one, with what it has imported: `main` of the module runs."""
    import_module(module)
    with (folder / "output").open("w") as output, (folder / "errors").open("w") as errors:
        process = os.fork()
        if process == 0:
            _run_main(module, arguments, folder, output.fileno(), errors.fileno())
        code = _wait(process)
        texts = [Path(file.name).read_text() for file in (output, errors)]
    if code is None:
        return Ended(output="", failure=f"no result after {WALL_SECONDS} s")
    return Ended(output=texts[0], failure=_last_words(texts[1], code) if code else None)


def limit_resources() -> None:
    """What this process may have: memory that is its own, and CPU time."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))


def cpu_seconds() -> float:
    """User and system time of this process since its start, and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _run_main(module: str, arguments: Sequence[str], folder: Path, output: int, errors: int) -> None:
    """What the forked process does; it does not return."""
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(errors, 2)
        os.chdir(folder)
        os.environ["CHIPSMITH_CACHE"] = str(folder / "cache")
        limit_resources()
        import_module(module).main(*arguments)
        sys.stdout.flush()
        code = 0
    except BaseException:  # whatever it is, it is this process's result
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _wait(process: int) -> int | None:
    """The exit code of a child; None, and the child's end, where it takes too long."""
    end = time.monotonic() + WALL_SECONDS
    while time.monotonic() < end:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def _environment(cache: str, folder: Path) -> dict[str, str]:
    path = os.pathsep.join([str(PACKAGES), str(SOURCE), str(folder)])
    return {**os.environ, "PYTHONPATH": path, "CHIPSMITH_CACHE": cache, "HF_HUB_OFFLINE": "1"}


def _last_words(errors: str, code: int) -> str:
    if code == -signal.SIGXCPU:
        return f"no result after {CPU_SECONDS} CPU-s"
    lines = [line for line in errors.splitlines() if line.strip()]
    return f"traceback: {lines[-1][:300]}" if lines else f"ended with code {code}"
