"""Calls of apt, which is a script here, and errors for the author of an image."""

from pathlib import Path

import pytest
from paas_local.build import debian_packages
from paas_local.build.errors import ProjectError

_APT = """\
#!/bin/sh
echo "$@" >> "{log}"
for word; do case "$word" in
  Dir::State::lists=*) lists="${{word#*=}}" ;;
  Dir::Cache=*) cache="${{word#*=}}" ;;
  update) [ -e "{log}.offline" ] && {{ echo 'E: Temporary failure resolving' >&2; exit 100; }}
    touch "$lists/debian_Packages" ;;
  nosuch) echo "E: Unable to locate package nosuch" >&2; exit 100 ;;
  new) [ -e "$lists/old" ] && {{ echo "E: 404 Not Found" >&2; exit 100; }} ;;
  --print-uris) plan=yes ;;
esac; done
case "$* " in *" installed "*) exit 0 ;; esac
if [ "$plan" ]; then
  echo "'http://debian/server_1.deb' server_1.deb 10 MD5Sum:00"
else
  touch "$cache/archives/server_1.deb"
fi
"""
_DPKG = """\
#!/bin/sh
mkdir -p "$3/usr/sbin" "$3/usr/share/doc/server" "$3/lib/udev"
echo server > "$3/usr/sbin/server"
chmod 600 "$3/usr/sbin/server"
ln -s server "$3/usr/sbin/alias"
touch "$3/lib/udev/rules"
"""


class Apt:
    """Record of the calls of apt."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "apt.log"
        self.lists = folder / "lists"

    @property
    def commands(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        options = ("update", "--print-uris", "--download-only")
        return [next(word for word in options if word in line) for line in lines]


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apt:
    record = Apt(tmp_path)
    programs = {"apt-get": _APT.format(log=record.log), "dpkg-deb": _DPKG}
    for name, text in programs.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    record.lists.mkdir()
    (record.lists / "debian_Packages").touch()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(debian_packages, "_LISTS", record.lists)
    monkeypatch.setattr(debian_packages, "_STATUS", tmp_path / "status")
    monkeypatch.setattr(debian_packages, "_SOURCES", ())
    return record


def stage(*names: str, messages: list[str] | None = None) -> Path | None:
    return debian_packages.stage(
        names, "rockcraft.yaml: stage-packages", (lambda _: None) if messages is None else messages.append
    )


def test_missing_packages_are_extracted_with_a_merged_usr(apt: Apt):
    messages: list[str] = []

    folder = stage("server", messages=messages)

    assert folder is not None
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir()}
    assert files == {"usr/sbin/server", "usr/sbin/alias", "usr/lib/udev/rules"}
    assert messages == ["downloading 1 Debian packages for server"]


def test_every_user_can_read_it(apt: Apt):
    folder = stage("server")

    assert folder is not None
    assert (folder / "usr/sbin/server").stat().st_mode & 0o777 == 0o644


def test_installed_packages_are_not_downloaded(apt: Apt):
    assert stage("installed") is None
    assert apt.commands == ["--print-uris"]


def test_apt_runs_again_only_if_the_machine_has_changed(apt: Apt, tmp_path: Path):
    first = stage("server", "server_bins")
    again = stage("server")
    commands = list(apt.commands)

    (tmp_path / "status").write_text("Package: another\n")
    changed = stage("server")

    assert first == again == changed
    assert commands == ["--print-uris", "--download-only"]
    assert apt.commands == [*commands, "--print-uris"]


def test_lists_are_downloaded_if_the_machine_has_none(apt: Apt):
    (apt.lists / "debian_Packages").unlink()

    first, second = stage("server"), stage("installed")

    assert (first is not None, second) == (True, None)
    assert apt.commands == ["update", "--print-uris", "--download-only", "--print-uris"]
    assert not list(apt.lists.iterdir())


def test_old_lists_are_replaced(apt: Apt):
    (apt.lists / "old").touch()

    assert stage("new") is not None
    assert apt.commands == ["--print-uris", "update", "--print-uris", "--download-only"]


def test_an_unknown_package_is_named(apt: Apt):
    with pytest.raises(ProjectError) as caught:
        stage("server", "nosuch")

    assert str(caught.value) == (
        "rockcraft.yaml: stage-packages: nosuch is in none of this machine's package sources;"
        " find its name: apt-cache search nosuch"
    )


def test_another_error_names_a_command(apt: Apt):
    (apt.lists / "debian_Packages").unlink()
    Path(f"{apt.log}.offline").touch()

    with pytest.raises(ProjectError) as caught:
        stage("server", "client")

    assert str(caught.value) == (
        "rockcraft.yaml: stage-packages: Temporary failure resolving;"
        " resolve that and try again, or type: sudo apt-get install client server"
    )


@pytest.mark.parametrize("name", ["server-", "-o", "a b", "Server"])
def test_invalid_names_never_reach_apt(name: str, apt: Apt):
    with pytest.raises(ProjectError, match=r"is not the name of a package; write it as libpq5"):
        stage(name)

    assert not apt.commands


def test_a_machine_without_apt_uses_its_own_packages(apt: Apt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    messages: list[str] = []

    assert stage("server", messages=messages) is None
    assert messages == ["server: not downloaded, because this machine has no apt-get; its own are used"]
