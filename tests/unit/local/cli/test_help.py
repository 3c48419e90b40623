"""The help of each command, flags of Juju without effect, and the commands that texts name."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result
from fake_daemon import FakeDaemon
from paas_local.cli import juju_click, main
from paas_local.juju import charm_config
from paas_local.juju.charm import Charm, Option
from paas_local.juju.errors import JujuError

Run = Callable[..., Result]
PACKAGES = Path(__file__).parents[4] / "packages"
CONTEXT = click.Context(main.main, info_name="paas-local")
NAMES = main.main.list_commands(CONTEXT)


def command(name: str) -> click.Command:
    loaded = main.main.get_command(CONTEXT, name)
    assert loaded is not None
    return loaded


def test_each_command_is_in_one_group_of_the_help():
    grouped = [name for names in main.CommandsOnDemand.sections.values() for name in names]

    assert sorted(grouped) == NAMES


def test_the_help_has_the_groups_with_their_commands(run: Run):
    lines = run("--help").output.splitlines()

    secrets = lines.index("Secrets:")
    assert lines[secrets + 1].split() == ["add-secret", "Add", "a", "secret", "and", "print", "its", "URI."]


@pytest.mark.parametrize("name", NAMES)
def test_each_option_and_command_is_explained(name: str):
    options = [
        option
        for option in command(name).params
        if isinstance(option, click.Option) and not isinstance(option, juju_click.IgnoredOption)
    ]

    assert command(name).help
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(("width", "least"), [(60, 50), (150, 81)])
def test_the_help_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int, least: int):
    # not with CliRunner, whose terminal has always 80 columns
    monkeypatch.setenv("COLUMNS", str(width))
    parent = click.Context(main.main, info_name="paas-local", **main.main.context_settings)
    up = command("up")

    longest = max(map(len, up.get_help(click.Context(up, parent=parent)).splitlines()))

    assert least <= longest <= width


def test_the_help_lists_the_flags_without_effect(run: Run):
    output = " ".join(run("integrate", "--help").output.split())

    assert output.endswith("Accepted for Juju's scripts, without effect here: --via.")


def test_a_used_flag_without_effect_is_a_warning(run: Run, daemon: FakeDaemon):
    daemon.results["integrate"] = {}

    result = run("integrate", "a", "b", "--via", "10.0.0.0/8")

    assert result.stderr == "WARNING --via has no meaning on one machine and is ignored\n"
    assert result.exit_code == 0


def test_another_cloud_is_a_warning(run: Run, daemon: FakeDaemon):
    daemon.results["add-model"] = {}

    assert run("add-model", "web", "aws").stderr.startswith(
        'WARNING the cloud "aws" has no meaning on one machine and is ignored\n'
    )


def test_an_unknown_option_of_a_model_is_a_warning(run: Run, daemon: FakeDaemon):
    daemon.results["model-config"] = {"logging-config": {"Value": "", "Source": "default"}}

    result = run("model-config", "loging-config=<root>=DEBUG")

    assert result.stderr == (
        'WARNING key "loging-config" is not defined in the current model configuration: possible misspelling;'
        ' did you mean "logging-config"?\n'
    )
    assert daemon.bodies("model-config")[-1]["values"] == {"loging-config": "<root>=DEBUG"}


def test_a_mistyped_option_of_a_charm_names_the_closest():
    charm = Charm(name="web", folder="/web", options={"greeting": Option()})

    with pytest.raises(JujuError, match=r'^unknown option "greting"; did you mean "greeting"\?$'):
        charm_config.parse(charm, {"greting": "x"})


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("deploy", "postgres-k8s"), '; did you mean "postgresql-k8s"?'),
        (("switch", "dmo"), 'model local:admin/dmo not found; did you mean "demo"?'),
    ],
)
def test_a_mistyped_name_names_the_closest(run: Run, daemon: FakeDaemon, words: tuple[str, ...], error: str):
    daemon.results |= {"models": {"models": ["demo"]}, "status": {"applications": {}}}

    assert run(*words).stderr.endswith(f"{error}\n")


def test_clean_removes_what_no_application_uses(run: Run, home: Path, daemon: FakeDaemon, tmp_path: Path):
    (home / "models/demo").mkdir(parents=True)
    cache = tmp_path / "cache/paas-local"
    for kind, name in (
        ("charms", "used"),
        ("charms", "old"),
        ("envs", "used"),
        ("envs", "old"),
        ("rocks", "used"),
        ("files", "used"),
        ("files", "old"),
    ):
        (cache / kind / name).mkdir(parents=True)
    (cache / "envs/old/module.py").write_text("x" * 2_000_000)
    (cache / "envs/.new-1").mkdir()
    (cache / "charms/used/metadata.yaml").write_text("name: web")
    (cache / "charms/used/manifest.yaml").write_text(f"paas-local-mounts: [{cache}/envs/used]")
    (cache / "rocks/used/rock.yaml").write_text(
        "{name: web, layers: {}, mounts: [], environment: {}, python: null, folders: []}"
    )
    daemon.results["packed-folders"] = {"charms": [f"{cache}/charms/used"], "rocks": [f"{cache}/rocks/used"]}
    daemon.results["packed-folders"]["files"] = [f"{cache}/files/used"]

    result = run("clean")

    assert result.stderr == f"Removed 2 MB from {cache}.\n"
    kept = sorted(str(path.relative_to(cache)) for path in cache.glob("*/*"))
    assert kept == ["charms/used", "envs/.new-1", "envs/used", "files/used", "rocks/used"]


def test_clean_without_models_removes_everything(run: Run, tmp_path: Path):
    (tmp_path / "cache/paas-local/rocks/old").mkdir(parents=True)

    assert run("clean").exit_code == 0
    assert list((tmp_path / "cache/paas-local").glob("*/*")) == []


def texts() -> Iterator[tuple[str, str]]:
    """Yield each text of the packages that a user may see, and its file."""
    for file in sorted(PACKAGES.glob("*/src/**/*")):
        if file.suffix == ".py":
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value, file.name
        elif file.suffix in {".template", ".yaml"}:
            yield file.read_text(), file.name


def test_texts_that_name_a_command_name_one_that_exists():
    # a command begins a text, or follows a mark that sets it off; "paas-local expands" in a sentence is none
    pattern = re.compile(
        r"(?:^|[:(`\"']|type|use|with:?|to:?)\s*(paas-local|juju) ([a-z][a-z-]+)(?= |$|[)`\"'.;,\n])", re.MULTILINE
    )
    named = [(program, name, file) for text, file in texts() for program, name in pattern.findall(text)]

    assert len(named) > 30
    assert [each for each in named if each[1] not in NAMES] == []
