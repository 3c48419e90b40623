"""Flask behind Gunicorn."""

from paas_local.build.frameworks import entrypoints, gunicorn
from paas_local.build.frameworks.entrypoints import Entrypoint
from paas_local.build.frameworks.framework import MIGRATIONS, PAGES, AppFiles, Project, PythonPackages

_NAMES = entrypoints.Names(objects=("app", "application"), factories=("create_app", "make_app"))


def _entrypoint(project: Project) -> Entrypoint:
    return entrypoints.find(project, _NAMES, framework="Flask")


FRAMEWORK = gunicorn.framework(
    name="flask",
    files=AppFiles(
        part="flask-framework/install-app",
        key="prime",
        default=("app", "app.py", "main.py", "src", *MIGRATIONS, *PAGES),
    ),
    packages=PythonPackages(
        required=("flask",), files=("requirements.txt", "pyproject.toml"), server=gunicorn.REQUIREMENT
    ),
    entrypoint=_entrypoint,
)
