"""Fixtures of tests that run whole charms with ``ops.testing``; the conftest of their folder imports them."""

import collections.abc
import pathlib
import sys

import pytest
import yaml
from paas_local.build.charm_libs import fetch_into

STAND_INS = pathlib.Path(__file__).parent / "charms/stand_ins"


@pytest.fixture(scope="module", autouse=True)
def fast_yaml() -> collections.abc.Generator[None]:
    """Write YAML with libyaml: ``ops.testing`` writes the metadata of the charm twice for each event."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "SafeDumper", getattr(yaml, "CSafeDumper", yaml.SafeDumper))
        yield


@pytest.fixture(scope="session", autouse=True)
def charm_libs(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Fetch the charm libraries into a ``lib`` folder, as ``paas-local fetch-libs`` does."""
    lib = tmp_path_factory.mktemp("lib")
    libraries = {
        "data_platform_libs.data_interfaces": "0",
        "data_platform_libs.s3": "0",
        "grafana_k8s.grafana_dashboard": "0",
        "loki_k8s.loki_push_api": "1",
        "prometheus_k8s.prometheus_scrape": "0",
    }
    fetch_into(lib, {"charm-libs": [{"lib": name, "version": api} for name, api in libraries.items()]}, print)
    sys.path[:0] = [str(lib), str(STAND_INS)]
    return lib
