"""What a shell may do to a command: close its streams, fill them, go away, interrupt it, lack its letters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DIGITS = Path(__file__).parent / "networks" / "digits_cnn.tosa"
ESTIMATE = ("estimate", str(DIGITS))
INTERRUPT = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it


class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{signal})

sys.meta_path.insert(0, Interrupter())
sys.argv = ["chipsmith", *{arguments!r}]
from chipsmith.start import main
main()
"""


def command(*arguments):
    return [sys.executable, "-m", "chipsmith.start", *arguments]


def environment(**variables):
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return plain | variables


def call(*arguments, before="", after="", **variables):
    """Through a shell, which closes and redirects."""
    line = f'{before} "$0" "$@" {after}'
    shell = ["bash", "-o", "pipefail", "-c", line, *command(*arguments)]
    return subprocess.run(shell, capture_output=True, text=True, env=environment(**variables), timeout=120)


@pytest.mark.parametrize("arguments", [("chips",), ("chips", "--json"), ("--version",), ("ops", "--json"), ESTIMATE])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_standard_output_is_one_message(arguments, unbuffered):
    done = call(*arguments, after=">/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 2
    assert done.stderr == "chipsmith: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("arguments", [("chips",), ("chips", "--json"), ("--help",), (*ESTIMATE, "--json")])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_leave_the_exit_code(arguments, closed):
    assert call(*arguments, after=closed).returncode == 0
    assert call("estimate", "absent.tosa", after=closed).returncode == 2


def test_a_file_that_is_written_with_stdout_closed_holds_nothing_but_its_own(tmp_path):
    """The first file that a process opens takes the lowest descriptor that is free."""
    program = tmp_path / "digits.program"
    done = call("compile", str(DIGITS), "--chip", "nano-64", "-o", str(program), after=">&-")
    assert done.returncode == 0, done.stderr
    assert call("simulate", str(program), "--json").returncode == 0


def test_a_reader_that_goes_away_is_no_message():
    """The text is larger than the pipe takes, so that the command meets the closed end."""
    done = call("chips", "--schema", after="| true")
    assert (done.returncode, done.stderr) == (141, "")


def test_a_message_that_standard_error_does_not_take_leaves_the_exit_code():
    assert call("estimate", "absent.tosa", after="2>/dev/full").returncode == 2
    assert call("nonsense", after="2>/dev/full").returncode == 2


def test_letters_that_a_terminal_lacks_are_replaced():
    done = call(*ESTIMATE, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


@pytest.mark.parametrize("columns", ["20", "40"])
@pytest.mark.parametrize("arguments", [("chips",), ("recipes",), ESTIMATE])
def test_narrow_terminals_fold(arguments, columns):
    done = call(*arguments, COLUMNS=columns, TERM="dumb", NO_COLOR="1")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


@pytest.mark.parametrize("module", ["chipsmith.cli", "click", "chipsmith.api", "numpy", "rich"])
def test_an_interrupt_while_modules_are_imported_is_no_traceback(module):
    code = INTERRUPT.format(module=module, signal="SIGINT", arguments=list(ESTIMATE))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment())
    assert done.returncode in {130, -signal.SIGINT}
    assert done.stderr.strip() in {"", "chipsmith: interrupted"}


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_that_asks_for_an_end_unwinds(name, code):
    text = INTERRUPT.format(module="numpy", signal=name, arguments=list(ESTIMATE))
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        preexec_fn=lambda: signal.signal(getattr(signal, name), signal.SIG_DFL),  # nohup's children ignore SIGHUP
    )
    assert (done.returncode, done.stderr) == (code, "")
