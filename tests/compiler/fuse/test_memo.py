"""What is found of a graph is found once."""

from __future__ import annotations

import pytest

from chipsmith.compiler.fuse.memo import Memo


def test_a_value_is_found_once_a_key() -> None:
    memo, asked = Memo(), []

    def find() -> int:
        asked.append(1)
        return len(asked)

    assert [memo.recall("a", find), memo.recall("a", find), memo.recall("b", find)] == [1, 1, 2]


def test_of_an_error_nothing_is_kept() -> None:
    memo = Memo()
    with pytest.raises(ZeroDivisionError):
        memo.recall("a", lambda: 1 // 0)
    assert memo.recall("a", lambda: 7) == 7
