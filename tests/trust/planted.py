"""Readers with a fault each, which the watch over mutated files must see."""

from __future__ import annotations

import importlib
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mutations.target import Target

from chipsmith.errors import BadInput


def target(use: Callable[[bytes], object]) -> Target:
    """A format whose sample does no harm, and whose every changed file is used by `use`."""
    return Target(
        file="file",
        samples=[b"harmless"],
        mutate=lambda *_: b"changed",
        parse=lambda file: file.read_bytes(),
        use=lambda data: None if data == b"harmless" else use(data),
        most_cpu_s=0.5,
        most_bytes=100 << 20,
    )


def harmless(_: Path) -> Target:
    return target(len)


def refusing(_: Path) -> Target:
    def refuse(data: bytes) -> None:
        raise BadInput("the file is damaged; give another")

    return target(refuse)


def traceback(_: Path) -> Target:
    return target(lambda _: {}["missing"])


def exits(_: Path) -> Target:
    return target(lambda _: sys.exit(3))


def crash(_: Path) -> Target:
    return target(lambda _: os.abort())


def hang(_: Path) -> Target:
    def spin(data: bytes) -> None:
        while True:
            pass

    return target(spin)


def memory(_: Path) -> Target:
    return target(lambda _: b"x" * (200 << 20))


def loader_of_before(folder: Path) -> Target:
    """As a trained file was loaded before: it imports the module that the file names, and calls the function."""
    (folder / "trap_of_a_file.py").write_text("def build(): return 1\n")
    return target(lambda _: importlib.import_module("trap_of_a_file").build())


def swallowing(folder: Path) -> Target:
    """A reader that catches whatever its import raises is seen all the same."""
    (folder / "trap_of_a_file.py").write_text("")

    def load(data: bytes) -> None:
        try:
            importlib.import_module("trap_of_a_file")
        except BaseException as error:
            raise BadInput("refused") from error

    return target(load)


def command(_: Path) -> Target:
    return target(lambda _: os.system("true"))


def process(_: Path) -> Target:
    return target(lambda _: subprocess.run(["true"], check=True))


def unpickling(_: Path) -> Target:
    class Run:
        def __reduce__(self) -> Any:
            return os.getcwd, ()

    return target(lambda _: pickle.loads(pickle.dumps(Run())))


def connection(_: Path) -> Target:
    return target(lambda _: socket.create_connection(("127.0.0.1", 9), timeout=0.1))


def writing(folder: Path) -> Target:
    """Outside of the folder that it was given."""
    return target(lambda _: (folder.parent / "escaped-from-a-file").write_text(""))
