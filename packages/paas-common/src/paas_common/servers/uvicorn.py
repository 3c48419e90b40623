"""Uvicorn: it takes its options from the environment, and its logging from a file where lines are JSON."""

import json
import typing

from paas_common.servers import sources
from paas_common.values import facts, urls
from paas_common.values.settings import Settings
from paas_common.values.workload import File, Server, Serving

_MODULE: typing.Final = "uvicorn_json_lines"


def server(folder: str) -> Server:
    """Describe Uvicorn; ``folder`` is where its logging configuration goes."""
    configuration = f"{folder}/uvicorn-log-config.json"

    def files(_: Settings, serving: Serving) -> tuple[File, ...]:
        if not serving.json_logs:
            return ()
        return (
            File(path=f"{folder}/{_MODULE}.py", content=sources.json_lines_formatter()),
            File(path=configuration, content=json.dumps(_logging(), indent=2)),
        )

    def variables(given: facts.Text, serving: Serving) -> facts.Text:
        found: dict[str, str] = {}
        if serving.json_logs:
            found["PYTHONPATH"] = ":".join(part for part in (folder, given.get("PYTHONPATH", "")) if part)
            found["UVICORN_LOG_CONFIG"] = configuration
        if serving.public:
            # Which address of the cluster's network the ingress has at the moment, nobody knows.
            found["FORWARDED_ALLOW_IPS"] = "*"
            if prefix := urls.prefix(serving.public):
                found["UVICORN_ROOT_PATH"] = prefix
        return found

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
