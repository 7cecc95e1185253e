"""Whether others may change what lies in a folder: what is loaded from it runs as this user."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def find_intruder(folder: Path) -> str | None:
    """Who beside this user and root may put files in an existing folder, in a few words; None where nobody may.

    A folder is safe where this user or root owns it, where neither all users nor a group of several may write to it,
    and where no folder above it lets all users rename what is in it.
    """
    if not hasattr(os, "geteuid"):  # Windows keeps the caches of users apart
        return None
    place = folder.resolve()
    status = place.stat()
    if status.st_uid not in (os.geteuid(), 0):
        return f"it belongs to user {status.st_uid}"
    if status.st_mode & stat.S_IWOTH:
        return "all users may write to it"
    if status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid):
        return f"the users of group {status.st_gid} may write to it"
    open_to_all = next((parent for parent in place.parents if _lets_all_rename(parent)), None)
    return None if open_to_all is None else f"all users may rename what is in {open_to_all}"


def belongs_here(status: os.stat_result) -> bool:
    """Whether a file belongs to this user or to root, and nobody else may write to it."""
    if not hasattr(os, "geteuid"):
        return True
    shared = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid))
    return status.st_uid in (os.geteuid(), 0) and not shared


def _lets_all_rename(folder: Path) -> bool:
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def _is_own_group(number: int) -> bool:
    """Whether a group is this user's alone, as many systems give each user one."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
    except KeyError:
        return False
    return user.pw_gid == number and set(group.gr_mem) <= {user.pw_name}
