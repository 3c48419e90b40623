"""A model with the client of every provider in it."""

from collections.abc import Generator
from pathlib import Path

import pytest
from deployment import Deployment, new_home

CLIENT = Path(__file__).parent / "clients/charm"


@pytest.fixture(scope="module")
def juju() -> Generator[Deployment]:
    """Yield a model with the client in it."""
    with new_home() as juju:
        juju("add-model", "test", "--no-switch")
        juju("deploy", str(CLIENT))
        yield juju
