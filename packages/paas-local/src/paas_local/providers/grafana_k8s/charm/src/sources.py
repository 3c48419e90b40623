"""Data sources in relation data.

Each unit of an application writes the URL of its server; an application may write one URL for all of its units.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import urlsplit


class InvalidError(Exception):
    """A databag that cannot be read; the text names the key and the reason."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A server that answers queries of dashboards."""

    uid: str
    type: str
    url: str
    unit: str = ""
    """Empty for all units of an application."""


def read(app: Mapping[str, str], units: Mapping[str, Mapping[str, str]]) -> tuple[Source, ...]:
    """Read the sources of an application; none until it has sent any."""
    if "grafana_source_data" not in app:
        return ()
    try:
        document: object = json.loads(app["grafana_source_data"])
    except json.JSONDecodeError as error:
        raise InvalidError(f"grafana_source_data: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidError("grafana_source_data: not an object")
    names = ("model", "model_uuid", "application", "type")
    fields = {name: cast("dict[str, object]", document).get(name) for name in names}
    for name, value in fields.items():
        if not isinstance(value, str) or not value:
            raise InvalidError(f"grafana_source_data.{name}: not a text")
    place = "_".join(["juju", *(str(fields[name]) for name in names[:-1])])
    urls = {unit: databag.get("grafana_source_host", "") for unit, databag in units.items()}
    return tuple(
        Source(
            uid=f"{place}_{unit.rpartition('/')[2]}" if unit else place,
            type=str(fields["type"]),
            url=_url(url, "grafana_source_host" if unit else "grafana_source_app_host"),
            unit=unit,
        )
        for unit, url in sorted({**urls, "": app.get("grafana_source_app_host", "")}.items())
        if url
    )


def _url(text: str, key: str) -> str:
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise InvalidError(f"{key}: not a URL")
    return url.rstrip("/")


def document(sources: Iterable[Source]) -> str:
    """Write the server's file."""
    return json.dumps([asdict(source) for source in sources], indent=1)


def uids(sources: Iterable[Source]) -> dict[str, str]:
    """Write the answer to an application: the uids of its units, and the one for all of them."""
    listed = [*sources]
    units = {source.unit: source.uid for source in listed if source.unit}
    return {
        "datasource_uids": json.dumps(units),
        "app_datasource_uid": next((source.uid for source in listed if not source.unit), ""),
    }
