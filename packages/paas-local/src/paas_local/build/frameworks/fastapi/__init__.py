"""FastAPI behind Uvicorn."""

from paas_local.build.frameworks import entrypoints
from paas_local.build.frameworks.framework import (
    MIGRATIONS,
    PAGES,
    PROMTAIL_FOLDERS,
    AppFiles,
    Framework,
    Project,
    PythonPackages,
    Start,
)

_NAMES = entrypoints.Names(objects=("app",))


def _start(project: Project) -> Start:
    entrypoint = entrypoints.find(project, _NAMES, framework="FastAPI")
    return Start(command=f"/bin/python3 -m uvicorn {entrypoint}", files=(entrypoint.file.parts[0],))


FRAMEWORK = Framework(
    name="fastapi",
    app="app",
    files=AppFiles(part="fastapi-framework/install-app", key="prime", default=(*MIGRATIONS, *PAGES)),
    packages=PythonPackages(required=("fastapi", "starlette"), server="uvicorn"),
    start=_start,
    service={"working-dir": "/app", "environment": {"UVICORN_HOST": "0.0.0.0"}},  # noqa: S104 - in a pod
    folders=("/app", *PROMTAIL_FOLDERS),
)
