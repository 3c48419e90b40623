"""Uvicorn: it takes its options from the environment, and its logging from a file where lines are JSON."""

import json
import typing

from . import facts, server_logs
from .settings import Settings
from .workload import File, Server

_MODULE: typing.Final = "uvicorn_json_lines"


def server(folder: str) -> Server:
    """Describe Uvicorn; ``folder`` is where its logging configuration goes."""
    configuration = f"{folder}/uvicorn-log-config.json"

    def files(_: Settings, __: int, json_logs: bool) -> tuple[File, ...]:
        if not json_logs:
            return ()
        return (
            File(path=f"{folder}/{_MODULE}.py", content=server_logs.source()),
            File(path=configuration, content=json.dumps(_logging(), indent=2)),
        )

    def variables(given: facts.Text, json_logs: bool) -> facts.Text:
        if not json_logs:
            return {}
        path = ":".join(part for part in (folder, given.get("PYTHONPATH", "")) if part)
        return {"PYTHONPATH": path, "UVICORN_LOG_CONFIG": configuration}

    return Server(files=files, command=lambda command, _: command, checks=lambda _, __: (), variables=variables)


def _logging() -> dict[str, object]:
    """Give what ``logging.config.dictConfig`` reads: errors to standard error, access lines to standard output."""

    def handler(stream: str) -> dict[str, str]:
        return {"class": "logging.StreamHandler", "formatter": "json", "stream": f"ext://sys.{stream}"}

    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": f"{_MODULE}.JsonLines"}},
        "handlers": {"error": handler("stderr"), "access": handler("stdout")},
        "loggers": {
            "uvicorn": {"handlers": ["error"], "level": "INFO", "propagate": False},
            "uvicorn.error": {"level": "INFO"},
            "uvicorn.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
        },
    }
