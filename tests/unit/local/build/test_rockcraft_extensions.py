"""What rockcraft's extensions for Django, FastAPI and Go add; Flask's is the example of test_images."""

from pathlib import Path
from typing import Any

import pytest
import uv_program
import yaml
from paas_local.build import rocks
from paas_local.build.errors import ProjectError
from rock_projects import inside, layer, listed, quietly, write

WSGI = "application = 1\n"


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> uv_program.Uv:
    return uv_program.install(tmp_path, monkeypatch)


@pytest.fixture
def source(tmp_path: Path, uv: uv_program.Uv) -> Path:
    return tmp_path / "source"


def describe(source: Path, framework: str, **more: Any) -> None:
    document = {"name": "my-notes", "base": "ubuntu@24.04", "extensions": [f"{framework}-framework"], **more}
    write(source, "rockcraft.yaml", yaml.safe_dump(document))


def refusal(source: Path) -> str:
    """What the author of an image that cannot be built is told."""
    with pytest.raises(ProjectError) as caught:
        rocks.build(source, quietly)

    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{source}", "SOURCE")


@pytest.fixture
def django(source: Path) -> Path:
    describe(source, "django")
    write(source, "requirements.txt", "Django>=5\n")
    write(source, "my_notes/manage.py")
    write(source, "my_notes/my_notes/wsgi.py", WSGI)
    return source


def test_djangos_layer_is_rockcrafts(django: Path):
    services = layer(rocks.build(django, quietly))["services"]

    assert services["django"] == {
        "override": "replace",
        "startup": "enabled",
        "command": "/bin/python3 -m gunicorn -c /django/gunicorn.conf.py 'my_notes.wsgi:application' -k [ sync ]",
        "after": ["statsd-exporter"],
        "user": "_daemon_",
    }
    assert services["statsd-exporter"]["startup"] == "enabled"


def test_djangos_project_is_the_application(django: Path):
    for name in ("my_notes/notes/models.py", "my_notes/.env", "my_notes/db.sqlite3", "other/file"):
        write(django, name)

    rock = rocks.build(django, quietly)

    assert listed(rock, "/django/app") == [".env", "manage.py", "my_notes/wsgi.py", "notes/models.py"]
    assert 'chdir = "/django/app"' in inside(rock, "/django/gunicorn.conf.py").read_text()
    assert "django_requests" in inside(rock, "/statsd-mapping.conf").read_text()
    assert "/var/log/django" in rock.folders


def test_djangos_author_may_place_the_files(django: Path):
    write(django, "web/a.py")
    part = {"plugin": "dump", "source": "web", "organize": {"*": "django/app/"}, "stage": ["-b.py"]}
    describe(django, "django", parts={"django-framework/install-app": part})

    assert listed(rocks.build(django, quietly), "/django/app") == ["a.py"]


def test_djangos_site_may_be_called_as_in_its_tutorial(django: Path):
    (django / "my_notes/my_notes/wsgi.py").rename(write(django, "my_notes/mysite/wsgi.py"))

    command = layer(rocks.build(django, quietly))["services"]["django"]["command"]

    assert "'mysite.wsgi:application'" in command


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        pytest.param("my_notes/my_notes/wsgi.py", None, "SOURCE: no my_notes/my_notes/wsgi.py; make", id="no file"),
        pytest.param(
            "my_notes/my_notes/wsgi.py", "app = 1", "SOURCE: no `application` in my_notes/my_notes/wsgi.py", id="name"
        ),
        pytest.param("my_notes/my_notes/wsgi.py", "(", "my_notes/wsgi.py, line 1: ", id="syntax"),
        pytest.param("requirements.txt", "flask", "requirements.txt: does not name django; add it", id="other"),
        pytest.param("requirements.txt", None, "SOURCE: has no requirements.txt; add one with", id="no requirements"),
    ],
)
def test_tells_what_django_lacks(file: str, text: str | None, words: str, django: Path):
    (django / file).unlink()
    if text is not None:
        write(django, file, text)

    assert words in refusal(django)


@pytest.fixture
def fastapi(source: Path) -> Path:
    describe(source, "fastapi")
    write(source, "requirements.txt", "fastapi\n")
    write(source, "app.py", "app = 1\n")
    return source


def test_fastapis_layer_is_rockcrafts(fastapi: Path):
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


def test_fastapi_comes_with_uvicorn(fastapi: Path):
    rock = rocks.build(fastapi, quietly)

    assert rock.python is not None
    assert (rock.python / "requirements.txt").read_text().split() == ["fastapi==1.0", "uvicorn==1.0"]
    assert "/app" in rock.folders


@pytest.mark.parametrize("place", ["main.py", "app/main.py", "src/app.py", "my_notes/__init__.py"])
def test_fastapis_application_is_included_wherever_it_is(place: str, fastapi: Path):
    (fastapi / "app.py").unlink()
    for name in (place, "migrate.sh", "templates/a.html", "other.py"):
        write(fastapi, name, "app = 1\n")

    assert listed(rocks.build(fastapi, quietly), "/app") == sorted([place, "migrate.sh", "templates/a.html"])


def test_fastapis_own_variables_are_added_to_the_extensions(fastapi: Path):
    describe(fastapi, "fastapi", services={"fastapi": {"environment": {"A": "1"}, "command": "serve"}})
    (fastapi / "app.py").unlink()

    service = layer(rocks.build(fastapi, quietly))["services"]["fastapi"]

    assert service["environment"] == {"UVICORN_HOST": "0.0.0.0", "A": "1"}
    assert (service["command"], service["working-dir"]) == ("serve", "/app")


def test_starlette_will_do(fastapi: Path):
    write(fastapi, "requirements.txt", "starlette\n")

    assert rocks.build(fastapi, quietly).python is not None


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        pytest.param("app.py", "create_app = 1", "no `app` object in app.py; name your FastAPI object", id="factory"),
        pytest.param("app.py", None, "set services.fastapi.command in rockcraft.yaml", id="no file"),
        pytest.param(
            "requirements.txt", "flask", "requirements.txt: does not name fastapi or starlette; add it", id="other"
        ),
    ],
)
def test_tells_what_fastapi_lacks(file: str, text: str | None, words: str, fastapi: Path):
    (fastapi / file).unlink()
    if text is not None:
        write(fastapi, file, text)

    assert words in refusal(fastapi)


GO = """\
#!/bin/sh
echo "CGO_ENABLED=$CGO_ENABLED $*" >> "{log}"
if grep -q broken main.go; then
  printf '# my-notes\\n./main.go:3:1: syntax error: unexpected broken\\n./main.go:9:1: more\\n' >&2
  exit 1
fi
cp main.go "$GOBIN/$(sed -n 's/^module .*\\(my-notes\\|other\\)$/\\1/p' go.mod)"
cp main.go "$GOBIN/tool"
"""


@pytest.fixture
def go(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go project; the compiler only copies."""
    program = write(tmp_path / "bin", "go", GO.format(log=tmp_path / "go.log"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    describe(source, "go")
    write(source, "go.mod", "module example.com/my-notes\n")
    write(source, "main.go", "package main\n")
    return source


def test_gos_layer_is_rockcrafts(go: Path):
    assert layer(rocks.build(go, quietly))["services"] == {
        "go": {
            "override": "replace",
            "startup": "enabled",
            "command": "my-notes",
            "working-dir": "/app",
            "user": "_daemon_",
        }
    }


def test_gos_program_and_files_are_in_place(go: Path):
    for name in ("migrate.sh", "static/a.css", "templates/a.html", "migrate.py", "main_test.go"):
        write(go, name)

    rock = rocks.build(go, quietly)

    # A copy, so that it can be replaced while the container runs.
    assert {mount.target: mount.mode for mount in rock.mounts}["/usr/local/bin/my-notes"] == "copy"
    assert inside(rock, "/usr/local/bin/my-notes").stat().st_mode & 0o777 == 0o755
    assert listed(rock, "/app") == ["migrate.sh", "static/a.css", "templates/a.html"]
    assert "/app" in rock.folders
    assert rock.python is None


def test_gos_author_may_name_the_files(go: Path):
    for name in ("migrate.sh", "conf/a.toml"):
        write(go, name)
    describe(go, "go", parts={"go-framework/assets": {"stage": ["app/conf"]}})

    assert listed(rocks.build(go, quietly), "/app") == ["conf/a.toml"]


def test_gos_author_may_name_the_program(go: Path, tmp_path: Path):
    part = {
        "organize": {"bin/tool": "usr/local/bin/my-notes"},
        "build-environment": [{"CGO_ENABLED": 1}],
        "go-buildtags": ["a", "b"],
    }
    describe(go, "go", parts={"go-framework/install-app": part})

    rock = rocks.build(go, quietly)

    assert inside(rock, "/usr/local/bin/my-notes").exists()
    assert (tmp_path / "go.log").read_text() == "CGO_ENABLED=1 install -tags=a,b ./...\n"


def test_go_is_compiled_without_c(go: Path, tmp_path: Path):
    rocks.build(go, quietly)

    assert (tmp_path / "go.log").read_text() == "CGO_ENABLED=0 install ./...\n"


def test_the_same_program_makes_the_same_image(go: Path):
    first = rocks.build(go, quietly)
    second = rocks.build(go, quietly)
    write(go, "main.go", "package main // changed\n")

    assert second == first
    assert rocks.build(go, quietly).folder != first.folder


def test_a_program_of_another_name_is_not_found(go: Path):
    write(go, "go.mod", "module example.com/other\n")

    assert refusal(go) == (
        "SOURCE: `go install` makes other, tool, but not my-notes; rename the module in go.mod,"
        " or set parts.go-framework/install-app.organize in rockcraft.yaml"
    )


def test_an_own_command_needs_no_program_of_the_images_name(go: Path):
    write(go, "go.mod", "module example.com/other\n")
    describe(go, "go", services={"go": {"command": "sleep 1"}})

    rock = rocks.build(go, quietly)

    assert layer(rock)["services"]["go"]["command"] == "sleep 1"
    assert rock.mounts == ()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        pytest.param({"go-framework/assets": {"stage": ["conf"]}}, "conf has to begin with app/", id="files"),
        pytest.param(
            {"go-framework/install-app": {"build-environment": {"A": 1}}},
            "parts.go-framework/install-app.build-environment: has to be a list of mappings",
            id="variables",
        ),
        pytest.param(
            {"go-framework/install-app": {"organize": {"bin/x": "usr/bin/x"}}}, "`go install` makes", id="program"
        ),
    ],
)
def test_tells_what_is_wrong_in_gos_parts(part: dict[str, Any], words: str, go: Path):
    describe(go, "go", parts=part)

    assert words in refusal(go)


def test_tells_the_compilers_first_error(go: Path):
    write(go, "main.go", "broken")

    assert refusal(go) == "SOURCE: ./main.go:3:1: syntax error: unexpected broken"


def test_tells_that_there_is_no_module(go: Path):
    (go / "go.mod").unlink()

    assert refusal(go) == "SOURCE: has no go.mod; make one with `go mod init`"
