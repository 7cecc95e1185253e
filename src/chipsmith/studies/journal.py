"""The journal of a search: lines of what is finished, and nothing else counts when the search goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.schema import Json

Entry = TypeVar("Entry")


class SearchJournal:
    """A file of JSON lines, each of something that is finished, and beside it how much of it was written, with a hash.

    A process that is killed may leave a part of a line behind the last one: it goes when the file is read. Only one
    process may use a journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sum = path.with_name(f"{path.name}.sum")
        self._length, self._digest = 0, hashlib.sha256()

    def read(self, parse: Callable[[Json], Entry]) -> list[Entry]:
        """What `parse` makes of each line, none where there is no file; to be called once, before the first `append`.

        Raises BadInput where the file is not what was written, or `parse` raises KeyError, TypeError or ValueError.
        """
        if not self.path.exists():
            return []
        length, digest = self._read_sum()
        with self.path.open("rb") as file:
            kept = file.read(length)
        self._length, self._digest = length, hashlib.sha256(kept)
        if len(kept) != length or self._digest.hexdigest() != digest:
            raise BadInput(f"{self.path} is damaged; remove it and {self._sum.name} to search again")
        os.truncate(self.path, length)
        try:
            return [parse(json.loads(line)) for line in kept.decode().splitlines()]
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput(f"{self.path} is not the journal of this search; name another folder with --out") from error

    def append(self, fields: Json) -> None:
        """Write a line, and then that it is finished."""
        line = f"{json.dumps(fields, separators=(',', ':'))}\n".encode()
        with self.path.open("ab") as file:
            file.write(line)
        self._length += len(line)
        self._digest.update(line)
        write_whole(self._sum, json.dumps({"bytes": self._length, "sha256": self._digest.hexdigest()}).encode())

    def _read_sum(self) -> tuple[int, str]:
        if not self._sum.exists():  # the first line was interrupted
            return 0, hashlib.sha256().hexdigest()
        try:
            fields = json.loads(self._sum.read_bytes())
            return int(fields["bytes"]), str(fields["sha256"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BadInput(f"{self._sum} is damaged; remove it and {self.path.name} to search again") from error
