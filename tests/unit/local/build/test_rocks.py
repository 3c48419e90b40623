"""The content of a local image, and errors for its author; Flask is the example."""

import stat
from pathlib import Path
from typing import Any

import pytest
import uv_program
import yaml
from paas_local.build import debian_packages, left_out_files, rockcraft, rocks
from paas_local.build.errors import ProjectError
from paas_local.build.rocks import Mount
from rock_projects import inside, layer, quietly, write

FLASK: dict[str, Any] = {
    "name": "my-notes",
    "base": "ubuntu@24.04",
    "summary": "Notes",
    "extensions": ["flask-framework"],
}


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> uv_program.Uv:
    return uv_program.install(tmp_path, monkeypatch)


@pytest.fixture
def source(tmp_path: Path, uv: uv_program.Uv) -> Path:
    """Write the folder of a Flask application."""
    folder = tmp_path / "source"
    write(folder, "requirements.txt", "Flask>=3\n")
    write(folder, "app.py", "app = 1\n")
    describe(folder)
    return folder


def describe(source: Path, **more: Any) -> None:
    write(source, "rockcraft.yaml", yaml.safe_dump({**FLASK, **more}))


def test_flasks_layer_equals_rockcrafts(source: Path):
    rock = rocks.build(source, quietly)

    assert list(rock.layers) == ["001-my-notes.yaml"]
    assert layer(rock)["services"] == {
        "flask": {
            "override": "replace",
            "startup": "enabled",
            "command": "/bin/python3 -m gunicorn -c /flask/gunicorn.conf.py 'app:app' -k [ sync ]",
            "after": ["statsd-exporter"],
            "user": "_daemon_",
        },
        "statsd-exporter": {
            "override": "merge",
            "startup": "enabled",
            "command": "/bin/statsd_exporter --statsd.mapping-config=/statsd-mapping.conf "
            "--statsd.listen-udp=localhost:9125 --statsd.listen-tcp=localhost:9125",
            "user": "_daemon_",
        },
    }


def test_a_built_image_is_read_back(source: Path):
    rock = rocks.build(source, quietly)

    assert rocks.read(rock.folder) == rock


def test_has_the_files_that_the_extension_includes(source: Path):
    for name in ("static/style.css", "templates/a.html", "migrate.sh", "app/__init__.py", "other.py", "charm/a"):
        write(source, name, "x = 1\n")

    app = inside(rocks.build(source, quietly), "/flask/app")

    assert sorted(item.name for item in app.iterdir()) == ["app", "app.py", "migrate.sh", "static", "templates"]


def test_the_applications_files_keep_their_modes(source: Path):
    write(source, "migrate", "#!/bin/sh\n").chmod(0o755)

    rock = rocks.build(source, quietly)

    assert stat.S_IMODE(inside(rock, "/flask/app/migrate").stat().st_mode) == 0o755


def test_an_author_can_list_the_files(source: Path):
    for name in ("lib/a.py", "lib/b.py", "migrate.sh"):
        write(source, name)
    prime = ["flask/app/app.py", "flask/app/lib", "-flask/app/lib/b.py"]
    describe(source, parts={"flask-framework/install-app": {"prime": prime}})

    app = inside(rocks.build(source, quietly), "/flask/app")

    assert sorted(str(file.relative_to(app)) for file in app.rglob("*.py")) == ["app.py", "lib/a.py"]
    assert not (app / "migrate.sh").exists()


def test_a_list_that_only_excludes_takes_everything_else(source: Path):
    for name in ("lib/a.py", "tests/test_a.py", ".hidden", "a.rock", "node_modules/a.js"):
        write(source, name)
    describe(source, parts={"flask-framework/install-app": {"prime": ["-flask/app/tests"]}})

    app = inside(rocks.build(source, quietly), "/flask/app")

    names = {str(file.relative_to(app)) for file in app.rglob("*") if file.is_file()}
    assert names == {".hidden", "app.py", "lib/a.py", "requirements.txt", "rockcraft.yaml"}


def warnings(source: Path) -> list[str]:
    """Build an image, and return what its author is warned of."""
    texts: list[str] = []
    rocks.build(source, texts.append)
    return [text.removeprefix("WARNING ") for text in texts if text.startswith("WARNING ")]


def test_stage_applies_after_organize(source: Path):
    write(source, "alembic/env.py")
    part = {
        "plugin": "dump",
        "source": ".",
        "organize": {"alembic": "flask/app/alembic"},
        "stage": ["flask/app/alembic"],
    }
    describe(source, parts={"alembic": part})

    rock = rocks.build(source, quietly)

    assert (inside(rock, "/flask/app") / "alembic/env.py").is_file()


def test_a_part_without_a_file_is_a_warning(source: Path):
    describe(source, parts={"a": {"plugin": "dump", "source": ".", "stage": ["-*"]}})

    assert warnings(source) == [
        "rockcraft.yaml: parts.a puts no file into the image (see its source, organize, stage and prime)"
    ]


def test_an_imported_module_that_the_image_lacks_is_a_warning_with_the_lines_to_add(source: Path):
    write(source, "app.py", "import json\nfrom helper import x\nimport app\napp = 1\n")
    write(source, "helper.py")

    (text,) = warnings(source)
    assert text == (
        "helper.py is not in the image (app.py imports helper); add to rockcraft.yaml:\n"
        "parts:\n"
        "  flask-framework/install-app:\n"
        "    prime:\n"
        "      - flask/app/app.py\n"
        "      - flask/app/helper.py"
    )
    describe(source, parts={"flask-framework/install-app": {"prime": ["flask/app/app.py", "flask/app/helper.py"]}})
    assert warnings(source) == []


def test_a_saved_file_that_the_image_lacks_is_reported_with_the_line_to_add(source: Path):
    describe(source, parts={"flask-framework/install-app": {"prime": ["flask/app/app.py"]}})
    for name in ("lib/data.csv", "README.md", ".env", "charm/src/charm.py"):
        write(source, name)
    recipe = rockcraft.read(source, quietly)

    advice = list(
        left_out_files.saved(source, recipe, ["app.py", "lib/data.csv", "README.md", ".env", "charm/src/charm.py"])
    )

    (text,) = advice
    assert text == (
        "lib/data.csv is not in the image; add to rockcraft.yaml:\n"
        "parts:\n"
        "  flask-framework/install-app:\n"
        "    prime:\n"
        "      - flask/app/lib"
    )


def test_has_what_the_extension_adds(source: Path):
    rock = rocks.build(source, quietly)

    modes = {mount.target: mount.mode for mount in rock.mounts}
    assert modes["/flask"] == modes["/statsd-mapping.conf"] == "copy"
    assert modes["/bin/statsd_exporter"] == "ro"
    assert 'bind = ["0.0.0.0:8000"]' in inside(rock, "/flask/gunicorn.conf.py").read_text()
    assert inside(rock, "/bin/statsd_exporter").stat().st_mode & stat.S_IXOTH
    assert "/var/log/flask" in rock.folders


def test_installs_gunicorn_with_the_applications_packages(source: Path):
    rock = rocks.build(source, quietly)

    assert rock.python is not None
    assert Mount(source=rock.python, target=str(rock.python), mode="ro") in rock.mounts
    assert (rock.python / "requirements.txt").read_text().split() == ["Flask==1.0", "gunicorn==1.0"]


@pytest.mark.parametrize("how", ["requirements", "part"])
def test_the_worker_class_is_gevent_if_it_is_installed(how: str, source: Path):
    if how == "requirements":
        write(source, "requirements.txt", "flask\ngevent\n")
    else:
        part = {"plugin": "python", "python-packages": ["gunicorn[gevent]"]}
        describe(source, parts={"flask-framework/async-dependencies": part})

    command = layer(rocks.build(source, quietly))["services"]["flask"]["command"]

    assert command.endswith("-k [ gevent ]")


def test_services_checks_and_environment_of_the_author_are_added(source: Path):
    worker = {"override": "replace", "command": "/bin/python3 worker.py"}
    checks = {"up": {"override": "replace", "tcp": {"port": 8000}}}
    describe(source, services={"my-worker": worker}, checks=checks, environment={"A": 1})

    rock = rocks.build(source, quietly)

    assert layer(rock)["services"]["my-worker"] == worker
    assert layer(rock)["checks"] == checks
    assert rock.environment == {"A": "1"}


def test_the_authors_own_command_is_kept(source: Path):
    (source / "app.py").unlink()
    describe(source, services={"flask": {"command": "/bin/python3 serve.py", "user": "me"}})

    service = layer(rocks.build(source, quietly))["services"]["flask"]

    assert (service["command"], service["user"]) == ("/bin/python3 serve.py", "me")
    assert service["after"] == ["statsd-exporter"]


@pytest.mark.parametrize(
    ("file", "text", "entrypoint"),
    [
        pytest.param("app.py", "app = 1", "app:app", id="app"),
        pytest.param("app.py", "application: object = 1", "app:application", id="annotated"),
        pytest.param("main.py", "from web import app", "main:app", id="imported"),
        pytest.param("main.py", "from web import x as app", "main:app", id="renamed"),
        pytest.param("app.py", "def create_app(): ...", "app:create_app()", id="factory"),
        pytest.param("main.py", "def make_app(): ...", "main:make_app()", id="other factory"),
        pytest.param("app/__init__.py", "app = 1", "app:app", id="package"),
        pytest.param("app/main.py", "app = 1", "app.main:app", id="in package"),
        pytest.param("src/app.py", "app = 1", "src.app:app", id="src"),
        pytest.param("my_notes/app.py", "app = 1", "my_notes.app:app", id="by name"),
    ],
)
def test_finds_the_entry_point(file: str, text: str, entrypoint: str, source: Path):
    (source / "app.py").unlink()
    write(source, file, text)

    command = layer(rocks.build(source, quietly))["services"]["flask"]["command"]

    assert f" '{entrypoint}' " in command


def test_an_object_is_preferred_to_a_factory(source: Path):
    write(source, "app.py", "def create_app(): ...\n")
    write(source, "app/main.py", "app = 1\n")

    assert "'app.main:app'" in layer(rocks.build(source, quietly))["services"]["flask"]["command"]


def test_the_application_is_not_imported(source: Path, tmp_path: Path):
    write(source, "app.py", f"app = 1\nopen({str(tmp_path / 'ran')!r}, 'w')\n")

    rocks.build(source, quietly)

    assert not (tmp_path / "ran").exists()


def test_the_same_image_is_built_once(source: Path, uv: uv_program.Uv):
    first = rocks.build(source, quietly)

    assert rocks.build(source, quietly) == first
    assert uv.count("pip install") == 1


def test_a_changed_file_makes_another_image(source: Path):
    first = rocks.build(source, quietly)
    write(source, "app.py", "app = 2\n")

    assert rocks.build(source, quietly).folder != first.folder


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param({"name": None}, "rockcraft.yaml: name: missing", id="name"),
        pytest.param(
            {"extensions": ["flask"]}, "extensions: flask is not known; known are: django-framework, ", id="ext"
        ),
        pytest.param({"services": ["flask"]}, "rockcraft.yaml: services: must be a mapping", id="services"),
        pytest.param({"environment": "A=1"}, "rockcraft.yaml: environment: must be a mapping", id="environment"),
        pytest.param(
            {"parts": {"a": {"plugin": "rust"}}}, "parts.a.plugin: rust is not known here; known are", id="plugin"
        ),
        pytest.param(
            {"parts": {"a": {"plugin": "dump", "source": "b"}}}, "is not a folder of this machine", id="source"
        ),
        pytest.param(
            {"parts": {"flask-framework/install-app": {"prime": ["app.py"]}}},
            "must begin with flask/app/",
            id="prime",
        ),
        pytest.param(
            {"parts": {"flask-framework/install-app": {"prime": ["flask/app/*.py"]}}},
            "parts.flask-framework/install-app.prime: flask/app/*.py must be a file or a folder",
            id="pattern",
        ),
        pytest.param(
            {"parts": {"flask-framework/install-app": {"prime": ["flask/app/lib"]}}},
            "parts.flask-framework/install-app.prime: flask/app/lib must exist",
            id="missing",
        ),
        pytest.param(
            {"parts": {"a": {"plugin": "dump", "stage": ["b"]}}},
            "parts.a.stage: b must be a file of the part",
            id="stage",
        ),
    ],
)
def test_an_error_is_one_line_with_the_key(more: dict[str, Any], message: str, source: Path):
    describe(source, **more)

    with pytest.raises(ProjectError) as caught:
        rocks.build(source, quietly)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("notes = 1", "no `app` object in app.py; name your Flask object `app`", id="other name"),
        pytest.param("app = (", "app.py, line 1: ", id="syntax"),
        pytest.param(None, "no app.py or main.py; name your Flask object", id="no file"),
    ],
)
def test_a_missing_application_names_the_files(text: str | None, message: str, source: Path):
    (source / "app.py").unlink()
    if text is not None:
        write(source, "app.py", text)

    with pytest.raises(ProjectError) as caught:
        rocks.build(source, quietly)

    assert message in str(caught.value)


def test_requirements_without_flask_are_an_error(source: Path):
    write(source, "requirements.txt", "django\n")

    with pytest.raises(ProjectError, match=r"requirements\.txt: does not name flask; add it"):
        rocks.build(source, quietly)


def test_missing_requirements_are_an_error(source: Path):
    (source / "requirements.txt").unlink()

    with pytest.raises(ProjectError, match=r"has no requirements\.txt; add one with the line `flask`"):
        rocks.build(source, quietly)


@pytest.mark.parametrize(("name", "message"), [("nowhere", "no such folder"), ("", "has no rockcraft.yaml")])
def test_a_path_without_a_project_is_an_error(name: str, message: str, tmp_path: Path):
    with pytest.raises(ProjectError, match=message):
        rocks.build(tmp_path / name, quietly)


@pytest.fixture
def plain(tmp_path: Path, uv: uv_program.Uv) -> Path:
    """Write an image without an extension: a Python package, and its own files."""
    folder = tmp_path / "plain"
    write(folder, "rock/files/server/run.py", "run\n")
    write(folder, "rock/files/etc/server.conf", "a\n")
    parts = {
        "packages": {"plugin": "python", "python-packages": ["server==1"]},
        "files": {"plugin": "dump", "source": "files"},
        "more": {"plugin": "dump", "source": "files", "organize": {"etc": "usr/share/copy"}, "stage": ["usr"]},
        "none": {"plugin": "nil"},
    }
    services = {"server": {"override": "replace", "command": "/bin/python3 /server/run.py"}}
    document = {"name": "server", "base": "bare", "parts": parts, "services": services}
    write(folder, "rock/rockcraft.yaml", yaml.safe_dump(document))
    return folder / "rock"


def test_parts_add_files_and_packages(plain: Path):
    rock = rocks.build(plain, quietly)

    modes = {mount.target: mount.mode for mount in rock.mounts}
    assert modes["/server"] == modes["/etc/server.conf"] == "copy"
    assert modes["/usr/share/copy/server.conf"] == "ro"
    assert rock.python is not None
    assert (rock.python / "requirements.txt").read_text() == "server==1.0\n"


def test_files_of_debian_packages_outside_of_usr_are_copied(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path, "packages/usr/sbin/server")
    write(tmp_path, "packages/etc/server.conf", "the package's\n")
    write(tmp_path, "packages/etc/other.conf", "the package's\n")
    calls: list[tuple[str, ...]] = []

    def stage(names: tuple[str, ...], where: str, progress: object) -> Path:
        calls.append((*names, where))
        return tmp_path / "packages"

    monkeypatch.setattr(debian_packages, "stage", stage)
    document = yaml.safe_load((plain / "rockcraft.yaml").read_text())
    document["parts"]["files"]["stage-packages"] = ["server", "client"]
    write(plain, "rockcraft.yaml", yaml.safe_dump(document))

    rock = rocks.build(plain, quietly)

    assert calls == [("server", "client", "rockcraft.yaml: stage-packages")]
    assert rock.packages == tmp_path / "packages"
    assert inside(rock, "/etc/server.conf").read_text() == "a\n"
    assert inside(rock, "/etc/other.conf").read_text() == "the package's\n"
    assert "/usr/sbin/server" not in {mount.target for mount in rock.mounts}


def test_an_image_can_lack_python(plain: Path):
    write(plain, "rockcraft.yaml", yaml.safe_dump({"name": "empty"}))

    rock = rocks.build(plain, quietly)

    assert (rock.python, rock.mounts, rock.layers) == (None, (), {})


def test_refuses_a_folder_that_is_not_an_image(tmp_path: Path):
    with pytest.raises(ProjectError, match=r"rock\.yaml: No such file"):
        rocks.read(tmp_path)
