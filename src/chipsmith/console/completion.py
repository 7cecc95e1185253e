"""Completion by the shell: its script, and where a user's own shell finds it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.files import write_whole

if TYPE_CHECKING:
    import click

COMPLETION_VARIABLE = "_CHIPSMITH_COMPLETE"
_MARK = "# completion of chipsmith"
"""The line above what is added to a file that a shell reads as it starts."""
_NO_BLANK_BEHIND = """
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
"""
"""Behind FIELD= a value follows at once."""


class Shell(StrEnum):
    """A shell whose completion is written."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@dataclass(frozen=True, kw_only=True)
class CompletionPlace:
    """Where a shell's script goes, and the line by which a file of the user's reads it; None where none is needed."""

    script: Path
    rc: Path | None
    line: str


def read_shell(name: str, environment: Mapping[str, str]) -> Shell:
    """The shell of that name; of an empty one the user's, by $SHELL. Raises BadInput where it is no known one."""
    words = name or Path(environment.get("SHELL", "")).name
    try:
        return Shell(words)
    except ValueError:
        told = f"'{words}' is none" if words else "the environment names none"
        raise BadInput(f"name the shell, {told}: --install-completion {'|'.join(Shell)}") from None


def completion_script(command: click.Command, program: str, shell: Shell) -> str:
    """What makes the shell complete commands, options and the names that they take."""
    from click.shell_completion import get_completion_class

    form = get_completion_class(shell.value)
    assert form is not None
    script = form(command, {}, program, COMPLETION_VARIABLE).source()
    return script.replace("\n    return 0\n", _NO_BLANK_BEHIND, 1) if shell is Shell.BASH else script


def install_completion(script: str, program: str, shell: Shell, environment: Mapping[str, str]) -> str:
    """Write a completion script to the user's place for it, and say what was written and what to do.

    A file that the shell reads as it starts gets a line at its end, once; nothing in it is changed. The same call again
    changes nothing. Raises BadInput where a file cannot be written, or the shell would not read what is added to it.
    """
    place = find_place(program, shell, environment)
    told = [_write_script(place.script, script)]
    if place.rc is not None:
        told.append(_add_line(place.rc, place.line, shell))
    return "\n".join([*told, "open a new terminal and try: " + f"{program} est<TAB>"])


def find_place(program: str, shell: Shell, environment: Mapping[str, str]) -> CompletionPlace:
    """Where a user's completions of that shell are, by the variables that the shells themselves go by."""
    home = _home(environment)
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    match shell:
        case Shell.BASH:
            own = Path(environment.get("BASH_COMPLETION_USER_DIR") or data / "bash-completion")
            script = own / "completions" / program
            return CompletionPlace(script=script, rc=home / ".bashrc", line=_reading(script))
        case Shell.ZSH:
            script = data / "zsh" / "site-functions" / f"_{program}"
            ready = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }; "
            rc = Path(environment.get("ZDOTDIR") or home) / ".zshrc"
            return CompletionPlace(script=script, rc=rc, line=ready + _reading(script))
        case Shell.FISH:
            config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
            script = config / "fish" / "completions" / f"{program}.fish"
            return CompletionPlace(script=script, rc=None, line="")


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME")
    if not home or not Path(home).is_dir():
        raise BadInput("HOME names no folder: print the script with --show-completion, and keep it where you like")
    return Path(home)


def _reading(script: Path) -> str:
    """A line that reads a script where it is there, and is nothing where it is not."""
    quoted = "'" + str(script).replace("'", "'\\''") + "'"
    return f"[ ! -r {quoted} ] || . {quoted}"


def _write_script(path: Path, script: str) -> str:
    data = script.encode()
    if path.is_file() and path.read_bytes() == data:
        return f"{path} is up to date"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make the folder {path.parent}: {error.strerror}") from error
    write_whole(path, data)
    return f"wrote {path}"


def _add_line(rc: Path, line: str, shell: Shell) -> str:
    """Add a line at the end of a file, unless it is there; what is there keeps its bytes, its mode and its links."""
    by_hand = f"add this line to {rc} yourself: {line}"
    try:
        before = rc.read_bytes() if rc.exists() else b""
        if line.encode() in before.splitlines():
            return f"{rc} reads it already"
        added = f"\n{_MARK}\n{line}\n".encode()
        if not _parses(before + added, shell):
            raise BadInput(f"{shell} would not read what is added to {rc}: it ends in something not closed; {by_hand}")
        with rc.open("ab") as file:
            file.write(added)
    except OSError as error:
        raise BadInput(f"cannot write {rc}: {error.strerror}; {by_hand}") from error
    return f"added two lines to the end of {rc}, which read it"


def _parses(text: bytes, shell: Shell) -> bool:
    """Whether the shell can read a text, which is not run; True where the shell itself is not here to say."""
    program = shutil.which(shell.value)
    if program is None:
        return True
    command = [program, "-n", "/dev/stdin"]
    done = subprocess.run(command, input=text, capture_output=True, check=False, env={"PATH": os.defpath})
    return done.returncode == 0 and b"here-document" not in done.stderr  # bash only warns of one that is not closed
