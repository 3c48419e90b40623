"""A packed charm: its archive, its folder as Juju unpacks it, and one event without a controller."""

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from paas_local.build import charms, interpreters

DISPATCH = "#!/bin/sh\nPYTHONPATH=lib:venv exec ./src/charm.py\n"
HOOK_TOOLS = ("config-get", "is-leader", "juju-log", "relation-get", "relation-ids", "relation-list")
STATUS_TOOLS = ("status-get", "status-set")
# A follower without relations, and with the defaults of its options.
ANSWERS = """\
#!/bin/sh
printf '%s\\n' "${{0##*/}} $*" >> {log}
case "${{0##*/}}" in
config-get) echo '{{}}' ;;
is-leader) echo false ;;
relation-*) echo '[]' ;;
status-get) echo '{{"status": "unknown", "message": "", "status-data": {{}}}}' ;;
esac
"""


def prime(charm: Path, wheels: Path, folder: Path) -> Path:
    """Write the folder that charmcraft packs for a charm: its files, and its requirements in ``venv``."""
    install = (interpreters.find_uv(), "pip", "install", "--quiet", "--python", sys.executable)
    target = ("--compile-bytecode", "--link-mode=copy", "--target", folder / "venv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_FIND_LINKS", str(wheels))
        packed = charms.pack(charm, lambda _: None)
        shutil.copytree(packed.folder, folder, ignore=shutil.ignore_patterns("venv", "manifest.yaml", "__pycache__"))
        subprocess.run([*install, *target, "-r", charm / "requirements.txt"], check=True)
    (folder / "dispatch").write_text(DISPATCH)
    return folder


def archive(folder: Path, file: Path) -> Path:
    """Write a folder into a ``.charm`` file, as charmcraft does."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            packed.write(path, path.relative_to(folder))
    return file


def unpack(file: Path, folder: Path) -> Path:
    """Extract a ``.charm`` file as Juju does: the modes are kept, the file times are new."""
    with zipfile.ZipFile(file) as packed:
        for member in packed.infolist():
            Path(packed.extract(member, folder)).chmod(member.external_attr >> 16)
    return folder


def bytecode(folder: Path) -> dict[Path, bytes]:
    """Return the compiled modules below a folder."""
    return {file: file.read_bytes() for file in folder.rglob("*.pyc")}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of one event."""

    calls: list[str]
    """Hook tools with their arguments."""
    stderr: str

    @property
    def status(self) -> str:
        """The last status, such as ``waiting Waiting for ...``."""
        calls = [call for call in self.calls if call.startswith("status-set")]
        assert calls, f"{self.calls}\n{self.stderr}"
        return calls[-1].removeprefix("status-set --application=False ")


def run_event(charm: Path, event: str, folder: Path, python: Path = Path(sys.executable)) -> Outcome:
    """Run a charm's ``dispatch`` with a Python as ``python3``; its pod has no running container."""
    tools, log = folder / "tools", folder / "calls"
    tools.mkdir(parents=True)
    log.touch()
    for name in (*HOOK_TOOLS, *STATUS_TOOLS):
        (tools / name).write_text(ANSWERS.format(log=shlex.quote(str(log))))
        (tools / name).chmod(0o755)
    (tools / "python3").symlink_to(os.path.realpath(python))
    environment = {
        "JUJU_CHARM_DIR": str(charm),
        "JUJU_DISPATCH_PATH": f"hooks/{event}",
        "JUJU_MODEL_NAME": "test",
        "JUJU_MODEL_UUID": "5d5bfbd1-7ac5-4b45-8b0d-5e1bcbb9a5a1",
        "JUJU_UNIT_NAME": "app/0",
        "JUJU_VERSION": "3.6.11",
        "LANG": "C.UTF-8",
        "PATH": f"{tools}:/usr/bin:/bin",
    }
    done = subprocess.run([charm / "dispatch"], cwd=charm, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + log.read_text()
    return Outcome(calls=log.read_text().splitlines(), stderr=done.stderr)
