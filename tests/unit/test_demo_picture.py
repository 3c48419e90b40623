"""The picture of the demo in the README: its titles and commands are those of scripts/demo.py."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/static/demo.svg"


def lines() -> list[str]:
    """Return the lines of text in the picture, from top to bottom."""
    rows: dict[float, str] = {}
    for attributes, text in re.findall(r"<text ([^>]*)>(.*?)</text>", PICTURE.read_text()):
        if "clip-path" in attributes:
            row = float(re.findall(r'\by="([\d.]+)"', attributes)[0])
            rows[row] = rows.get(row, "") + html.unescape(text).replace("\xa0", " ")
    return [text.rstrip() for _, text in sorted(rows.items())]


def printed() -> Iterator[str]:
    """Yield the titles and the names of the commands in the demo's functions, in the order of the source."""
    module = ast.parse((ROOT / "scripts/demo.py").read_text())
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(functions["demonstrate"]):
        match node:
            case ast.Call(func=ast.Name(id="title"), args=[ast.Constant(value=str(words))]):
                yield f"== {words}"
            case ast.Call(func=ast.Name(id="paas_local"), args=[ast.Constant(value=str(name)), *_]):
                yield f"$ paas-local {name}"
            case _:
                pass


def test_the_picture_has_the_titles_and_commands_of_the_demo():
    shown = [line for line in lines() if line.startswith(("== ", "$ paas-local "))]
    in_picture = {" ".join(line.split()[:3]) if line.startswith("$") else line for line in shown}
    of_demo = set(printed())

    assert len(of_demo) > 10
    assert of_demo <= in_picture
    assert in_picture - of_demo == {
        *("$ paas-local add-model", "$ paas-local destroy-model", "$ paas-local shutdown"),
        "== Clean up",
    }


def test_the_picture_shows_each_status_of_the_demo():
    text = "\n".join(lines())

    assert text.startswith("$ make demo\n")
    assert re.search(r"flask-k8s/0 active\n", text)
    assert "flask-k8s/0 blocked: invalid options: webserver-worker-class (input should be 'sync' or 'gevent')" in text
    assert "health → ok" in text
    assert "ERROR" not in text


def test_the_picture_names_no_folder_of_the_machine_that_recorded_it():
    assert re.findall(r"(?<![\w.:/-])/(?:home|root|tmp|work|Users|opt|var)\b", PICTURE.read_text()) == []


def test_the_readme_shows_the_picture():
    assert "](docs/static/demo.svg)" in (ROOT / "README.md").read_text()
