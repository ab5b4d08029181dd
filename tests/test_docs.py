"""Every block of code in the documentation runs, page by page, as a reader would run it."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import pytest

mpl.use("agg")
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs"
REPORTS = {FOLDER / "verification.md", FOLDER / "performance_report.md"}
PAGES = sorted(set(FOLDER.rglob("*.md")) - REPORTS)
FENCE = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
KNOWN = ("python", "sh", "toml", "csv", "text")


class Block(NamedTuple):
    """A block of code: its language, the file that it is, and from which line of the page on."""

    language: str
    file: str
    text: str
    line: int


def blocks(page):
    text = page.read_text(encoding="utf-8")
    return [Block(m[1], m[2] or "", m[3], text.count("\n", 0, m.start()) + 2) for m in FENCE.finditer(text)]


def commands(text):
    """The commands of cellsim among the lines of a shell block."""
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("cellsim ")]


def has_code(page):
    return any(block.language == "python" or block.file or commands(block.text) for block in blocks(page))


@pytest.mark.parametrize(
    "page", list(filter(has_code, [ROOT / "README.md", *PAGES])), ids=lambda page: page.relative_to(ROOT).as_posix()
)
@pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")
def test_the_code_of_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch, cellsim_command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    names = {"__name__": "__main__"}
    for block in blocks(page):
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            # an error is shown with the line of the page
            exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), names)
        elif block.language == "sh":
            for words in commands(block.text):
                code, said, wrong = cellsim_command(*words)
                assert code == 0, f"{page.name}:{block.line}: cellsim {shlex.join(words)}\n{said}\n{wrong}"


def test_every_block_is_of_a_language_that_is_run_or_shown_on_purpose():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("\n```") + text.startswith("```") == 2 * len(blocks(page)), f"{page}: a block is left open"
        for block in blocks(page):
            assert block.language in KNOWN, f"{page}:{block.line}: a block of '{block.language}'"


def test_the_commands_of_a_shell_block_are_found():
    text = 'make demo\ncellsim run --cell A \\\n  --protocol "Rest for 1 hour"  # a day is too long\n'
    assert commands(text) == [["run", "--cell", "A", "--protocol", "Rest for 1 hour"]]
