"""Loops are compiled where nothing can be kept, and by several processes at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from chipsmith.loops import compiled_loop

SOURCE = """
from chipsmith.loops import compiled_loop

@compiled_loop()
def triple(value):
    return 3 * value

print(triple(14))
"""


def test_where_no_folder_can_be_written_each_process_compiles(monkeypatch):
    """A source in a folder that cannot be written, and no folder for caches of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    monkeypatch.setenv("HOME", "/proc/nowhere")
    names: dict = {}
    exec(compile("def triple(value):\n    return 3 * value\n", "/proc/nowhere/source.py", "exec"), names)
    triple = compiled_loop()(names["triple"])
    assert triple(14) == 42
    assert not triple.stats.cache_path


def test_several_processes_compile_a_fresh_installation(tmp_path):
    source = tmp_path / "source.py"
    source.write_text(SOURCE)
    others = [subprocess.Popen([sys.executable, str(source)], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [other.communicate()[0] for other in others] == ["42\n"] * 3
    assert list((tmp_path / "__pycache__").glob("source.triple*.nbc"))
    again = subprocess.run([sys.executable, str(source)], capture_output=True, text=True, check=True)
    assert again.stdout == "42\n"


def test_the_simulators_loops_are_kept():
    from chipsmith.sim import compiled

    assert Path(compiled.gather.stats.cache_path).is_dir()
