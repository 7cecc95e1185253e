"""Completion as a user has it: installed into a home of its own, and asked by real shells."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chipsmith.console.completion import Shell, read_shell
from chipsmith.errors import BadInput

RC = {"bash": ".bashrc", "zsh": ".zshrc"}
SHELLS = [
    pytest.param(shell.value, marks=pytest.mark.skipif(not shutil.which(shell), reason=f"no {shell} here"))
    for shell in Shell
]


@pytest.fixture
def home(tmp_path):
    """A home with the command in its path."""
    program = tmp_path / "bin" / "chipsmith"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chipsmith.cli "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(home: Path, shell: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PYTHONPATH", "LD_LIBRARY_PATH")}
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "HOME": str(home), "PATH": path, "TERM": "dumb", "SHELL": f"/bin/{shell}"}


def install(home: Path, shell: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(home / "bin" / "chipsmith"), "--install-completion", *words]
    return subprocess.run(command, env=environment(home, shell), capture_output=True, text=True, check=False)


def type_keys(home: Path, shell: str, keys: str, expected: str) -> str:
    """What a terminal shows of an interactive shell after these keys; it is read until `expected` is there."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(home)
        os.execvpe(shell, [shell, "-i"], environment(home, shell))
    shown = _read(terminal, until="", seconds=3)
    os.write(terminal, keys.encode())
    shown = _read(terminal, until=expected, seconds=60)
    os.kill(process, 9)
    os.waitpid(process, 0)
    os.close(terminal)
    return shown


def _read(terminal: int, *, until: str, seconds: float) -> str:
    shown, end = "", time.monotonic() + seconds
    while time.monotonic() < end and not (until and until in shown):
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            shown += os.read(terminal, 65536).decode(errors="replace")
    return shown


@pytest.mark.parametrize("shell", SHELLS)
def test_a_new_terminal_completes_commands_and_chips(home, shell):
    done = install(home, shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "wrote " in done.stdout
    assert "new terminal" in done.stdout
    assert "chipsmith estimate" in type_keys(home, shell, "chipsmith est\t", "chipsmith estimate")
    assert "edge-1024" in type_keys(home, shell, "chipsmith estimate x --chip edge-1\t", "edge-1024")


@pytest.mark.parametrize("shell", SHELLS)
def test_twice_is_as_once(home, shell):
    install(home, shell)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    done = install(home, shell, shell)
    assert "up to date" in done.stdout
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("shell", RC)
def test_what_a_user_has_in_the_file_stays_with_its_mode_and_its_link(home, shell):
    own = home / "dotfiles"
    own.write_bytes(b"alias ll='ls -l' # \xff\nexport A=1")
    own.chmod(0o600)
    (home / RC[shell]).symlink_to(own)
    assert install(home, shell, shell).returncode == 0
    assert own.read_bytes().startswith(b"alias ll='ls -l' # \xff\nexport A=1\n")
    assert own.stat().st_mode & 0o777 == 0o600
    assert (home / RC[shell]).is_symlink()


def test_a_file_that_ends_inside_of_something_is_left_alone(home):
    for text in ("cat <<END\nnot closed", "if true; then\n", "echo 'a"):
        (home / ".bashrc").write_text(text)
        done = install(home, "bash")
        assert done.returncode == 2
        assert "not closed; add this line" in done.stderr
        assert (home / ".bashrc").read_text() == text


def test_a_file_that_cannot_be_written_gets_its_line_by_hand(home):
    (home / ".bashrc").mkdir()
    done = install(home, "bash")
    assert done.returncode == 2
    assert "add this line" in done.stderr


def test_the_shell_is_that_of_the_environment_or_has_to_be_named():
    assert read_shell("", {"SHELL": "/usr/bin/zsh"}) is Shell.ZSH
    assert read_shell("fish", {"SHELL": "/usr/bin/zsh"}) is Shell.FISH
    for name, variables in (("", {}), ("", {"SHELL": "/bin/tcsh"}), ("powershell", {})):
        with pytest.raises(BadInput, match=r"--install-completion bash\|zsh\|fish"):
            read_shell(name, variables)


def complete(*words: str) -> list[str]:
    """What bash is offered for the last word."""
    asked = {"_CHIPSMITH_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    command = [sys.executable, "-m", "chipsmith.cli"]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("chipsmith", "run", "digits_p"), ["plain,digits_private"]),
        (("chipsmith", "compile", "x", "--chip", "na"), ["plain,nano-64"]),
        (("chipsmith", "estimate", "x", "--chips", "edge-256,na"), ["plain,edge-256,nano-64"]),
        (("chipsmith", "compile", "x", "--set", "tensor.r"), ["plain,tensor.rows="]),
        (("chipsmith", "train", "digits", "--set", "training.ep"), ["plain,training.epochs="]),
        (("chipsmith", "run", "digits", "--set", "vector.l"), ["plain,vector.lanes="]),
        (("chipsmith", "chips", "edge-2"), ["plain,edge-256"]),
        (("chipsmith", "compile", "mine.t"), ["file,mine.t"]),
        (("chipsmith", "compile", "x", "--chip", "./mine.y"), ["file,./mine.y"]),
    ],
)
def test_names_and_fields_are_offered_and_else_files(words, offered):
    assert complete(*words) == offered
