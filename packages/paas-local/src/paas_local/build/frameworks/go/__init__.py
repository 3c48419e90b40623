"""Go: one program, compiled with this machine's Go."""

from pathlib import Path

from paas_local.build import go_build, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.frameworks.framework import (
    PAGES,
    PROMTAIL_FOLDERS,
    AppFiles,
    Framework,
    Marker,
    Project,
    Start,
)
from paas_local.build.progress import Progress
from paas_local.build.rock_recipe import FILE

_NAME = "go"
_PART = "go-framework/install-app"
_BINARIES = "usr/local/bin"


def _start(project: Project) -> Start:
    return Start(command=project.name)


def _compile(project: Project, progress: Progress, folder: Path) -> dict[str, Path]:
    """Compile the project; the image gets the program of its own name, or those that the author moves."""
    part, where = project.part(_PART), f"{FILE}: parts.{_PART}"
    built = go_build.build(project.source, go_build.settings(part, where), folder, progress)
    programs = {target: source for source, target in yaml_files.mapping(part, "organize", file=where).items()}
    if "command" not in yaml_files.mapping(project.rock, "services", _NAME, file=FILE):
        programs.setdefault(f"{_BINARIES}/{project.name}", f"bin/{project.name}")
    for program in programs.values():
        if program.removeprefix("bin/") not in built:
            raise ProjectError(
                f"{project.source}: `go install` makes {', '.join(built) or 'no program'}, but not {project.name};"
                f" rename the module in go.mod, or set parts.{_PART}.organize in {FILE}"
            )
    return {f"/{target}": built[program.removeprefix("bin/")] for target, program in programs.items()}


FRAMEWORK = Framework(
    name=_NAME,
    app="app",
    files=AppFiles(part="go-framework/assets", key="stage", default=("migrate", "migrate.sh", *PAGES)),
    marker=Marker(pattern="go.mod"),
    start=_start,
    service={"working-dir": "/app"},
    compile=_compile,
    folders=("/app", *PROMTAIL_FOLDERS),
)
