"""Prints the lock file of a report of pip (`install --dry-run --report`): each distribution, version and hash."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

_HEADER = """\
# Every distribution of chipsmith[test], and so of all extras, as it was tried: CPython 3.11, Linux x86_64.
# Written by .ci/lock; docs/signatures.md says how to install it. A version with +cpu is PyTorch's build for processors,
# which stands on PyTorch's own index.
"""


def lock_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each distribution that comes from an archive, by name; chipsmith itself comes from a folder."""
    for item in sorted(report["install"], key=_name_of):
        archive = item["download_info"].get("archive_info")
        if archive is not None:
            version = item["metadata"]["version"]
            yield f"{_name_of(item)}=={version} --hash=sha256:{archive['hashes']['sha256']}"


def _name_of(item: Mapping[str, Any]) -> str:
    """The name in the only form that is compared: small letters, divided by hyphens."""
    return re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 nothing but the standard library's basics
        print(_HEADER + "\n".join(lock_lines(json.load(file))))
