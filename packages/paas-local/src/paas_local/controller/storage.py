"""The stored models and their logs, in one SQLite file.

A model is one JSON document, so a change is stored as a whole or not at all.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pydantic

from paas_local.juju.model import Model

_KEPT_LINES = 50_000
_MODEL = pydantic.TypeAdapter(Model)
_SCHEMA = """
create table if not exists models (name text primary key, document blob not null);
create table if not exists lines (
    id integer primary key autoincrement, model text not null,
    time real not null, entity text not null, level text not null, module text not null, message text not null
);
create table if not exists ports (
    model text not null, application text not null, port integer not null, host_port integer not null,
    primary key (model, application, port)
);
create index if not exists lines_of_model on lines (model, id);
"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a model's log."""

    time: float
    entity: str
    level: str
    module: str
    message: str


class State:
    """The SQLite file, open in one process."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        # a change survives the end of this process; a power failure may lose the last ones
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_SCHEMA)

    def models(self) -> dict[str, Model]:
        """Return the stored models."""
        rows = self._database.execute("select document from models order by name").fetchall()
        models = [_MODEL.validate_json(document) for (document,) in rows]
        return {model.name: model for model in models}

    def save(self, models: Iterable[Model]) -> None:
        """Store models, all of them or none."""
        with self._database:
            self._database.execute("begin")
            self._database.executemany(
                "insert into models values (?, ?) on conflict (name) do update set document = excluded.document",
                [(model.name, _MODEL.dump_json(model)) for model in models],
            )

    def remove(self, name: str) -> None:
        """Delete a model, its log and its ports."""
        self._database.execute("delete from models where name = ?", (name,))
        self._database.execute("delete from lines where model = ?", (name,))
        self._database.execute("delete from ports where model = ?", (name,))

    def host_port(self, model: str, application: str, port: int) -> int | None:
        """Return the host's port that an application's port had last."""
        row = self._database.execute(
            "select host_port from ports where model = ? and application = ? and port = ?", (model, application, port)
        ).fetchone()
        return row[0] if row else None

    def keep_host_port(self, model: str, application: str, port: int, host_port: int) -> None:
        """Store the host's port of an application's port: a URL stays the same after a restart."""
        self._database.execute(
            "insert or replace into ports values (?, ?, ?, ?)", (model, application, port, host_port)
        )

    def append(self, model: str, line: Line) -> None:
        """Append a line to a model's log."""
        self._database.execute(
            "insert into lines (model, time, entity, level, module, message) values (?, ?, ?, ?, ?, ?)",
            (model, line.time, line.entity, line.level, line.module, line.message),
        )

    def lines(self, model: str, after: int) -> Iterator[tuple[int, Line]]:
        """Yield the lines after a number, each with its own."""
        rows = self._database.execute(
            "select id, time, entity, level, module, message from lines where model = ? and id > ? order by id",
            (model, after),
        )
        for number, time, entity, level, module, message in rows.fetchall():
            yield number, Line(time=time, entity=entity, level=level, module=module, message=message)

    def prune(self) -> None:
        """Delete the oldest lines."""
        self._database.execute("delete from lines where id <= (select max(id) from lines) - ?", (_KEPT_LINES,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
