"""The journal of a search: what its finished trials wrote, and nothing else, counts when the search goes on."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import write_whole


class SearchJournal:
    """The file of a search's trials, to which Optuna appends, and beside it how much of it is finished, with a hash.

    A trial that was interrupted leaves lines behind the finished ones: they go, so that the search goes on as if it had
    never begun that trial. Only one process may use a journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sum = path.with_name(f"{path.name}.sum")
        self._length, self._digest = 0, hashlib.sha256()

    def open(self) -> None:
        """Cut off what no finished trial wrote. Raises BadInput where the rest is not what was written."""
        if not self.path.exists():
            return
        self._break_lock()
        length, digest = self._read_sum()
        with self.path.open("rb") as file:
            kept = file.read(length)
        kept_digest = hashlib.sha256(kept)
        if len(kept) != length or kept_digest.hexdigest() != digest:
            raise BadInput(f"{self.path} is damaged; remove it and {self._sum.name} to search again")
        os.truncate(self.path, length)
        self._length, self._digest = length, kept_digest

    def close_trial(self) -> None:
        """Say that all that stands in the file now is finished."""
        with self.path.open("rb") as file:
            file.seek(self._length)
            added = file.read()
        self._length += len(added)
        self._digest.update(added)
        fields = {"bytes": self._length, "sha256": self._digest.hexdigest()}
        write_whole(self._sum, json.dumps(fields).encode())

    def _read_sum(self) -> tuple[int, str]:
        if not self._sum.exists():  # the first trial was interrupted
            return 0, hashlib.sha256().hexdigest()
        try:
            fields = json.loads(self._sum.read_bytes())
            return int(fields["bytes"]), str(fields["sha256"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BadInput(f"{self._sum} is damaged; remove it and {self.path.name} to search again") from error

    def _break_lock(self) -> None:
        """Of Optuna, left by a process that was killed; it would be waited for."""
        self.path.with_name(f"{self.path.name}.lock").unlink(missing_ok=True)
