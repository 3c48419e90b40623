#!/usr/bin/env python3
"""The charm of the weather page: one example of each thing that a charm may add."""

import collections.abc
import json

import ops
import paas_common
import paas_flask
import pydantic

TOWNS_FILE = "/flask/towns.json"
METRICS = 9102


class Station(pydantic.BaseModel):
    """A weather station: its address, and a token from a secret."""

    url: str = pydantic.Field(pattern="^https?://")
    token: pydantic.SecretStr


def parse(databags: paas_common.Databags, _: paas_common.Context) -> Station | None:
    """Return None until the station has answered."""
    return Station.model_validate(databags.app) if databags.app.get("url") else None


def env(station: Station, context: paas_common.Context) -> dict[str, str | pydantic.SecretStr]:
    """Return the variables; each of several stations has its own prefix."""
    return {f"{context.env_prefix}_URL": station.url, f"{context.env_prefix}_TOKEN": station.token}


def request(context: paas_common.Context) -> dict[str, str]:
    """Return the request for the operator's towns, which the leader writes."""
    return {"towns": json.dumps(towns(context.options)), "page": context.base_url}


STATION = paas_common.Integration(
    interface="weather_station",
    endpoint="station",
    env_prefix="WEATHER",
    provider="weather-station",
    secret_fields=("token-id",),
    parse=parse,
    env=env,
    request=request,
)


def towns(options: collections.abc.Mapping[str, object]) -> list[str]:
    """Read the option ``towns``."""
    return [town.strip() for town in str(options.get("towns", "")).split(",") if town.strip()]


class WeatherCharm(paas_flask.Charm):
    """Shows the weather in a few towns."""

    integrations = (STATION,)

    def environment(self, context: paas_common.WorkloadContext) -> dict[str, str | None]:
        """Return the page's title and file, and remove the option's own variable."""
        return {
            "FLASK_TITLE": f"The weather in {' and '.join(towns(context.options))}",
            "FLASK_TOWNS_FILE": TOWNS_FILE,
            "FLASK_TOWNS": None,
        }

    def readiness_problems(
        self, context: paas_common.WorkloadContext
    ) -> collections.abc.Iterator[paas_common.Blocked]:
        """Return a problem if there is no town to show."""
        if not towns(context.options):
            advice = f"juju config {context.app} towns=Brno"
            yield paas_common.Blocked(f"option towns names no town ({advice})")

    def files(
        self, context: paas_common.WorkloadContext
    ) -> collections.abc.Iterator[paas_common.File]:
        """Return the file of towns, which the page reads at its start; new towns restart it."""
        yield paas_common.File(path=TOWNS_FILE, content=json.dumps(towns(context.options)))

    def ports(self, _: paas_common.WorkloadContext) -> tuple[int, ...]:
        """Open the server's metrics port to a Prometheus outside Juju."""
        return (METRICS,)

    def after_start(self, context: paas_common.WorkloadContext) -> None:
        """Set the workload version that ``juju status`` shows."""
        container = self.unit.get_container("flask-app")
        with container.pull(f"{context.app_dir}/static/version.txt") as file:
            self.unit.set_workload_version(file.read().strip())


if __name__ == "__main__":
    ops.main(WeatherCharm)
