"""The panels of a dashboard, and the queries to their data sources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

Document = Mapping[str, Any]
_QUERIES = ("expr", "query", "rawSql")
"""The keys of queries: to Prometheus and Loki, to other sources, to databases."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """One query of a panel, with its variables."""

    text: str
    legend: str = ""
    source_type: str = ""
    """Empty if the dashboard does not say it."""
    source_uid: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A panel of a dashboard."""

    title: str
    type: str
    unit: str = ""
    description: str = ""
    queries: tuple[Query, ...] = ()

    def document(self) -> dict[str, object]:
        """Return the form of the list of panels."""
        return {"title": self.title, "type": self.type, "queries": [query.text for query in self.queries]}


def panels(dashboard: Document) -> Iterator[Panel]:
    """Yield the panels; also those inside rows, which older dashboards write in another form."""
    for panel in _objects(dashboard, "panels"):
        if panel.get("type") != "row":
            yield Panel(
                title=str(panel.get("title", "")),
                type=str(panel.get("type", "")),
                unit=str(_object(_object(panel, "fieldConfig"), "defaults").get("unit", "")),
                description=str(panel.get("description", "")),
                queries=tuple(_queries(panel)),
            )
        yield from panels(panel)
    for row in _objects(dashboard, "rows"):
        yield from panels(row)


def _queries(panel: Document) -> Iterator[Query]:
    for target in _objects(panel, "targets"):
        kind, uid = _source(target.get("datasource") or panel.get("datasource"))
        for key in _QUERIES:
            if isinstance(target.get(key), str) and not target.get("hide"):
                legend = str(target.get("legendFormat") or "")
                yield Query(text=target[key], legend=legend, source_type=kind, source_uid=uid)


def _source(value: object) -> tuple[str, str]:
    """Return the type and the uid of a data source; older dashboards have only its name."""
    if isinstance(value, dict):
        fields = cast("Document", value)
        return str(fields.get("type") or ""), str(fields.get("uid") or "")
    return "", str(value or "")


def _object(document: Document, key: str) -> Document:
    value = document.get(key)
    return cast("Document", value) if isinstance(value, dict) else {}


def _objects(document: Document, key: str) -> list[Document]:
    values = document.get(key)
    listed = cast("list[object]", values) if isinstance(values, list) else []
    return [cast("Document", value) for value in listed if isinstance(value, dict)]
