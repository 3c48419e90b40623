"""Packed charms as zip files, extracted with their modes and links."""

import os
import re
import stat
import sys
import zipfile
from pathlib import Path

from paas_local.build import cache
from paas_local.build.errors import ProjectError

_COMPILED = re.compile(r"\.cpython-3(\d+)-")


def unpack(file: Path, kind: str) -> Path:
    """Extract an archive into the cache, unless it is there."""
    digest = cache.digest(file.read_bytes())
    entry = cache.path(kind, digest)
    if entry.is_dir():
        return entry
    try:
        with cache.new_entry(kind) as folder, zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                _extract(archive, member, folder)
            return cache.store(folder, kind, digest)
    except zipfile.BadZipFile as error:
        raise ProjectError(f"{file}: must be a zip file, as charmcraft pack makes it") from error


def check_python(file: Path, folder: Path) -> None:
    """Refuse a package with compiled modules that this machine's Python cannot import."""
    tags = (_COMPILED.search(module.name) for module in (folder / "venv").rglob("*.so"))
    minors = {int(tag[1]) for tag in tags if tag}
    if minors and sys.version_info.minor not in minors:
        needed, here = f"3.{min(minors)}", f"3.{sys.version_info.minor}"
        raise ProjectError(
            f"{file}: packed for Python {needed}, but paas-local runs with {here}; install it with {needed}"
        )


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Extract with mode and links, which ``zipfile`` ignores."""
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        link = folder / member.filename
        to = archive.read(member).decode()
        inside = Path(os.path.normpath(link)).is_relative_to(folder)
        if not inside or not Path(os.path.normpath(link.parent / to)).is_relative_to(folder):
            raise ProjectError(f"{archive.filename}: {member.filename} is a link that leads out of the package")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(to)
        return
    extracted = Path(archive.extract(member, folder))
    if permissions := stat.S_IMODE(mode):
        extracted.chmod(permissions | (0o700 if extracted.is_dir() else 0o400))
