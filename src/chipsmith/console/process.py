"""This process among others: its standard streams, the signals that end it, and the codes that it leaves with."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import NoReturn

from chipsmith.errors import BadInput


class ExitCode(IntEnum):
    """What a shell reads of a command that a signal ended: 128 and the number of the signal, which Windows lacks."""

    INTERRUPTED = 130
    PIPE_CLOSED = 141


class _Stdout(io.TextIOWrapper):
    """Standard output, whose failure is told apart from that of every other file."""

    def write(self, text: str) -> int:
        with _telling_failure():
            return super().write(text)

    def flush(self) -> None:
        with _telling_failure():
            super().flush()


@contextmanager
def _telling_failure() -> Iterator[None]:
    """Leave without a word where the reader went away, as `head` does; else raise BadInput."""
    try:
        yield
    except OSError as error:
        drop_output(1)
        if isinstance(error, BrokenPipeError):
            raise SystemExit(ExitCode.PIPE_CLOSED) from None
        raise BadInput(f"cannot write to standard output: {error.strerror}") from error


def drop_output(descriptor: int) -> None:
    """Send what is still buffered for a stream nowhere: the interpreter would try to write it once more as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def print_error(message: str) -> None:
    """Print a message on standard error; where that takes no more, the exit code is all that is left."""
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        drop_output(2)


def prepare_process() -> None:
    """Make the standard streams safe to write to, and have a signal that asks for an end unwind what is open."""
    _open_missing_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _rewrap(sys.stdout, _Stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _rewrap(sys.stderr, io.TextIOWrapper)
    for name, handler in _HANDLERS.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, handler)


def finish_process() -> None:
    """From here on an interrupt ends the process at once: only the interpreter is left to take down."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _rewrap(stream: io.TextIOWrapper, form: type[io.TextIOWrapper]) -> io.TextIOWrapper:
    """The stream in another form; a letter that its encoding lacks is replaced, and is no reason to stop."""
    encoding, line_buffering, write_through = stream.encoding, stream.line_buffering, stream.write_through
    return form(
        stream.detach(), encoding=encoding, errors="replace", line_buffering=line_buffering, write_through=write_through
    )


def _open_missing_streams() -> None:
    """Open the null device as each of the standard descriptors that is closed.

    The next file that is opened would take its number, and what native code prints would be written into that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            os.dup2(opened, descriptor, inheritable=True)
            if opened != descriptor:
                os.close(opened)
    sys.stdout = sys.stdout or _null_stream(1)
    sys.stderr = sys.stderr or _null_stream(2)


def _null_stream(descriptor: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(os.fdopen(descriptor, "wb", closefd=False), encoding="utf-8")


def _leave_by_signal(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


_HANDLERS = {"SIGINT": signal.default_int_handler, "SIGTERM": _leave_by_signal, "SIGHUP": _leave_by_signal}
"""What unwinds the stack, so that files of work in progress are removed; Windows has no SIGHUP."""
