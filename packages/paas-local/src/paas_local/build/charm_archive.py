"""How a packed charm, which is a zip file, becomes a folder with its modes and links."""

import os
import stat
import zipfile
from pathlib import Path

from paas_local.build import cache
from paas_local.build.errors import ProjectError


def unpack(file: Path, kind: str) -> Path:
    """Extract an archive into the cache, once."""
    digest = cache.digest(file.read_bytes())
    place = cache.path(kind, digest)
    if place.is_dir():
        return place
    try:
        with cache.new(kind) as folder, zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                _extract(archive, entry, folder)
            return cache.keep(folder, kind, digest)
    except zipfile.BadZipFile as error:
        raise ProjectError(f"{file}: not a zip file, as a charm is") from error


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    """Extract with mode and links, which ``zipfile`` leaves out."""
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        place = folder / entry.filename
        to = archive.read(entry).decode()
        inside = Path(os.path.normpath(place)).is_relative_to(folder)
        if not inside or not Path(os.path.normpath(place.parent / to)).is_relative_to(folder):
            raise ProjectError(f"{archive.filename}: {entry.filename} is a link out of the package")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(to)
        return
    extracted = Path(archive.extract(entry, folder))
    if permissions := stat.S_IMODE(mode):
        extracted.chmod(permissions | (0o700 if extracted.is_dir() else 0o400))
