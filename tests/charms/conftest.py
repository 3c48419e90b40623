"""Fixtures of the charm tests; the module ``flask_scenario`` has their types."""

import collections.abc
import contextlib
import copy
import functools
import pathlib
import tempfile
import typing

import hypothesis
import ops
import providers
import pytest
from charm_environment import charm_libs, fast_yaml
from flask_scenario import CALLS, CHARM, Call, Calls, Failing, Scenario
from frameworks import BASE, Case
from ops import testing
from paas_local.build import charmcraft_extensions, yaml_files

__all__ = ["charm_libs", "fast_yaml"]

# A property test tries the same examples on every run, so that a failure can be repeated.
_SAME_EXAMPLES = hypothesis.settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("complete", _SAME_EXAMPLES, max_examples=40)
hypothesis.settings.register_profile("check", _SAME_EXAMPLES, max_examples=10)
hypothesis.settings.load_profile("complete")


@pytest.fixture
def scenario(meta: dict[str, typing.Any], tmp_path: pathlib.Path) -> Scenario:
    for name in ("base", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "base/app").mkdir()
    return Scenario(meta=meta, root=tmp_path)


@pytest.fixture
def meta() -> dict[str, typing.Any]:
    """Return the metadata of the example charm, as charmcraft's extension expands it."""
    return copy.deepcopy(_example_meta())


@functools.cache
def _example_meta() -> dict[str, typing.Any]:
    return charmcraft_extensions.expand(yaml_files.load(CHARM / "charmcraft.yaml"), CHARM)


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def base() -> str:
    return BASE


@pytest.fixture
def framework(scenario: Scenario, case: Case, base: str, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """Return a scenario of the charm of the framework, with the metadata of the charmcraft extension."""
    monkeypatch.setenv(charmcraft_extensions.EXPERIMENTAL, "1")
    scenario.meta = copy.deepcopy(_framework_meta(case.service, base))
    scenario.charm_type = type("Charm", (case.charm,), {"start_timeout": 0})
    scenario.container = case.older_container if base == BASE else "app"
    scenario.key_field = f"{case.service}_secret_key_id"
    scenario.peers = "secret-storage" if base == BASE else "peers"
    scenario.image = {case.service: {"override": "replace", "startup": "enabled", "command": case.command}}
    scenario.image_root = case.base
    scenario.commands = {testing.Exec(["/bin/python3"]), testing.Exec(["python3"]), testing.Exec(["bash"])}
    return scenario


@functools.cache
def _framework_meta(service: str, base: str) -> dict[str, typing.Any]:
    charmcraft = {
        "name": f"{service}-k8s",
        "type": "charm",
        "summary": "A test.",
        "description": "A test.",
        "base": base,
        "extensions": [f"{service}-framework"],
        "requires": {"postgresql": {"interface": "postgresql_client", "optional": True, "limit": 1}},
        "config": {"options": {"greeting": {"type": "string", "default": "Hello"}}},
    }
    with tempfile.TemporaryDirectory() as folder:
        return charmcraft_extensions.expand(charmcraft, pathlib.Path(folder))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Record every call, and still make it."""
    calls_made = Calls()

    def watch(name: str) -> None:
        real = getattr(ops.Container, name)

        def watched(container: ops.Container, *args: object, **kwargs: object) -> object:
            calls_made.append(Call(name, args))
            return real(container, *args, **kwargs)

        monkeypatch.setattr(ops.Container, name, watched)

    for name in CALLS:
        watch(name)
    return calls_made


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Make a call of the container fail until the fixture is reset."""

    @contextlib.contextmanager
    def fail(name: str, error: Exception) -> collections.abc.Generator[None]:
        def fails(*_: object, **__: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(ops.Container, name, fails)
            yield

    return fail


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Set whether the server of a built-in provider answers, without a server."""
    answers = [True]

    def answer(port: int, patience: float) -> bool:
        return answers[0]

    monkeypatch.setattr(providers.shared(), "answers", answer)
    return answers
