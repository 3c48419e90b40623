"""Fixtures of the tests that refresh recorded deployments."""

import functools
import pathlib

import ops
import pytest
import record
from charm_environment import charm_libs, fast_yaml
from recorded_units import MakeUnit, unit_of

__all__ = ["charm_libs", "fast_yaml"]


@pytest.fixture(params=record.FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["paas_charm 1", "paas_charm 2"])
def recording(framework: str, request: pytest.FixtureRequest) -> record.Document:
    """Return the recorded deployment of paas_charm."""
    return record.load(framework if request.param == "paas_charm 1" else f"{framework}-2")


@pytest.fixture
def make_unit(framework: str, recording: record.Document, tmp_path: pathlib.Path) -> MakeUnit:
    """Return a function that returns a unit of our charm, with the recorded charm's metadata."""
    return functools.partial(unit_of, framework, recording, tmp_path)


@pytest.fixture
def restarts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the calls that start, stop or reload services, as the charm makes them."""
    calls: list[str] = []

    def watch(name: str) -> None:
        real = getattr(ops.Container, name)

        def watched(container: ops.Container, *args: object, **kwargs: object) -> object:
            calls.append(name)
            return real(container, *args, **kwargs)

        monkeypatch.setattr(ops.Container, name, watched)

    for name in ("replan", "restart", "send_signal", "start", "stop"):
        watch(name)
    return calls
