"""What is asked of apt, and what the author of an image is told; apt itself is only a script here."""

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
    """The record of what apt was asked."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "apt.log"
        self.lists = folder / "lists"

    @property
    def commands(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        words = ("update", "--print-uris", "--download-only")
        return [next(word for word in words if word in line) for line in lines]


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apt:
    made = Apt(tmp_path)
    programs = {"apt-get": _APT.format(log=made.log), "dpkg-deb": _DPKG}
    for name, text in programs.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    made.lists.mkdir()
    (made.lists / "debian_Packages").touch()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(debian_packages, "_LISTS", made.lists)
    monkeypatch.setattr(debian_packages, "_STATUS", tmp_path / "status")
    monkeypatch.setattr(debian_packages, "_SOURCES", ())
    return made


def stage(*names: str, said: list[str] | None = None) -> Path | None:
    return debian_packages.stage(
        names, "rockcraft.yaml: stage-packages", (lambda _: None) if said is None else said.append
    )


def test_what_a_machine_lacks_is_laid_out_as_it_would_have_it(apt: Apt):
    said: list[str] = []

    folder = stage("server", said=said)

    assert folder is not None
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir()}
    assert found == {"usr/sbin/server", "usr/sbin/alias", "usr/lib/udev/rules"}
    assert said == ["fetching 1 Debian packages for server"]


def test_every_user_can_read_it(apt: Apt):
    folder = stage("server")

    assert folder is not None
    assert (folder / "usr/sbin/server").stat().st_mode & 0o777 == 0o644


def test_nothing_is_fetched_of_what_is_installed(apt: Apt):
    assert stage("installed") is None
    assert apt.commands == ["--print-uris"]


def test_apt_is_asked_again_only_when_the_machine_has_changed(apt: Apt, tmp_path: Path):
    first = stage("server", "server_bins")
    again = stage("server")
    asked = list(apt.commands)

    (tmp_path / "status").write_text("Package: another\n")
    changed = stage("server")

    assert first == again == changed
    assert asked == ["--print-uris", "--download-only"]
    assert apt.commands == [*asked, "--print-uris"]


def test_a_machine_without_package_lists_gets_some_of_ours(apt: Apt):
    (apt.lists / "debian_Packages").unlink()

    first, second = stage("server"), stage("installed")

    assert (first is not None, second) == (True, None)
    assert apt.commands == ["update", "--print-uris", "--download-only", "--print-uris"]
    assert not list(apt.lists.iterdir())


def test_lists_that_are_too_old_are_not_the_end(apt: Apt):
    (apt.lists / "old").touch()

    assert stage("new") is not None
    assert apt.commands == ["--print-uris", "update", "--print-uris", "--download-only"]


def test_an_unknown_package_is_named(apt: Apt):
    with pytest.raises(ProjectError) as caught:
        stage("server", "nosuch")

    assert str(caught.value) == (
        "rockcraft.yaml: stage-packages: nosuch is in none of this machine's package sources;"
        " see what it is called here: apt-cache search nosuch"
    )


def test_what_else_is_wrong_is_told_with_a_way_out(apt: Apt):
    (apt.lists / "debian_Packages").unlink()
    Path(f"{apt.log}.offline").touch()

    with pytest.raises(ProjectError) as caught:
        stage("server", "client")

    assert str(caught.value) == (
        "rockcraft.yaml: stage-packages: Temporary failure resolving;"
        " try again when that is mended, or type: sudo apt-get install client server"
    )


@pytest.mark.parametrize("name", ["server-", "-o", "a b", "Server"])
def test_what_is_no_name_never_reaches_apt(name: str, apt: Apt):
    with pytest.raises(ProjectError, match=r"is not the name of a package; write it as libpq5"):
        stage(name)

    assert not apt.commands


def test_a_machine_without_apt_uses_what_it_has(apt: Apt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    said: list[str] = []

    assert stage("server", said=said) is None
    assert said == ["server: used from this machine, where it has it: there is no apt-get here to fetch it with"]
