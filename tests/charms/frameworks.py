"""The frameworks, with both versions of charmcraft's extension."""

import dataclasses
import typing

import paas_common
import paas_django
import paas_fastapi
import paas_flask
import paas_go
import pytest
from flask_scenario import Scenario
from ops import testing


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A framework with one version of charmcraft's extension."""

    charm: type[paas_common.PaasCharm]
    service: str
    command: str
    base: str
    older_container: str

    @property
    def gunicorn(self) -> bool:
        return "gunicorn" in self.command


GUNICORN = "/bin/python3 -m gunicorn -c /{0}/gunicorn.conf.py '{1}' -k [ sync ]"
FLASK = Case(
    charm=paas_flask.Charm,
    service="flask",
    command=GUNICORN.format("flask", "app:app"),
    base="/flask",
    older_container="flask-app",
)
DJANGO = Case(
    charm=paas_django.Charm,
    service="django",
    command=GUNICORN.format("django", "shop.wsgi:application"),
    base="/django",
    older_container="django-app",
)
FASTAPI = Case(
    charm=paas_fastapi.Charm,
    service="fastapi",
    command="/bin/python3 -m uvicorn app:app",
    base="/app",
    older_container="app",
)
GO = Case(charm=paas_go.Charm, service="go", command="notes", base="/app", older_container="app")
FRAMEWORKS = [pytest.param(case, id=case.service) for case in (FLASK, DJANGO, FASTAPI, GO)]
GENERATIONS = ["ubuntu@24.04", "ubuntu@26.04"]
BASE = "ubuntu@24.04"


def deployed(scenario: Scenario, **changes: typing.Any) -> testing.State:
    return scenario.run(scenario.context().on.config_changed(), scenario.state(**changes))
