"""Comparison of expanded extensions and charms with the real charmcraft and its templates.

charmcraft 4.5 needs Python 3.12 and runs in an environment of its own, which uv caches.
"""

import json
import re
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Literal, cast

import paas_common
import paas_django.framework
import paas_fastapi.framework
import paas_flask.framework
import paas_go.framework
import pytest
import yaml
from charmcraft_program import charmcraft, charmcraft_python, charmcraft_refusal
from deployment import PAAS_LOCAL, Deployment, new_home
from paas_common.juju.state import PEERS
from paas_local.build import charmcraft_extensions, charmcraft_keys, yaml_files

FRAMEWORKS = {
    "flask": paas_flask.framework.FLASK,
    "django": paas_django.framework.DJANGO,
    "fastapi": paas_fastapi.framework.FASTAPI,
    "go": paas_go.framework.GO,
}
BASES = ("ubuntu@24.04", "ubuntu@26.04")
LOGIN = {"login": {"interface": "oauth", "limit": 1}}
OPTIONS_OF_LOGIN = {"login-redirect-path", "login-scopes"}
# The types of a JSON schema, by Juju's type.
TYPES = {"int": "integer", "float": "number", "boolean": "boolean", "string": "string"}

Case = tuple[str, str]
CASES: list[Case] = [(framework, base) for framework in FRAMEWORKS for base in BASES]


# The command of a charm author.
INIT = "init --profile {0}-framework --name {0}-k8s"


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, Path]:
    """Create a project of each framework and base from charmcraft's template, with an ``oauth`` endpoint."""
    folder = tmp_path_factory.mktemp("projects")
    folders = {case: folder / "-".join(case) for case in CASES}
    for place in folders.values():
        place.mkdir()
    charmcraft(folder, [(place, INIT.format(name).split()) for (name, _), place in folders.items()])
    for (_, base), place in folders.items():
        document = {**yaml_files.load(place / "charmcraft.yaml"), "base": base, "requires": LOGIN}
        (place / "charmcraft.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folders


@pytest.fixture(scope="module")
def real(projects: dict[Case, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[Case, dict[str, Any]]:
    """Expand the projects with the real charmcraft."""
    state = tmp_path_factory.mktemp("state")
    stdout = charmcraft(state, [(place, ["expand-extensions"]) for place in projects.values()])
    return dict(zip(projects, map(yaml.safe_load, stdout), strict=True))


def test_the_keys_of_charmcraft_yaml_are_charmcrafts(tmp_path: Path):
    script = (
        "import json; from charmcraft.models import project;"
        "fields = {**project.BasesCharm.model_fields, **project.PlatformCharm.model_fields};"
        "print(json.dumps([field.alias or name for name, field in fields.items()]))"
    )

    keys = json.loads(charmcraft_python(script))

    assert {*keys} == (charmcraft_keys.KEYS - {"extensions"}) | charmcraft_keys.EMPTY


def test_a_mistyped_key_is_refused_in_charmcrafts_words(tmp_path: Path):
    project = {"name": "web", "type": "charm", "summary": "x", "description": "x", "base": "ubuntu@24.04"}
    document = {**project, "platforms": {"amd64": None}, "parts": {"charm": {"plugin": "charm"}}, "requries": {}}
    (tmp_path / "charmcraft.yaml").write_text(yaml.safe_dump(document))

    stderr = charmcraft_refusal(tmp_path, (tmp_path, ["expand-extensions"]))

    assert "requries" in stderr
    assert "extra inputs are not permitted" in stderr.lower()


@pytest.fixture
def ours(projects: dict[Case, Path], monkeypatch: pytest.MonkeyPatch) -> dict[Case, dict[str, Any]]:
    """Expand the projects with paas-local."""
    monkeypatch.setenv(charmcraft_extensions.EXPERIMENTAL, "1")
    return {
        case: charmcraft_extensions.expand(yaml_files.load(place / "charmcraft.yaml"), place)
        for case, place in projects.items()
    }


def compared(expanded: dict[str, Any]) -> dict[str, Any]:
    """Remove the descriptions, which differ on purpose, and platforms, which charmcraft normalises."""
    return {key: without_descriptions(value) for key, value in expanded.items() if key != "platforms"}


def without_descriptions(value: Any) -> Any:
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {key: without_descriptions(item) for key, item in items if key != "description"}
    return value


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Create a project of each framework from charmcraft's template, without changes."""
    folder = tmp_path_factory.mktemp("templates")
    folders = {name: folder / name / "charm" for name in FRAMEWORKS}
    for place in folders.values():
        place.mkdir(parents=True)
    charmcraft(folder, [(place, INIT.format(name).split()) for name, place in folders.items()])
    return folders


@pytest.fixture(scope="module")
def local(wheels: Path) -> Generator[Deployment]:
    """Create a model with PostgreSQL."""
    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        juju("add-model", "test", "--no-switch")
        juju("deploy", "postgresql-k8s")
        yield juju


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_an_extension_expands_as_in_charmcraft(
    case: Case, real: dict[Case, dict[str, Any]], ours: dict[Case, dict[str, Any]]
):
    assert compared(ours[case]) == compared(real[case])


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_charm_accepts_every_option_of_charmcraft(case: Case, real: dict[Case, dict[str, Any]]):
    framework = FRAMEWORKS[case[0]]
    options = real[case]["config"]["options"]

    unknown = {
        name: option["type"]
        for name, option in options.items()
        if name not in OPTIONS_OF_LOGIN and option["type"] not in accepted_types(framework, name)
    }

    assert unknown == {}


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_charm_accepts_every_default_of_charmcraft(case: Case, real: dict[Case, dict[str, Any]]):
    options = real[case]["config"]["options"]
    defaults = {name: option["default"] for name, option in options.items() if "default" in option}

    FRAMEWORKS[case[0]].settings.model_validate(defaults)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_charm_knows_its_container_and_its_peers(case: Case, real: dict[Case, dict[str, Any]]):
    expanded = real[case]

    assert set(expanded["containers"]) <= set(FRAMEWORKS[case[0]].containers)
    assert set(expanded["peers"]) <= set(PEERS)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_template_runs_with_another_requirement_and_base_class(
    name: str, templates: dict[str, Path], local: Deployment
):
    charm = templates[name]
    swap(charm / "requirements.txt", "paas-charm>=1.0,<2", f"paas-{name}")
    swap(charm / "src" / "charm.py", f"paas_charm.{name}", f"paas_{name}")
    if FRAMEWORKS[name].requires_database:
        uncomment(charm / "charmcraft.yaml", "postgresql")
    application = f"{name}-k8s"
    (image,) = charmcraft_extensions.expand(yaml_files.load(charm / "charmcraft.yaml"), charm)["resources"]
    # The template of charmcraft has no application.
    subprocess.run([PAAS_LOCAL, "new", name, "app"], cwd=charm.parent, env=local.environment, check=True)

    local("deploy", str(charm), application, "--resource", f"{image}={charm.parent / 'app'}")
    if FRAMEWORKS[name].requires_database:
        local("integrate", application, "postgresql-k8s")

    local.wait_for(f"{application}/0", "active")
    assert "Hello from app" in local.browser(application).text("/")


def uncomment(file: Path, endpoint: str) -> None:
    """Uncomment an integration in charmcraft's template."""
    entry = re.compile(rf"^# (  {endpoint}:)\n((?:#     .*\n)+)", re.MULTILINE)
    text, count = entry.subn(lambda match: match[0].replace("# ", ""), file.read_text())
    assert count == 1, text
    file.write_text(text.replace("# requires:", "requires:"))


def swap(file: Path, old: str, new: str) -> None:
    """Replace a text that must exist."""
    text = file.read_text()
    assert old in text, text
    file.write_text(text.replace(old, new))


def accepted_types(framework: paas_common.FrameworkSpec, name: str) -> set[str]:
    """Return the Juju types that the framework accepts for an option."""
    if name in framework.key_options:
        return {"string", "secret"}
    if name in {f"{option}-id" for option in framework.key_options}:
        return {"secret"}
    schema = framework.settings.model_json_schema(mode="validation").get("properties", {})
    taken = set(types(schema.get(name, {})))
    return {option for option, ours in TYPES.items() if ours in taken}


def types(schema: dict[str, Any]) -> Iterator[Literal["integer", "number", "boolean", "string"]]:
    """Yield the types that a part of a schema accepts."""
    if "type" in schema:
        yield schema["type"]
    for one in schema.get("anyOf", []):
        yield from types(one)
