"""Files of a new project, missing files of an application, and names of applications."""

import ast
import re
import stat
import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml
from paas_local.build import charmcraft_extensions, frameworks, rockcraft
from paas_local.cli import detect_framework, scaffold

IMAGES = {"django": "django-app-image", "fastapi": "app-image", "flask": "flask-app-image", "go": "app-image"}


@pytest.fixture(params=frameworks.names())
def framework(request: pytest.FixtureRequest) -> str:
    return request.param


def test_all_files_are_valid(framework: str):
    files = scaffold.render(framework, "my-app")

    for place, file in files.items():
        assert "$" not in file.text.replace("{$}", ""), place
        if place.suffix == ".py":
            ast.parse(file.text)
        if place.suffix == ".yaml":
            assert yaml.safe_load(file.text)["name"] == "my-app"


def test_a_new_project_is_detected_and_its_charm_expands(framework: str, tmp_path: Path):
    scaffold.write(tmp_path, scaffold.render(framework, "my-app"))

    application = detect_framework.find(tmp_path)

    charm = charmcraft_extensions.expand(
        yaml.safe_load((tmp_path / "charm/charmcraft.yaml").read_text()), tmp_path / "charm"
    )
    assert application.framework == framework
    assert list(charm["resources"]) == [IMAGES[framework]]


def test_what_the_readme_adds_is_accepted(framework: str, tmp_path: Path):
    scaffold.write(tmp_path, scaffold.render(framework, "my-app"))
    blocks = re.findall(r"```yaml\n(.*?)```", (tmp_path / "README.md").read_text(), re.DOTALL)
    documents = [yaml.safe_load(block) for block in blocks]
    charm, rock = (
        yaml.safe_load((tmp_path / name).read_text()) for name in ("charm/charmcraft.yaml", "rockcraft.yaml")
    )

    for document in documents:
        for key, additions in document.items():
            changed = rock if key == "parts" else charm
            changed[key] = {**changed.get(key, {}), **additions}
    expanded = charmcraft_extensions.expand(charm, tmp_path / "charm")

    assert {"postgresql", "redis"} <= set(expanded["requires"])
    assert "greeting" in expanded["config"]["options"]
    assert len(documents) == (3 if framework == "django" else 4)
    assert ("parts" in rock) == (framework != "django")


@pytest.mark.parametrize(
    ("framework", "file", "target"),
    [
        ("flask", "helper.py", "/flask/app/helper.py"),
        ("fastapi", "helper.py", "/app/helper.py"),
    ],
)
def test_the_file_of_the_readme_is_in_the_image(framework: str, file: str, target: str, tmp_path: Path):
    scaffold.write(tmp_path, scaffold.render(framework, "my-app"))
    (tmp_path / file).touch()
    block = re.findall(r"```yaml\n(.*?)```", (tmp_path / "README.md").read_text(), re.DOTALL)[-1]
    recipe = tmp_path / "rockcraft.yaml"
    recipe.write_text(f"{recipe.read_text()}\n{block}")

    files = {f"/{path.lstrip('/')}" for path in rockcraft.read(tmp_path, lambda _: None).files}

    assert target in files
    assert len([path for path in files if path.endswith(("/app.py", "/manage.py"))]) == 1


def test_git_ignores_what_is_packed_and_fetched(framework: str, tmp_path: Path):
    scaffold.write(tmp_path, scaffold.render(framework, "my-app"))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    generated = ["my-app.charm", "my-app.rock", "charm/lib/charms/redis_k8s/v0/redis.py"]

    command = ["git", "check-ignore", *generated, "rockcraft.yaml", "charm/src/charm.py"]
    ignored = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert ignored.stdout.splitlines() == generated


def test_programs_are_executable(tmp_path: Path):
    scaffold.write(tmp_path, scaffold.render("django", "my-app"))

    executable = [file.name for file in tmp_path.rglob("*.py") if file.stat().st_mode & stat.S_IXUSR]
    assert sorted(executable) == ["charm.py", "manage.py"]


def test_the_package_of_django_has_the_projects_name():
    places = scaffold.render("django", "my-app")

    assert PurePosixPath("my_app/my_app/wsgi.py") in places
    assert PurePosixPath("my_app/manage.py") in places


def test_existing_files_are_not_missing(tmp_path: Path):
    (tmp_path / "charm").mkdir()

    without_rock = scaffold.missing("flask", "my-app", tmp_path)
    (tmp_path / "rockcraft.yaml").touch()
    complete = scaffold.missing("flask", "my-app", tmp_path)

    assert list(without_rock) == [PurePosixPath("rockcraft.yaml")]
    assert complete == {}


def test_a_missing_charm_is_written_completely(tmp_path: Path):
    missing = scaffold.missing("flask", "my-app", tmp_path)

    assert sorted(map(str, missing)) == [
        "charm/charmcraft.yaml",
        "charm/pyproject.toml",
        "charm/requirements.txt",
        "charm/src/charm.py",
        "rockcraft.yaml",
    ]


def test_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "app.py").write_text("mine")

    with pytest.raises(FileExistsError):
        scaffold.write(tmp_path, {PurePosixPath("app.py"): scaffold.ProjectFile(text="theirs", executable=False)})

    assert (tmp_path / "app.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["my-app", "a", "notes2", "a-b2c"])
def test_accepts_names_of_applications(name: str):
    assert scaffold.name_problem("flask", name) is None


@pytest.mark.parametrize("name", ["My", "my_app", "app-2", "2app", "", "../up", "flask", "json"])
def test_refuses_other_names_in_one_line(name: str):
    problem = scaffold.name_problem("flask", name)

    assert problem
    assert problem.startswith(f'invalid name "{name}": ')


@pytest.mark.parametrize(
    ("folder", "name"),
    [("notes", "notes"), ("My Notes", "my-notes"), ("notes_2.0", "notes"), ("2fast", "fast"), ("42", "app")],
)
def test_derives_the_name_of_an_application_from_its_folder(folder: str, name: str):
    assert scaffold.application_name(folder) == name
    assert scaffold.name_problem("flask", name) is None
