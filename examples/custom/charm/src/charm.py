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
    """What a weather station writes: its address, and a token in a secret."""

    url: str = pydantic.Field(pattern="^https?://")
    token: pydantic.SecretStr


def parse(bags: paas_common.Databags, _: paas_common.Context) -> Station | None:
    """Return nothing until the station has answered."""
    return Station.model_validate(bags.app) if bags.app.get("url") else None


def env(station: Station, context: paas_common.Context) -> dict[str, str | pydantic.SecretStr]:
    """Name the variables; of several stations each has its own stem."""
    return {f"{context.stem}_URL": station.url, f"{context.stem}_TOKEN": station.token}


def request(context: paas_common.Context) -> dict[str, str]:
    """Ask for the towns that the operator wants; the leader writes it."""
    return {"towns": json.dumps(towns(context.options)), "page": context.base_url}


STATION = paas_common.Integration(
    interface="weather_station",
    endpoint="station",
    stem="WEATHER",
    provider="weather-station",
    secrets=("token-id",),
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

    def environment(self, situation: paas_common.Situation) -> dict[str, str | None]:
        """Add what the page needs, and take away what it must not see."""
        return {
            "FLASK_TITLE": f"The weather in {' and '.join(towns(situation.options))}",
            "FLASK_TOWNS_FILE": TOWNS_FILE,
            "FLASK_TOWNS": None,
        }

    def obstacles(
        self, situation: paas_common.Situation
    ) -> collections.abc.Iterator[paas_common.Hold]:
        """Refuse to show nothing."""
        if not towns(situation.options):
            advice = f"juju config {situation.app} towns=Brno"
            yield paas_common.Hold(kind="blocked", reason=f"option towns names no town ({advice})")

    def files(
        self, situation: paas_common.Situation
    ) -> collections.abc.Iterator[paas_common.File]:
        """Write the towns where the page reads them when it starts; other towns restart it."""
        yield paas_common.File(path=TOWNS_FILE, content=json.dumps(towns(situation.options)))

    def ports(self, _: paas_common.Situation) -> tuple[int, ...]:
        """Let a Prometheus outside of Juju see the server's metrics."""
        return (METRICS,)

    def started(self, situation: paas_common.Situation) -> None:
        """Tell Juju which version runs now."""
        container = self.unit.get_container("flask-app")
        with container.pull(f"{situation.app_dir}/static/version.txt") as file:
            self.unit.set_workload_version(file.read().strip())


if __name__ == "__main__":
    ops.main(WeatherCharm)
