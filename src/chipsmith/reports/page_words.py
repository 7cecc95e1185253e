"""The few words that every page has around its contents, by the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PageWords:
    """What links and controls of a page say; `rows_left_out` has places for {shown} and {total}."""

    skip: str
    contents: str
    top: str
    numbers: str
    series: str
    first: str
    last: str
    told: str
    rows_left_out: str
    made_by: str
    too_old: str


_ENGLISH = PageWords(
    skip="Skip to the content",
    contents="Contents",
    top="Back to top",
    numbers="Numbers of this chart",
    series="series",
    first="from",
    last="to",
    told="what",
    rows_left_out="The first {shown} of {total} rows.",
    made_by="Written by Chipsmith. All that this page shows is in this file.",
    too_old="This browser cannot draw the charts: it is older than May 2023. Their numbers stand below.",
)
_CHINESE = PageWords(
    skip="跳到正文",
    contents="目录",
    top="回到顶部",
    numbers="图中的数值",
    series="系列",
    first="起",
    last="止",
    told="说明",
    rows_left_out="共 {total} 行，显示前 {shown} 行。",
    made_by="由 Chipsmith 生成。本页显示的一切都在这个文件里。",
    too_old="此浏览器早于 2023 年 5 月，无法绘制图表；数值列在下方。",
)
_WORDS: Mapping[str, PageWords] = {"en": _ENGLISH, "zh": _CHINESE}


def words_in(language: str) -> PageWords:
    """The words in the language of that code; English where there are none."""
    return _WORDS.get(language, _ENGLISH)
