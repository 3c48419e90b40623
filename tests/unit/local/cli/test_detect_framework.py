"""Detection of the framework of an application, with the reason."""

from pathlib import Path

import pytest
from paas_local.build.errors import ProjectError
from paas_local.cli import detect_framework


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "My App").mkdir()
    return tmp_path / "My App"


@pytest.mark.parametrize(
    ("file", "text", "framework", "reason"),
    [
        pytest.param(
            "rockcraft.yaml",
            "extensions: [fastapi-framework]",
            "fastapi",
            "rockcraft.yaml names the extension fastapi-framework",
            id="the image's file",
        ),
        pytest.param("go.mod", "module x", "go", "there is a go.mod", id="go"),
        pytest.param("requirements.txt", "psycopg\nFlask>=3\n", "flask", "requirements.txt names flask", id="flask"),
        pytest.param("requirements.txt", "fastapi[standard]", "fastapi", "requirements.txt names fastapi", id="extra"),
        pytest.param("requirements.txt", "flask-login\ndjango", "django", "requirements.txt names django", id="django"),
        pytest.param(
            "pyproject.toml", 'dependencies = ["flask>=3"]', "flask", "pyproject.toml names flask", id="pyproject"
        ),
    ],
)
def test_one_file_identifies_the_framework(folder: Path, file: str, text: str, framework: str, reason: str):
    (folder / file).write_text(text)

    application = detect_framework.find(folder)

    assert (application.framework, application.reason, application.name) == (framework, reason, "my-app")


def test_rockcraft_yaml_is_preferred(folder: Path):
    (folder / "rockcraft.yaml").write_text("extensions: [other, flask-framework]")
    (folder / "go.mod").touch()

    assert detect_framework.find(folder).framework == "flask"


def test_djangos_package_names_the_image(folder: Path):
    (folder / "the_site/the_site").mkdir(parents=True)
    (folder / "the_site/manage.py").touch()

    application = detect_framework.find(folder)

    assert (application.framework, application.name) == ("django", "the-site")
    assert application.reason == "there is a the_site/manage.py"


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        pytest.param("manage.py", "", "must be one folder further down, as my-app/manage.py", id="django on top"),
        pytest.param("requirements.txt", "flask\nfastapi", "names fastapi and flask; choose one", id="two"),
        pytest.param("requirements.txt", "flask-login", "no framework found", id="none"),
        pytest.param("README.md", "flask", "for a new project: paas-local new FRAMEWORK NAME", id="nothing"),
        pytest.param("rockcraft.yaml", "extensions: [flask]", "names none of django-framework", id="no extension"),
    ],
)
def test_an_unclear_folder_is_an_error_with_the_next_step(folder: Path, file: str, text: str, problem: str):
    (folder / file).write_text(text)

    with pytest.raises(ProjectError, match=problem):
        detect_framework.find(folder)
