"""The Chinese README says what the English one says: the same commands, the same links, the same figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"\]\(([^)]+)\)")
IMAGE = re.compile(r'src="([^"]+)"')
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def sections(name: str) -> list[str]:
    """A README's text before its first heading of the second level, then each section with its heading."""
    return re.split(r"^(?=## )", (ROOT / name).read_text(), flags=re.MULTILINE)


def prose(section: str) -> str:
    """A section without its code blocks, its links to files and the numbers of its list."""
    plain = re.sub(r"^\d+\. ", "", LINK.sub("]", CODE.sub("", section)), flags=re.MULTILINE)
    return IMAGE.sub("", plain)


PAIRS = list(zip(sections("README.md"), sections("README.zh.md"), strict=True))
IDS = [english.partition("\n")[0] for english, _ in PAIRS]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_a_section_has_the_same_commands(english, chinese):
    assert CODE.findall(chinese) == CODE.findall(english)


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_a_section_names_the_same_files_options_and_chips(english, chinese):
    assert sorted(INLINE.findall(prose(chinese))) == sorted(INLINE.findall(prose(english)))


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_a_section_leads_to_the_same_pages(english, chinese):
    own = {"README.md", "README.zh.md"}
    assert IMAGE.findall(chinese) == IMAGE.findall(english)
    assert set(LINK.findall(chinese)) - own == set(LINK.findall(english)) - own


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=IDS)
def test_a_section_shows_the_same_figures(english, chinese):
    figures = [sorted(NUMBER.findall(INLINE.sub("", prose(text)))) for text in (english, chinese)]
    assert figures[0] == figures[1]


def test_the_two_lead_to_each_other():
    assert "(README.zh.md)" in PAIRS[0][0]
    assert "(README.md)" in PAIRS[0][1]


def test_every_line_of_prose_is_chinese():
    for line in CODE.sub("", (ROOT / "README.zh.md").read_text()).splitlines():
        words = re.sub(r"`[^`]*`|<[^>]*>|\]\([^)]*\)|^# .*", "", line)
        assert re.search(r"[\u4e00-\u9fff]", words) or not re.search(r"[a-z]{3,} [a-z]{3,}", words), line
