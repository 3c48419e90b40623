"""The commands of the tutorials, for paas-local, as a reader types them.

Blocks in the language ``bash`` run, blocks with a caption are files, and a block in the language ``text`` is what the
command before it prints. Blocks in the language ``sh`` need a cluster.
"""

import subprocess
import sys
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
from deployment import Deployment, new_home
from sybil import Document, Example, Region, Sybil
from sybil.parsers.myst import CodeBlockParser
from sybil.parsers.myst.lexers import DirectiveLexer

TUTORIALS = Path(__file__).parents[2] / "docs/tutorials"
PAGES = ("flask", "django", "fastapi", "go")


class Reader:
    """A reader at a terminal, who follows one page from its top to its end."""

    def __init__(self, juju: Deployment, folder: Path) -> None:
        self._environment = {**juju.environment, "PATH": f"{Path(sys.executable).parent}:{juju.environment['PATH']}"}
        self._environment.pop("JUJU_MODEL", None)
        self._folder = folder
        self._printed = ""

    def run(self, example: Example) -> str | None:
        """Run the commands of a block; return what is wrong."""
        where = self._folder / ".folder"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{example.parsed}\npwd > {where}"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self._printed = done.stdout
        if done.returncode:
            return f"{example.parsed}\nends with {done.returncode}:\n{done.stdout}"
        self._folder = Path(where.read_text().strip())
        return None

    def compare(self, example: Example) -> str | None:
        """Compare a block with what the last command has printed; return the difference."""
        expected = str(example.parsed).strip()
        return None if self._printed.strip() == expected else f"expected {expected!r}, not {self._printed!r}"

    def write(self, example: Example) -> None:
        """Write a block with a caption to its file."""
        (self._folder / example.region.lexemes["options"]["caption"]).write_text(example.parsed)

    def parse_files(self, document: Document) -> Iterable[Region]:
        """Find the blocks with a caption."""
        for region in DirectiveLexer("code-block")(document):
            region.parsed = region.lexemes["source"].lstrip("\n")
            region.evaluator = self.write
            yield region


@pytest.fixture
def juju() -> Generator[Deployment]:
    """Yield an empty home; paas-local itself finds the wheels of this checkout."""
    with new_home(model="tutorial", UV_FIND_LINKS="") as juju:
        yield juju


@pytest.mark.parametrize("page", PAGES)
def test_a_reader_reaches_the_page_with_the_database(juju: Deployment, page: str, tmp_path: Path) -> None:
    reader = Reader(juju, tmp_path)
    blocks = [CodeBlockParser("bash", reader.run), CodeBlockParser("text", reader.compare)]

    examples = list(Sybil(parsers=[*blocks, reader.parse_files]).parse(TUTORIALS / f"{page}.md").examples())
    for example in examples:
        example.evaluate()

    kinds = {example.region.evaluator.__name__ for example in examples}  # pyright: ignore[reportOptionalMemberAccess]
    assert kinds == {"run", "compare", "write"}


def test_every_tutorial_runs() -> None:
    others = {"index", "prepare"}

    assert {page.stem for page in TUTORIALS.glob("*.md")} - others == set(PAGES)
