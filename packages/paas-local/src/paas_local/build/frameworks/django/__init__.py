"""Django behind Gunicorn."""

from pathlib import Path, PurePosixPath

from paas_local.build.errors import ProjectError
from paas_local.build.frameworks import entrypoints, gunicorn
from paas_local.build.frameworks.entrypoints import Entrypoint
from paas_local.build.frameworks.framework import AppFiles, Marker, Project, PythonPackages
from paas_local.build.rock_recipe import FILE

_TUTORIAL_PACKAGE = "mysite"
_WSGI = "wsgi.py"


def _entrypoint(project: Project) -> Entrypoint:
    """Find the WSGI module of a Django project, in the project's folder inside the source."""
    folder = entrypoints.package_name(project.name)
    files = [PurePosixPath(package, _WSGI) for package in (folder, _TUTORIAL_PACKAGE)]
    existing = [file for file in files if (project.source / folder / file).is_file()]
    for file in existing:
        if "application" in entrypoints.defined_names(project.source / folder, file):
            return Entrypoint(file=file, name="application")
    missing = f"no `application` in {folder}/{existing[0]}" if existing else f"no {folder}/{files[0]}"
    raise ProjectError(
        f"{project.source}: {missing}; make the project with `django-admin startproject {folder}`"
        f" in the folder of {FILE}, or set services.django.command there"
    )


def _has_package(manage: Path) -> bool:
    return (manage.parent / manage.parent.name).is_dir()


FRAMEWORK = gunicorn.framework(
    name="django",
    files=AppFiles(part="django-framework/install-app", key=None, default=("-db.sqlite3",), in_package=True),
    packages=PythonPackages(required=("django",), server=gunicorn.REQUIREMENT),
    marker=Marker(pattern="*/manage.py", accepts=_has_package, names_project=True),
    entrypoint=_entrypoint,
)
