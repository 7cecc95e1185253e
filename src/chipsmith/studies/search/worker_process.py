"""A worker process of this machine: it joins the scheduler that it is told of, and ends with its parent."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Mapping

_LEAN = {
    "distributed.worker.profile.enabled": False,
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.interval": "1s",
}
"""Without dask's profiler, which looks at every task a hundred times a second, and its pages; and a slower clock."""


def work(settings: Mapping[str, str]) -> None:
    """Join the `scheduler` under a `name`, until standard input ends, which is when the parent does.

    `certificate` and `key` (PEM) are those of all who talk to this scheduler; files of the work go to `folder`.
    """
    threading.Thread(target=_end_with_parent, args=(settings["folder"],), daemon=True).start()
    import dask.config
    from distributed import Worker
    from distributed.security import Security

    dask.config.set(_LEAN)
    certificate, key = settings["certificate"], settings["key"]
    security = Security(
        tls_ca_file=certificate, tls_worker_cert=certificate, tls_worker_key=key, require_encryption=True
    )

    async def serve() -> None:
        async with Worker(
            settings["scheduler"],
            name=settings["name"],
            nthreads=1,
            memory_limit=0,
            dashboard=False,
            local_directory=settings["folder"],
            security=security,
        ) as worker:
            await worker.finished()

    asyncio.run(serve())


def _end_with_parent(folder: str) -> None:
    """A parent that was killed takes its processes along; they would wait for it for ever."""
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
