"""Every example of the documentation runs as a reader runs it, page by page, from the top of the repository.

The blocks of a page share one namespace. In a `console` block each line that begins with `$ chipsmith` is run, and so
is each such line of the README and the pages beside it. A block whose first line begins with `# slow` or `$ # slow`
takes long: only `pytest -m slow` runs the page with it. Other languages (text, yaml, bash) are read and not run.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chipsmith import cli

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CLASS = re.compile(r"`([A-Z]\w*[a-z]\w*)`")
PATH = re.compile(r"`((?:src|tests|docs|\.ci)/[^`]*)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)[^)]*\)")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int

    @property
    def slow(self) -> bool:
        return self.text.removeprefix("$ ").startswith("# slow")


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in BLOCK.finditer(text):
        if match[1] in ("python", "console"):
            yield Block(match[1], match[2], text[: match.start(2)].count("\n"))


def run_page(page: Path, *, slow: bool) -> None:
    names: dict[str, object] = {"__name__": "__docs__"}
    for block in blocks(page):
        if slow or not block.slow:
            run_block(block, page, names)


def run_block(block: Block, page: Path, names: dict[str, object]) -> None:
    if block.language == "python":
        exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
        return
    for command in re.findall(r"^\$ chipsmith (.*)$", block.text, re.MULTILINE):
        with pytest.raises(SystemExit) as exit:
            cli.main(shlex.split(command))
        assert not exit.value.code, f"{page.name}, line {block.line}: chipsmith {command}"


@pytest.fixture
def as_reader(tmp_path, monkeypatch):
    """A folder that looks like the repository: what an example writes is gone afterwards."""
    for name in ("tests", "examples", "docs", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page, as_reader):
    run_page(page, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(block.slow for block in blocks(page))])
def test_slow_examples_run_too(page, as_reader):
    run_page(page, slow=True)


def test_every_command_is_in_the_documentation():
    shown = "\n".join(page.read_text() for page in PAGES)
    for name in cli.app.commands:
        assert f"chipsmith {name}" in shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text()):
        assert "://" in link or (page.parent / link).exists(), link


def test_what_contributing_says_to_touch_is_there():
    """NAME, NNNN and CHAPTER stand for what the reader adds: the folder that it goes to must be there."""
    paths = [path.split()[0] for path in PATH.findall((ROOT / "CONTRIBUTING.md").read_text())]
    places = [re.split(r"[^/]*(?:NAME|NNNN|CHAPTER)", path)[0] for path in paths]
    assert len(places) > 10
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_the_index_names_every_page():
    linked = set(LINK.findall((ROOT / "docs" / "README.md").read_text()))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= linked
    listed = set(LINK.findall((ROOT / "docs" / "decisions" / "README.md").read_text()))
    assert {page.name for page in (ROOT / "docs" / "decisions").glob("0*.md")} == listed


def test_the_glossary_names_what_there_is():
    named = set(CLASS.findall((ROOT / "docs" / "glossary.md").read_text()))
    defined = {name for file in (ROOT / "src").rglob("*.py") for name in defined_in(ast.parse(file.read_text()))}
    assert "Graph" in named
    assert named - defined == set()


def defined_in(tree: ast.Module) -> Iterator[str]:
    """Classes, and names of types, at the top of a file."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
