"""A model with the client of every provider in it."""

import os
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from deployment import Deployment

CLIENT = Path(__file__).parent / "clients/charm"


@pytest.fixture(scope="module")
def juju() -> Generator[Deployment]:
    """Yield a model with the client in it."""
    with TemporaryDirectory(prefix="paas-") as home:
        environment = {**os.environ, "PAAS_LOCAL_HOME": home, "JUJU_MODEL": "test"}
        deployment = Deployment(home=Path(home), environment=environment)
        try:
            deployment("add-model", "test", "--no-switch")
            deployment("deploy", str(CLIENT))
            yield deployment
        finally:
            deployment.run("destroy-model", "test", "--no-prompt")
            deployment.run("shutdown")
