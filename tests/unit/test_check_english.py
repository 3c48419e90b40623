import importlib.util
import pathlib
import subprocess
import sys
import types

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check_english.py"

GOOD_MODULE = '''\
"""Redis, over the ``redis`` interface."""

# There is no port yet; the stand-in is no longer needed. See https://example.com/beside/nobody.


def read(path):
    """Return the text of a file, such as ``what stands beside``.

    Example::

        lies = "nobody is told"
    """
    verb = "nobody"
    raise OSError(f"{path} must be a file, not {verb}")
'''

GOOD_MARKDOWN = """\
# 12. Build observability databags without cosl

Run `cat beside` and read [the contract](https://example.com/anew "besides").

    nobody is told

```sh
echo nobody stands beside
```

The charm has:

- no port,

    and no host
"""


@pytest.fixture(scope="module")
def check() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("check_english", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("module.py", GOOD_MODULE),
        ("page.md", GOOD_MARKDOWN),
        ("decisions/0012-build-databags.md", GOOD_MARKDOWN),
        ("charmcraft.yaml", "name: nobody\ndescription: A small application.\n# A comment in plain words.\n"),
    ],
)
def test_plain_english_passes(check: types.ModuleType, tmp_path: pathlib.Path, name: str, text: str):
    assert findings(check, tmp_path / name, text) == []


@pytest.mark.parametrize(
    "bad",
    [
        "anew",
        "likewise",
        "besides",
        "beside",
        "for ever",
        "lies",
        "stands",
        "stood",
        "told",
        "is no",
        "Nobody",
        "whoever",
        "whom",
        "of ours",
        "that which",
        "customary",
        "obstacle",
        "situation",
        "stem",
        "blotted",
        "unfit",
        "displaced",
        "owes",
        "verb",
        "agenda",
        "standstill",
        "seam",
        "mended",
    ],
)
def test_forbidden_words_are_found_on_their_line(check: types.ModuleType, tmp_path: pathlib.Path, bad: str):
    (line, message), *others = findings(check, tmp_path / "page.md", f"# Title\n\nThe charm\n{bad} a server.\n")
    assert (line, others) == (4, [])
    assert message.startswith(f'"{bad}": write ')


@pytest.mark.parametrize(
    "opening",
    [
        "What",
        "Which",
        "Who",
        "Whose",
        "Whether",
        "Where",
        "How",
        "Why",
        "Whatever",
        "Give",
        "Gives",
        "Tell",
        "Tells",
        "Say",
        "Says",
    ],
)
def test_forbidden_openings_of_docstrings_are_found(check: types.ModuleType, tmp_path: pathlib.Path, opening: str):
    source = f'"""A module."""\n\n\nclass Model:\n    """{opening} a model."""\n'
    ((line, message),) = findings(check, tmp_path / "module.py", source)
    assert line == 5
    assert message.startswith(f'docstring opens with "{opening}": open with Return')


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("module.py", '"""Build a charm.\n\nThe name\nstands first.\n"""\n', 4),
        ("module.py", "\nX = 1  # the port is\n# told by Juju\n", 3),
        ("module.py", "\n# A container is\n# no pod.\n", 2),
        ("module.py", '\nraise ValueError(f"{1} is no valid port")\n', 2),
        ("module.py", '\nclass Model:\n    name: str\n    """Where the model is."""\n', 4),
        ("module.py", "\ndef test_an_event_without_a_change_does_nothing_besides(): ...\n", 2),
        ("module.py", "import click\n\n@click.option('--x', help='write a file beside it')\ndef f(): ...\n", 3),
        ("charmcraft.yaml", "options:\n  port:\n    description: >\n      A port that\n      nobody uses.\n", 5),
        ("charmcraft.yaml", "name: app\nkey: value  # read anew\n", 2),
        ("main.go", "package main\n\n// serve stands first.\n", 3),
        ("Makefile", "lint: ## check what stands\n", 1),
    ],
)
def test_every_kind_of_text_is_read(check: types.ModuleType, tmp_path: pathlib.Path, name: str, text: str, line: int):
    assert [number for number, _ in findings(check, tmp_path / name, text)] == [line]


@pytest.mark.parametrize(
    "source",
    [
        "found = 1",
        "_wanted = 1",
        "def read(given): ...",
        "def refusal(): ...",
        "class Situation: ...",
        "STEM: str = ''",
    ],
)
def test_a_name_is_that_of_a_type_or_role(check: types.ModuleType, tmp_path: pathlib.Path, source: str):
    ((line, message),) = findings(check, tmp_path / "module.py", f"{source}\n")
    assert line == 1
    assert message.endswith(": name the type or the role")


@pytest.mark.parametrize("title", ["# What watches", "# 12. What watches", "# 0012 Where pods live"])
def test_a_decision_title_is_not_a_clause(check: types.ModuleType, tmp_path: pathlib.Path, title: str):
    ((line, message),) = findings(check, tmp_path / "decisions" / "0012.md", f"{title}\n")
    assert line == 1
    assert message.startswith("title opens with")


def test_the_command_prints_file_line_and_replacement(tmp_path: pathlib.Path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "bad.md").write_text("The file\nlies here.\n", encoding="utf-8")
    (tmp_path / "good.md").write_text("The file is here.\n", encoding="utf-8")
    assert run(tmp_path, "good.md") == (0, "")
    assert run(tmp_path) == (1, 'bad.md:2: "lies": write is\n')


def run(folder: pathlib.Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    completed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return completed.returncode, completed.stdout


def findings(check: types.ModuleType, path: pathlib.Path, text: str) -> list[tuple[int, str]]:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return list(check.findings(path))
