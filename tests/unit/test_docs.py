import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
).stdout.splitlines()
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
# A file or a folder of this repository, such as `docs/benchmarks.md`.
PATH = re.compile(r"`((?:docs|examples|packages|scripts|tests)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_to_a_file(page: str):
    folder = (ROOT / page).parent
    links = [link for link in LINK.findall((ROOT / page).read_text()) if not link.startswith("http")]

    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_path_of_the_repository_exists(page: str):
    paths = PATH.findall((ROOT / page).read_text())

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_place_of_a_change_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    places = [
        f"{folder}{place}"
        for folder, rows in re.findall(r"\| I want to… \| in `(packages/[^`]*)` \|\n((?:\|.*\n)+)", text)
        for place in re.findall(r"`(\w+/[\w/]*\.(?:py|yaml))`", rows)
    ]

    assert len(places) > 20
    assert [place for place in places if not (ROOT / place).exists()] == []
