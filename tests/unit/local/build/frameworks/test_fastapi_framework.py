"""Images of FastAPI applications."""

from pathlib import Path

import pytest
from paas_local.build import rocks
from rock_projects import build_error, layer, listed, quietly, write, write_rockcraft


@pytest.fixture
def fastapi(source: Path) -> Path:
    write_rockcraft(source, "fastapi")
    write(source, "requirements.txt", "fastapi\n")
    write(source, "app.py", "app = 1\n")
    return source


def test_the_layer_equals_rockcrafts(fastapi: Path):
    assert layer(rocks.build(fastapi, quietly))["services"] == {
        "fastapi": {
            "override": "replace",
            "startup": "enabled",
            "command": "/bin/python3 -m uvicorn app:app",
            "working-dir": "/app",
            "environment": {"UVICORN_HOST": "0.0.0.0"},
            "user": "_daemon_",
        }
    }


def test_installs_uvicorn(fastapi: Path):
    rock = rocks.build(fastapi, quietly)

    assert rock.python is not None
    assert (rock.python / "requirements.txt").read_text().split() == ["fastapi==1.0", "uvicorn==1.0"]
    assert "/app" in rock.folders


@pytest.mark.parametrize("place", ["main.py", "app/main.py", "src/app.py", "my_notes/__init__.py"])
def test_includes_the_application_from_each_place(place: str, fastapi: Path):
    (fastapi / "app.py").unlink()
    for name in (place, "migrate.sh", "templates/a.html", "other.py"):
        write(fastapi, name, "app = 1\n")

    assert listed(rocks.build(fastapi, quietly), "/app") == sorted([place, "migrate.sh", "templates/a.html"])


def test_the_authors_environment_is_added_to_the_extensions(fastapi: Path):
    write_rockcraft(fastapi, "fastapi", services={"fastapi": {"environment": {"A": "1"}, "command": "serve"}})
    (fastapi / "app.py").unlink()

    service = layer(rocks.build(fastapi, quietly))["services"]["fastapi"]

    assert service["environment"] == {"UVICORN_HOST": "0.0.0.0", "A": "1"}
    assert (service["command"], service["working-dir"]) == ("serve", "/app")


def test_starlette_is_accepted(fastapi: Path):
    write(fastapi, "requirements.txt", "starlette\n")

    assert rocks.build(fastapi, quietly).python is not None


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        pytest.param("app.py", "create_app = 1", "no `app` object in app.py; name your FastAPI object", id="factory"),
        pytest.param("app.py", None, "set services.fastapi.command in rockcraft.yaml", id="no file"),
        pytest.param(
            "requirements.txt", "flask", "requirements.txt: does not name fastapi or starlette; add it", id="other"
        ),
    ],
)
def test_a_missing_part_is_named(file: str, text: str | None, message: str, fastapi: Path):
    (fastapi / file).unlink()
    if text is not None:
        write(fastapi, file, text)

    assert message in build_error(fastapi)
