"""The panels of a dashboard, and the queries to their data sources."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

Document = Mapping[str, Any]
_QUERIES = ("expr", "query", "rawSql")
"""The keys of queries: to Prometheus and Loki, to other sources, to databases."""


def panels(dashboard: Document) -> Iterator[dict[str, object]]:
    """Yield the panels with their queries; also those inside rows, which older dashboards write in another form."""
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
