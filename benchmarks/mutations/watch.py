"""What a process does while it reads a file, seen from inside: code, CPU seconds, memory."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mutations.target import CodeExecuted

_STARTS = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn"}
_NETWORK = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "urllib.Request", "webbrowser.open"}
_CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.link", "os.symlink", "os.truncate"} | {
    "shutil.rmtree",
    "shutil.move",
    "shutil.copyfile",
}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_UNPICKLED = {"numba", "numpy", "llvmlite", "builtins", "collections", "copyreg", "functools", "types", "chipsmith"}
"""Packages whose own pickles numba's cache of compiled functions reads."""


class Hang(BaseException):
    """More CPU seconds than a file may take."""


class CodeWatch:
    """Sees code that a file runs while it listens: every import of a package that was not known before, every process,
    connection, library, pickled class, and every change of a file outside of `folder`.

    What is seen is counted in `seen` and stopped by CodeExecuted. An audit hook cannot be removed: a process has one.
    """

    def __init__(self, folder: Path, *, commands: Sequence[Sequence[str]] = ()) -> None:
        self.seen: list[str] = []
        self._folder, self._commands = str(folder.resolve()), tuple(map(tuple, commands))
        own = Path(sys.modules["chipsmith"].__path__[0]).parent
        self._caches = re.compile(rf"{re.escape(str(own))}.*__pycache__|.*/site-packages/.*__pycache__")
        self._known = _list_known()
        roots = (sys.prefix, sys.base_prefix, str(own), str(Path(__file__).parents[1]))
        self._roots = tuple(f"{os.path.realpath(root)}/" for root in roots)
        self._listening = False
        sys.addaudithook(self._hear)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within it what happens is seen."""
        self._listening = True
        try:
            yield
        finally:
            self._listening = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._listening and self._offends(event, arguments):
            self.seen.append(f"{event} {arguments!r}"[:200])
            raise CodeExecuted(self.seen[-1])

    def _offends(self, event: str, arguments: tuple[Any, ...]) -> bool:
        match event:
            case "import":
                return str(arguments[0]).split(".")[0] not in self._known
            case "exec":  # importlib.import_module tells of no import, but of the code that it runs
                return self._is_foreign(str(getattr(arguments[0], "co_filename", "<text>")))
            case "subprocess.Popen":
                return not self._is_own(arguments[1])
            case "pickle.find_class":
                return str(arguments[0]).split(".")[0] not in _UNPICKLED
            case "ctypes.dlopen":
                return arguments[0] is not None and str(arguments[0]).startswith(self._folder)
            case "open":
                path, _, flags = arguments
                return isinstance(path, str | bytes | os.PathLike) and bool(flags & _WRITES) and self._outside(path)
        return event in _STARTS | _NETWORK or (event in _CHANGES and self._outside(arguments[0]))

    def _is_own(self, command: Any) -> bool:
        words = [command] if isinstance(command, str) else [os.fspath(word) for word in command]
        return any(tuple(words[: len(begin)]) == begin for begin in self._commands)

    def _is_foreign(self, file: str) -> bool:
        return not file.startswith("<") and not os.path.realpath(file).startswith(self._roots)

    def _outside(self, path: Any) -> bool:
        if isinstance(path, int):
            return False
        real = os.path.realpath(os.fsdecode(path))
        return not (real == os.devnull or f"{real}/".startswith(f"{self._folder}/") or self._caches.match(real))


def _list_known() -> frozenset[str]:
    """The packages that are imported or installed."""
    installed = [path for path in sys.path if path.endswith(("site-packages", "lib-dynload"))]
    names = {entry.name.split(".")[0] for path in installed for entry in Path(path).iterdir()}
    loaded = {name.split(".")[0] for name in sys.modules}
    return frozenset(loaded | names | {"chipsmith"} | (sys.stdlib_module_names - {"antigravity", "this"}))


@contextmanager
def limited_cpu(seconds: float) -> Iterator[None]:
    """Raises Hang in whatever runs longer, in CPU seconds, for a busy machine is no hang."""
    signal.signal(signal.SIGPROF, _raise_hang)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _raise_hang(*_: object) -> None:
    raise Hang


def start_peak() -> int:
    """Forget the peak of this process's memory; the bytes that are resident now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status_bytes("VmRSS")


def peak_bytes() -> int:
    """The most memory that was resident since start_peak."""
    return _status_bytes("VmHWM")


def _status_bytes(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) << 10
    raise OSError(f"/proc/self/status has no {field}")
