"""Images of Django applications."""

from pathlib import Path

import pytest
from paas_local.build import rocks
from rock_projects import build_error, inside, layer, listed, quietly, write, write_rockcraft

WSGI = "application = 1\n"


@pytest.fixture
def django(source: Path) -> Path:
    write_rockcraft(source, "django")
    write(source, "requirements.txt", "Django>=5\n")
    write(source, "my_notes/manage.py")
    write(source, "my_notes/my_notes/wsgi.py", WSGI)
    return source


def test_the_layer_equals_rockcrafts(django: Path):
    services = layer(rocks.build(django, quietly))["services"]

    assert services["django"] == {
        "override": "replace",
        "startup": "enabled",
        "command": "/bin/python3 -m gunicorn -c /django/gunicorn.conf.py 'my_notes.wsgi:application' -k [ sync ]",
        "after": ["statsd-exporter"],
        "user": "_daemon_",
    }
    assert services["statsd-exporter"]["startup"] == "enabled"


def test_the_project_is_the_application(django: Path):
    for name in ("my_notes/notes/models.py", "my_notes/.env", "my_notes/db.sqlite3", "other/file"):
        write(django, name)

    rock = rocks.build(django, quietly)

    assert listed(rock, "/django/app") == [".env", "manage.py", "my_notes/wsgi.py", "notes/models.py"]
    assert 'chdir = "/django/app"' in inside(rock, "/django/gunicorn.conf.py").read_text()
    assert "django_requests" in inside(rock, "/statsd-mapping.conf").read_text()
    assert "/var/log/django" in rock.folders


def test_an_author_can_place_the_files(django: Path):
    write(django, "web/a.py")
    part = {"plugin": "dump", "source": "web", "organize": {"*": "django/app/"}, "stage": ["-b.py"]}
    write_rockcraft(django, "django", parts={"django-framework/install-app": part})

    assert listed(rocks.build(django, quietly), "/django/app") == ["a.py"]


def test_the_site_can_have_the_name_from_the_tutorial(django: Path):
    (django / "my_notes/my_notes/wsgi.py").rename(write(django, "my_notes/mysite/wsgi.py"))

    command = layer(rocks.build(django, quietly))["services"]["django"]["command"]

    assert "'mysite.wsgi:application'" in command


@pytest.mark.parametrize(
    ("file", "text", "message"),
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
def test_a_missing_part_is_named(file: str, text: str | None, message: str, django: Path):
    (django / file).unlink()
    if text is not None:
        write(django, file, text)

    assert message in build_error(django)
