"""A model with one framework's example in it."""

import http.client
import json
import time
import urllib.error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from browser import Browser
from places import Deployable, Place
from protocol import PATIENCE, Juju, Status
from related_charms import Provider

from examples import Example, Project

Result = TypeVar("Result")
PAUSE = 0.5
# Kubernetes pulls images before it starts a unit.
DEPLOYMENT = 1800.0


@dataclass(frozen=True, kw_only=True)
class TestModel:
    """A model, the place where it runs, and the example in it."""

    __test__ = False

    juju: Juju
    place: Place
    example: Example

    @property
    def name(self) -> str:
        """The name of the application."""
        return self.example.application

    def browser(self, application: str = "") -> Browser:
        """Return a browser without cookies."""
        return Browser(lambda: self.juju.url(application or self.name))

    def deploy(self, application: str, deployable: Deployable) -> None:
        """Deploy a charm."""
        self.juju.deploy(
            deployable.charm,
            application,
            resources=deployable.resources,
            config=deployable.config,
            channel=deployable.channel,
            trust=deployable.trust,
        )

    def deploy_provider(self, provider: Provider) -> None:
        """Deploy the charm on the other side of an integration."""
        self.deploy(provider.charm, self.place.provider(provider))

    def integrate(self, project: Project, provider: Provider) -> None:
        """Integrate an application with a provider."""
        self.juju.integrate(f"{project.application}:{provider.endpoint}", provider.charm)

    def refresh(self, *, new_image: bool) -> None:
        """Refresh the application to the current wheels, and to the first or the new image."""
        deployable = self.place.project(self.example, new_image=new_image)
        self.juju.refresh(self.name, deployable.charm, deployable.resources)

    def wait_for(self, status: str, *applications: str, units: int = 1, patience: float = PATIENCE) -> str:
        """Wait until all units of the applications are idle and have a status; return a message."""
        names = applications or (self.name,)

        def reached(current: Status) -> bool:
            groups = [current[name].units for name in names if name in current]
            return len(groups) == len(names) and all(
                len(each) == units and all(unit.status == status and unit.idle for unit in each.values())
                for each in groups
            )

        units_of = self.juju.wait(reached, patience)[names[0]].units
        return next(iter(units_of.values())).message

    def eventually(self, what: str, read: Callable[[], Result], patience: float = PATIENCE) -> Result:
        """Call a function until it returns a result; connection errors are retried."""
        deadline = time.monotonic() + patience
        while True:
            reason: Exception | None = None
            try:
                if result := read():
                    return result
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                reason = error
            assert time.monotonic() < deadline, f"no {what}: {reason}\n{self.place.log()[-8000:]}"
            time.sleep(PAUSE)

    def leader(self) -> str:
        """Return the name of the only leader."""
        (leader,) = (name for name, unit in self.juju.status()[self.name].units.items() if unit.leader)
        return leader

    def sources(self, application: str) -> Mapping[str, str]:
        """Return the source of each variable of an application."""
        lines: str = self.juju.run(application, "explain", {})["variables"]
        return dict(line.split(": ", 1) for line in lines.splitlines())

    def public_url(self, application: str = "") -> str:
        """Return the URL at the ingress."""

        def address() -> str:
            results = self.juju.run("traefik-k8s", "show-proxied-endpoints", {})
            return json.loads(results["proxied-endpoints"]).get(application or self.name, {}).get("url", "")

        return self.eventually("address at the ingress", address)

    def migrations(self) -> int:
        """Return how often the migration of the database ran, on all units together."""
        return sum(
            "migrating the database" in line and f"unit-{self.name}-" in line for line in self.place.log().splitlines()
        )

    def results(self, application: str, action: str, **parameters: str) -> Mapping[str, Any]:
        """Run an action; return its results."""
        return self.juju.run(application, action, parameters)
