"""Where the workers of a search are: processes of this machine that it starts itself, or those of a scheduler."""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from chipsmith.errors import BadInput, CheckFailed

_CONNECT_S = 10.0
"""A scheduler has so long to answer."""
_WORK = """
import json, sys
told = json.loads(sys.stdin.readline())
sys.path[:] = told["path"]
from chipsmith.studies.search.worker_process import work
work(told["settings"])
"""
"""The program of a worker process: it imports from where this process does, and reads the scheduler's key from a pipe,
for arguments can be read by all."""
_CLOSE_S = 5.0
_RESTART_S = 10.0


class Crew(Protocol):
    """Workers that come and go, behind a scheduler of dask."""

    counted: bool
    """Whether the workers are processes of this one, whose time the system adds to its own."""

    def client(self) -> Any:
        """The connection to the scheduler, which is made when it is first asked for."""
        ...

    def find_workers(self) -> frozenset[str]:
        """The addresses of those that are there now."""
        ...

    def replace(self, worker: str) -> None:
        """End a worker that hangs, so that another comes in its place, where that can be done."""
        ...

    def describe_absence(self) -> str:
        """That no worker is there, and the mend."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A worker process under the name that the scheduler knows it by."""

    name: str
    process: subprocess.Popen[bytes]


@dataclass(kw_only=True)
class LocalCrew:
    """So many worker processes of this machine, and a scheduler in this process that none but they can talk to.

    A process that dies is replaced. They are no children of the terminal's group: an interrupt is the search's alone.
    """

    count: int
    counted: bool = True
    _client: Any = None
    _cluster: Any = None
    _security: Any = None
    _folder: str = ""
    _members: list[_Member] = field(default_factory=list)
    _started: int = 0
    _joined: set[str] = field(default_factory=set)
    _stack: ExitStack = field(default_factory=ExitStack)

    def client(self) -> Any:
        """Start the scheduler and the processes when it is first asked for."""
        if self._client is None:
            self._start()
        return self._client

    def find_workers(self) -> frozenset[str]:
        """The addresses of those that have joined; in the place of one that has died another is started."""
        known = {worker["name"]: address for address, worker in _known_workers(self.client()).items()}
        self._joined |= set(known)
        for member in [member for member in self._members if member.process.poll() is not None]:
            self._members.remove(member)
            _kill(member.process)
            if member.name not in self._joined:
                raise CheckFailed(
                    f"a worker process ended as it began, with code {member.process.returncode}; "
                    "CHIPSMITH_DEBUG=1 shows what it says, --workers 1 needs none"
                )
        self._fill()
        return frozenset(known[member.name] for member in self._members if member.name in known)

    def replace(self, worker: str) -> None:
        """Kill its process."""
        name = _known_workers(self.client()).get(worker, {}).get("name")
        for member in self._members:
            if member.name == name:
                _kill(member.process)

    def describe_absence(self) -> str:
        """That they do not join."""
        return "no worker process joins; CHIPSMITH_DEBUG=1 shows what they say, --workers 1 needs none"

    def close(self) -> None:
        """Kill the processes, then end the scheduler."""
        while self._members:
            _kill(self._members.pop().process)
        self._stack.close()
        self._client = self._cluster = None

    def _start(self) -> None:
        import dask.config
        from distributed import Client, LocalCluster
        from distributed.security import Security

        _silence()
        self._folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chipsmith-workers-"))
        self._security = Security.temporary()
        with dask.config.set({"distributed.scheduler.http.routes": [], "distributed.admin.tick.interval": "1s"}):
            self._cluster = LocalCluster(
                n_workers=0,
                processes=True,
                protocol="tls://",
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # None would be the port of dask's own dashboards
                scheduler_kwargs={"dashboard": False},
                security=self._security,
                silence_logs=logging.CRITICAL,
            )
        self._stack.callback(_close_quietly, self._cluster)
        self._fill()
        self._client = Client(self._cluster, security=self._security, set_as_default=False)
        self._stack.callback(_close_quietly, self._client)

    def _fill(self) -> None:
        while len(self._members) < self.count:
            self._started += 1
            self._members.append(self._start_member(f"worker {self._started}"))

    def _start_member(self, name: str) -> _Member:
        settings = {
            "scheduler": self._cluster.scheduler_address,
            "name": name,
            "folder": self._folder,
            "certificate": self._security.tls_worker_cert,
            "key": self._security.tls_worker_key,
        }
        line = json.dumps({"path": sys.path, "settings": settings})
        said = None if os.environ.get("CHIPSMITH_DEBUG") else subprocess.DEVNULL
        process = subprocess.Popen(
            [sys.executable, "-c", _WORK],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        assert process.stdin is not None
        with suppress(OSError):  # it has died already, as is seen when workers are looked for
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
        return _Member(name=name, process=process)


@dataclass(kw_only=True)
class RemoteCrew:
    """The workers of a running scheduler. Raises BadInput where it does not answer."""

    address: str
    counted: bool = False
    _client: Any = None

    def client(self) -> Any:
        """Connect when it is first asked for."""
        if self._client is None:
            _silence()
            self._client = _connect(self.address)
        if self._client is None:
            gc.collect()  # ends the client that failed here, where nobody holds the lock that its end takes
            raise BadInput(
                f"no scheduler answers at {self.address}: start one with `dask scheduler`, name the address that "
                "it prints, as tcp://host:8786, or give --workers instead of --scheduler"
            )
        return self._client

    def find_workers(self) -> frozenset[str]:
        """The addresses of all workers of the scheduler."""
        return frozenset(_known_workers(self.client()))

    def replace(self, worker: str) -> None:
        """Have its nanny restart it; one without a nanny stays as it is."""
        with suppress(Exception):
            self.client().restart_workers([worker], timeout=_RESTART_S, raise_for_error=False)

    def describe_absence(self) -> str:
        """That it has none."""
        return f"{self.address} has no worker: start some with `dask worker {self.address}`, and go on with --resume"

    def close(self) -> None:
        """End the connection; the scheduler and its workers stay."""
        if self._client is not None:
            _close_quietly(self._client)
            self._client = None


def _connect(address: str) -> Any:
    """A client of the scheduler there; None where none answers, or the address is none."""
    from distributed import Client

    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError):
        return None


def _known_workers(client: Any) -> Mapping[str, Mapping[str, Any]]:
    """What the scheduler says of its workers, by address. Raises CheckFailed where it has gone."""
    try:
        workers: Mapping[str, Mapping[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    except (OSError, RuntimeError, AttributeError, KeyError) as error:
        raise CheckFailed("the scheduler of the workers has gone; go on with --resume") from error
    return workers


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process, if it has not ended, and what leads to it."""
    process.kill()
    process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _close_quietly(closable: Any) -> None:
    """Close a client or a cluster; what it says of workers that were killed is no matter."""
    with suppress(Exception):
        closable.close(timeout=_CLOSE_S)


def _silence() -> None:
    """Dask logs to standard error what befalls workers; what matters of it is raised here."""
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
