"""One model for each framework, on the leg that ``--leg`` names."""

import dataclasses
import fcntl
import importlib
import os
from collections.abc import Generator, Sequence
from pathlib import Path

import previous
import pytest
from legs import LEGS, Leg
from model import DEPLOYMENT, TestModel
from related_charms import PROVIDERS, Provider

import examples
from examples import Example, Project


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the legs."""
    parser.addoption("--leg", choices=[*LEGS], default="A", help="the leg of the integration tests")
    parser.addoption("--examples", type=Path, default=examples.ROOT / "examples", help="the folder of the examples")
    parser.addoption(
        "--every-provider", action="store_true", help="on leg A, integrate each framework with every provider"
    )
    parser.addoption(
        "--charms", type=Path, default=examples.ROOT / "dist/charms", help="the packed charms for a cluster"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Stop a leg that cannot run here, unless it only lists its tests."""
    if not config.option.collectonly and (problem := _leg(config).problem()):
        raise pytest.UsageError(f"leg {config.option.leg}: {problem}")
    if _leg(config).client == "libjuju":
        # The library and its plugins leave sockets and event loops open.
        config.addinivalue_line("filterwarnings", "default")


def _leg(config: pytest.Config) -> Leg:
    return LEGS[config.option.leg]


@pytest.fixture(scope="session")
def leg(pytestconfig: pytest.Config) -> Leg:
    """Return the leg."""
    return _leg(pytestconfig)


@pytest.fixture(scope="module")
def previous_wheels(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the previous release's wheels, which the first worker of pytest-xdist builds for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "previous"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            previous.build(folder, "--wheel")
    return folder / "dist"


@pytest.fixture(scope="module")
def example(request: pytest.FixtureRequest) -> Example:
    """Return the example of the module's tests."""
    example: object = getattr(request.node.getparent(pytest.Module).obj, "EXAMPLE", None)
    assert isinstance(example, Example)
    return dataclasses.replace(example, examples=request.config.option.examples)


@pytest.fixture(scope="module")
def integrating(model: TestModel, example: Example, integrations: Sequence[Provider]) -> Project:
    """Integrate an application with everything; return it."""
    for provider in integrations:
        model.integrate(example, provider)
    return example


@pytest.fixture(scope="module")
def integrations(pytestconfig: pytest.Config, leg: Leg, example: Example, model: TestModel) -> Sequence[Provider]:
    """Deploy the providers of the framework on this leg, in addition to the database and the ingress; return them."""
    every = leg.kubernetes or pytestconfig.option.every_provider
    providers = [each for each in PROVIDERS if every or each.local_framework == example.framework]
    for provider in providers:
        model.deploy_provider(provider)
    model.wait_for("active", *(each.charm for each in providers), patience=DEPLOYMENT)
    return providers


@pytest.fixture(scope="module")
def model(request: pytest.FixtureRequest, leg: Leg, example: Example) -> Generator[TestModel]:
    """Yield an empty model, and remove it."""
    # The environment has the library of the leg's client only.
    client = importlib.import_module(f"{leg.client}_client")
    with client.cluster(request) if leg.kubernetes else client.this_machine(request) as (juju, place):
        yield TestModel(juju=juju, place=place, example=example)
