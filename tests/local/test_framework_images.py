"""Images of small Django, FastAPI and Go applications, built with the real uv and the real Go."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from paas_local.build import go_build, rocks
from paas_local.build.errors import ProjectError

SETTINGS = """\
SECRET_KEY = "any"
ROOT_URLCONF = "my_site.urls"
WSGI_APPLICATION = "my_site.wsgi.application"
"""
WSGI = """\
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "my_site.settings")
application = get_wsgi_application()
"""
FASTAPI = """\
import fastapi
app = fastapi.FastAPI()
"""
GO = """\
package main

import (
	_ "embed"
	"fmt"
)

//go:embed words.txt
var words string

func main() { fmt.Print(words) }
"""


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep images here; uv and Go keep their own caches, so that nothing is downloaded or compiled twice."""
    monkeypatch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv"))
    where = subprocess.run([go_build.find_go(), "env", "GOCACHE"], capture_output=True, text=True, check=True)
    monkeypatch.setenv("GOCACHE", where.stdout.strip())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def build(folder: Path, framework: str, **files: str) -> rocks.Rock:
    """Build an image called my-site from these files."""
    rock = {"name": "my-site", "base": "ubuntu@24.04", "extensions": [f"{framework}-framework"]}
    for name, text in {"rockcraft.yaml": yaml.safe_dump(rock), **files}.items():
        place = folder / "source" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return rocks.build(folder / "source", lambda _: None)


def at(rock: rocks.Rock, target: str) -> Path:
    (place,) = (mount.source for mount in rock.mounts if mount.target == target)
    return place


def python(rock: rocks.Rock, folder: Path, *words: str) -> str:
    """Run the image's interpreter as a service does."""
    assert rock.python is not None
    command = [rock.python / "bin/python", *words]
    return subprocess.run(command, cwd=folder, env={}, check=True, capture_output=True, text=True).stdout


def test_gunicorn_loads_the_django_project(tmp_path: Path):
    files = {
        "requirements.txt": "django>=5,<6\n",
        "my_site/my_site/__init__.py": "",
        "my_site/my_site/settings.py": SETTINGS,
        "my_site/my_site/urls.py": "urlpatterns = []\n",
        "my_site/my_site/wsgi.py": WSGI,
    }

    rock = build(tmp_path, "django", **files)

    python(rock, at(rock, "/django") / "app", "-m", "gunicorn", "--check-config", "my_site.wsgi:application")


def test_uvicorn_loads_the_fastapi_application(tmp_path: Path):
    rock = build(tmp_path, "fastapi", **{"requirements.txt": "fastapi\n", "app/main.py": FASTAPI})

    load = "import uvicorn; config = uvicorn.Config('app.main:app'); config.load(); print(config.loaded)"
    assert python(rock, at(rock, "/app"), "-c", load).strip() == "True"


def test_the_go_program_runs_anywhere(tmp_path: Path):
    files = {"go.mod": "module my-site\n\ngo 1.22\n", "main.go": GO, "words.txt": "hello", "static/a.css": ""}

    rock = build(tmp_path, "go", **files)

    program = at(rock, "/usr/local/bin/my-site")
    assert subprocess.run([program], env={}, capture_output=True, check=True).stdout == b"hello"
    assert b"\x00/lib64/ld-linux" not in program.read_bytes()
    assert (at(rock, "/app") / "static/a.css").is_file()


def test_a_changed_embedded_file_makes_another_program(tmp_path: Path):
    files = {"go.mod": "module my-site\n\ngo 1.22\n", "main.go": GO, "words.txt": "hello"}
    first = build(tmp_path, "go", **files)

    again = build(tmp_path, "go", **files)
    changed = build(tmp_path, "go", **{**files, "words.txt": "goodbye"})

    assert again == first
    assert subprocess.run([at(changed, "/usr/local/bin/my-site")], capture_output=True, check=True).stdout == b"goodbye"


def test_an_error_of_go_is_one_line(tmp_path: Path):
    with pytest.raises(ProjectError) as caught:
        build(
            tmp_path, "go", **{"go.mod": "module my-site\n\ngo 1.22\n", "main.go": "package main\nfunc main() { x }\n"}
        )

    assert str(caught.value) == f"{tmp_path / 'source'}: ./main.go:2:15: undefined: x"


def test_a_part_can_generate_programs_before_it_is_compiled(tmp_path: Path):
    server = tmp_path / "source/server"
    files = {
        "go.mod": "module example.com/server\n\ngo 1.22\n",
        "generate.go": "package server\n\n//go:generate go install example.com/server/cmd/kept\n",
        "cmd/kept/main.go": 'package main\n\nfunc main() { print("kept") }\n',
        "cmd/moved/main.go": "package main\n\nfunc main() {}\n",
    }
    for name, text in files.items():
        (server / name).parent.mkdir(parents=True, exist_ok=True)
        (server / name).write_text(text)
    part = {"plugin": "go", "source": "server", "go-generate": ["."], "organize": {"bin/moved": "usr/local/bin/"}}
    (tmp_path / "source/rockcraft.yaml").write_text(yaml.safe_dump({"name": "server", "parts": {"server": part}}))

    rock = rocks.build(tmp_path / "source", lambda _: None)

    assert {mount.target for mount in rock.mounts} == {"/bin/kept", "/usr/local/bin/moved"}
    assert subprocess.run([at(rock, "/bin/kept")], env={}, capture_output=True, check=True).stderr == b"kept"
