"""Which panels a dashboard has, and what they ask their data sources."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

Document = Mapping[str, Any]
_QUERIES = ("expr", "query", "rawSql")
"""Of Prometheus and Loki, of others, of databases."""


def panels(dashboard: Document) -> Iterator[dict[str, object]]:
    """Give the panels with their queries; those in rows too, of which older dashboards have another kind."""
    for panel in _objects(dashboard, "panels"):
        if panel.get("type") != "row":
            yield {
                "title": str(panel.get("title", "")),
                "type": str(panel.get("type", "")),
                "queries": list(_queries(panel)),
            }
        yield from panels(panel)
    for row in _objects(dashboard, "rows"):
        yield from panels(row)


def _queries(panel: Document) -> Iterator[str]:
    for target in _objects(panel, "targets"):
        yield from (target[key] for key in _QUERIES if isinstance(target.get(key), str))


def _objects(document: Document, key: str) -> list[Document]:
    values = document.get(key)
    listed = cast("list[object]", values) if isinstance(values, list) else []
    return [cast("Document", value) for value in listed if isinstance(value, dict)]
