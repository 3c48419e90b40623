"""Fixtures of the whole-charm suite; what they hand out is in ``world``."""

import collections.abc
import contextlib
import pathlib
import sys
import typing

import ops
import providers
import pytest
from paas_local import extensions, libs, project
from world import CALLS, CHARM, Call, Calls, Failing, World


@pytest.fixture(scope="session", autouse=True)
def charm_libs(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Put the charm libraries where a charm has them: fetched as ``paas-local fetch-libs`` does."""
    lib = tmp_path_factory.mktemp("lib")
    wanted = ("data_platform_libs.data_interfaces", "data_platform_libs.s3")
    libs.fetch_into(lib, {"charm-libs": [{"lib": name, "version": "0"} for name in wanted]}, print)
    sys.path[:0] = [str(lib), str(pathlib.Path(__file__).parent / "stand_ins")]
    return lib


@pytest.fixture
def world(meta: dict[str, typing.Any], tmp_path: pathlib.Path) -> World:
    for name in ("base", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "base/app").mkdir()
    return World(meta=meta, root=tmp_path)


@pytest.fixture
def meta() -> dict[str, typing.Any]:
    """Give the metadata of the example charm, as charmcraft's extension expands it."""
    return extensions.expand(project.load(CHARM / "charmcraft.yaml"), CHARM)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Watch every call; each is carried out all the same."""
    made = Calls()

    def watch(name: str) -> None:
        real = getattr(ops.Container, name)

        def watched(container: ops.Container, *given: object, **more: object) -> object:
            made.append(Call(name, given))
            return real(container, *given, **more)

        monkeypatch.setattr(ops.Container, name, watched)

    for name in CALLS:
        watch(name)
    return made


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Have a call of the container fail for a while."""

    @contextlib.contextmanager
    def fail(name: str, fault: Exception) -> collections.abc.Generator[None]:
        def fails(*_: object, **__: object) -> None:
            raise fault

        with monkeypatch.context() as patch:
            patch.setattr(ops.Container, name, fails)
            yield

    return fail


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Let the server of a built-in provider answer, or not, without a server."""
    answers = [True]

    def answer(port: int, patience: float) -> bool:
        return answers[0]

    monkeypatch.setattr(providers.shared(), "answers", answer)
    return answers
