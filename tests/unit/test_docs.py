import pathlib
import re
import subprocess
import typing

import pytest
import yaml
from paas_local.providers import BUILT_IN

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


def charmcraft(provider: str) -> dict[str, typing.Any]:
    return yaml.safe_load((BUILT_IN[provider] / "charm/charmcraft.yaml").read_text())


def test_the_table_of_providers_has_the_interface_of_each():
    page = (ROOT / "docs/reference/integrations.md").read_text().partition("## Providers of paas-local")[2]
    documents = {name: charmcraft(name) for name in BUILT_IN}
    interfaces = [
        (endpoint["interface"], name)
        for name, document in documents.items()
        for endpoint in {**document.get("provides", {}), **document.get("requires", {})}.values()
    ]

    assert sorted(re.findall(r"^\| `(\w+)` \| `([\w-]+)` \|", page, re.MULTILINE)) == sorted(interfaces)


def test_the_readme_of_paas_local_has_the_actions_of_each_provider():
    page = (ROOT / "packages/paas-local/README.md").read_text()
    actions = [(name, action) for name in BUILT_IN for action in charmcraft(name).get("actions", {})]

    assert sorted(re.findall(r"`paas-local run ([\w-]+)/0 ([\w-]+)`", page)) == sorted(actions)


def test_each_list_of_packages_in_the_project_file_is_complete():
    packages = {folder.name for folder in (ROOT / "packages").iterdir()}
    lists = re.findall(r"\[([^\[\]]*\bpaas[-_]flask\b[^\[\]]*)\]", (ROOT / "pyproject.toml").read_text())

    named = [{name.replace("_", "-") for name in re.findall(r"\"(paas[-_]\w+)\"", text)} for text in lists]

    assert len(named) == 4
    assert all(packages - names <= {"paas-common"} for names in named)
