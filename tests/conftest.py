"""The order of the test files, and the wheels for tests that install them like a user."""

import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest
from paas_local.build import interpreters

# In the background of a shell, or under nohup, pytest inherits ignored signals and passes them to its child processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, lambda _number, _frame: None)

# Modules of tests/integration whose assertions fail with their values.
pytest.register_assert_rewrite("framework_tests", "model", "arrivals", "places")

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SLOWEST = (
    "integration/flask/test_flask_integration.py",
    "integration/django/test_django_integration.py",
    "integration/fastapi/test_fastapi_integration.py",
    "integration/go/test_go_integration.py",
    "local/test_flask_end_to_end.py",
    "local/test_providers.py",
    "local/test_keeping_providers.py",
    "charms/test_any_bytes.py",
    "local/test_other_pebble.py",
    "local/test_daemon.py",
    "local/test_offers.py",
    "charms/test_any_order.py",
    "charms/test_any_request.py",
    "bench/test_cost_of_an_event.py",
    "legs/test_legs.py",
    "local/test_up.py",
    "legs/test_broken_charm.py",
    "packaging/test_source_distributions.py",
    "packaging/test_bytecode.py",
    "local/test_packing.py",
    "local/test_debian_packages.py",
    "local/test_custom_charm.py",
    "local/test_pods.py",
    "local/test_public_address.py",
    "local/pebble/test_pebble_transcripts.py",
)
"""The files that take longest, longest first. pytest-xdist distributes whole files in the order of collection."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the slowest files first: the others fill the gaps at the end of the run."""
    places = {TESTS / name: place for place, name in enumerate(SLOWEST)}
    if missing := [str(file) for file in places if not file.is_file()]:
        raise pytest.UsageError(f"SLOWEST in {__file__} must name test files: {', '.join(missing)}")
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the wheels, which the first worker of pytest-xdist builds for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheels"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            command = [interpreters.find_uv(), "build", "--quiet", "--all-packages", "--wheel", "--out-dir"]
            subprocess.run([*command, folder], cwd=ROOT, check=True)
    return folder
