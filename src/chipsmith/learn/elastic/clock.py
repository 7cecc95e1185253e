"""The processor time of a training, with that of the sessions before an interruption."""

from __future__ import annotations

import json
import time
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.learn.training import Epoch, OnEpoch

_SUFFIX = ".cpu.json"


class EpochClock:
    """Adds up the processor seconds of this process between the epochs; with a checkpoint they stand beside it.

    An epoch that was interrupted, and so is run again, counts once.
    """

    def __init__(self, checkpoint: Path | None) -> None:
        self._path = None if checkpoint is None else checkpoint.with_name(checkpoint.name + _SUFFIX)
        self._known = _read(self._path) if checkpoint is not None and checkpoint.exists() else {}
        self._last = time.process_time()

    @property
    def cpu_s(self) -> float:
        """The seconds of all epochs together."""
        return sum(self._known.values())

    def timing(self, on_epoch: OnEpoch) -> OnEpoch:
        """`on_epoch`, and the time that each new epoch took."""

        def told(epoch: Epoch) -> None:
            now = time.process_time()
            if epoch.number not in self._known:
                self._known[epoch.number] = now - self._last
                if self._path is not None:
                    write_whole(self._path, json.dumps(self._known).encode())
            self._last = now
            on_epoch(epoch)

        return told


def _read(path: Path | None) -> dict[int, float]:
    if path is None or not path.exists():
        return {}
    try:
        return {int(number): float(seconds) for number, seconds in json.loads(path.read_bytes()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is damaged; remove it: the time of the epochs so far is then not counted") from error
