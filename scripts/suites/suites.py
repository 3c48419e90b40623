"""The suites, and why tests of them do not pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Suite:
    """The tests of one project."""

    name: str
    what: str
    """Link to the tests."""
    projects: tuple[str, ...] = (".",)
    """Folders of the clone in which pytest runs."""
    tests: tuple[str, ...] = ("tests/integration",)
    uv: tuple[str, ...] = ()
    """Flags of ``uv run``."""
    charms: tuple[str, ...] = ()
    """Folders of charms that are packed before."""
    images: Mapping[str, str] = field(default_factory=dict[str, str])
    """Folder of each image, by the option of pytest that takes it."""
    model: str = ""
    """A model that the suite expects in its option ``--model``; each of its modules runs in a new one, by itself."""
    moved: str = ""
    """Framework whose example charm ``paas-local move-charm`` rewrites first, in a copy of the clone."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    server: tuple[str, ...] = ()
    """A Python program that runs meanwhile."""
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    """Reasons, by pattern of the names of tests."""


_PAAS_CHARM_IMAGES = {
    "flask": {
        "test-flask-image": "examples/flask/test_rock",
        "test-async-flask-image": "examples/flask/test_async_rock",
        "test-db-flask-image": "examples/flask/test_db_rock",
    },
    "django": {
        "django-app-image": "examples/django/django_app",
        "django-async-app-image": "examples/django/django_async_app",
    },
    "fastapi": {"fastapi-app-image": "examples/fastapi/fastapi_app"},
    "go": {"go-app-image": "examples/go/go_app"},
}
_EXAMPLES = tuple(
    f"examples/k8s-{name}" for name in ("1-minimal", "2-configurable", "3-postgresql", "4-action", "5-observe")
)
_TRACING = "needs kubectl, Tempo's worker charm and MinIO's image"
_CLOUDS = "clouds and credentials are left out"
_PAAS_CHARM_LEFT_OUT = {
    "test_charm::test_with_ingress": (
        "expects the new base URL before the hooks have ended on a busy machine; passes on an idle one"
    ),
    "test_flask_configs::test_app_config[[]builtin]": (
        "expects that an option of the charm's author cannot set `FLASK_APPLICATION_ROOT`; "
        "here what the author declares wins"
    ),
    "test_workers::test_workers_and_scheduler_services*": (
        "integrates again while the removed relation is dying, which Juju refuses too"
    ),
}


def _paas_charm(framework: str, *, moved: bool) -> Suite:
    tests = f"tests/integration/{framework}"
    charm = f"`examples/{framework}/charm` after `paas-local move-charm`" if moved else "its own charm"
    return Suite(
        name=f"paas-charm-{framework}{'-moved' if moved else ''}",
        what=f"[paas-charm](https://github.com/canonical/paas-charm), `{tests}`, with {charm}",
        tests=(tests,),
        uv=("--with", "jubilant==1.7.0", "--with", "pytest", "--with", "requests", "--with", "tenacity"),
        images=_PAAS_CHARM_IMAGES[framework],
        model="testing",
        moved=framework if moved else "",
        left_out=_PAAS_CHARM_LEFT_OUT,
    )


_ALL = (
    Suite(
        name="jubilant",
        what="[jubilant](https://github.com/canonical/jubilant), `tests/integration`",
        tests=("tests/integration", "-m", "not machine"),
        charms=("tests/integration/charms/testdb", "tests/integration/charms/testapp"),
        left_out={
            "test_cloud::*": _CLOUDS,
            "test_credentials::*": _CLOUDS,
            "test_execution::test_scp": "expects the user `redis` of Docker's image in `/etc/passwd`",
        },
    ),
    Suite(
        name="ops-examples",
        what="[ops](https://github.com/canonical/operator), the examples `k8s-1` to `k8s-5`",
        projects=_EXAMPLES,
        uv=("--group", "integration"),
        charms=_EXAMPLES,
    ),
    Suite(
        name="ops-integration",
        what="ops, `test/integration`",
        uv=("--group", "integration"),
        tests=("test/integration",),
        left_out={
            "test_tracing::*": _TRACING,
            "test_hookcmds::test_juju_reboot_queues_reboot": "the suite skips it on Kubernetes",
            "test_hookcmds::test_credential_get": "there is no cluster whose credentials could be returned",
        },
    ),
    Suite(
        name="ops-pebble",
        what="ops, `test/test_real_pebble.py`, with paas-local's Pebble",
        uv=("--group", "unit"),
        tests=("test/test_real_pebble.py",),
        environment={"RUN_REAL_PEBBLE_TESTS": "1"},
        server=("-m", "paas_local.pebble", "run", "--http=:4000", "--create-dirs"),
    ),
    Suite(
        name="charmcraft-profile",
        what="the project of `charmcraft init --profile kubernetes`, charmcraft 4.5.0",
        left_out={"test_charm::test_workload_version_is_set": "the project skips it"},
        uv=("--group", "integration"),
        charms=(".",),
    ),
    *(_paas_charm(framework, moved=moved) for moved in (False, True) for framework in _PAAS_CHARM_IMAGES),
)
SUITES: Mapping[str, Suite] = {suite.name: suite for suite in _ALL}
