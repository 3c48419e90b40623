"""Uvicorn: options in its environment variables, JSON log lines by a logging configuration file."""

import json
import typing

from paas_common.servers import payload
from paas_common.values import urls
from paas_common.values.facts import StrMap
from paas_common.values.framework import Server, Serving
from paas_common.values.settings import Settings
from paas_common.values.workload import File

_MODULE: typing.Final = "uvicorn_json_lines"


def server(folder: str) -> Server:
    """Return Uvicorn's description; ``folder`` is for its logging configuration."""
    log_config = f"{folder}/uvicorn-log-config.json"

    def files(_: Settings, serving: Serving) -> tuple[File, ...]:
        if not serving.json_logs:
            return ()
        return (
            File(path=f"{folder}/{_MODULE}.py", content=payload.json_lines_source()),
            File(path=log_config, content=json.dumps(_log_config(), indent=2)),
        )

    def variables(environment: StrMap, serving: Serving) -> StrMap:
        values: dict[str, str] = {}
        if serving.json_logs:
            values["PYTHONPATH"] = ":".join(part for part in (folder, environment.get("PYTHONPATH", "")) if part)
            values["UVICORN_LOG_CONFIG"] = log_config
        if serving.public_url:
            # The ingress may connect from any address of the cluster's network.
            values["FORWARDED_ALLOW_IPS"] = "*"
            if prefix := urls.path_prefix(serving.public_url):
                values["UVICORN_ROOT_PATH"] = prefix
        return values

    return Server(files=files, command=lambda command, _: command, checks=lambda _, __: (), variables=variables)


def _log_config() -> dict[str, object]:
    """Return the argument of ``logging.config.dictConfig``: errors to stderr, access lines to stdout."""

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
