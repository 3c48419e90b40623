"""The choice of Go, its flags and its errors."""

from pathlib import Path

import pytest
from paas_local.build import go_build
from paas_local.build.errors import ProjectError


def program(folder: Path, text: str = "") -> Path:
    folder.mkdir()
    file = folder / "go"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_prefers_go_on_the_path_to_the_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    on_path, usual = program(tmp_path / "path"), program(tmp_path / "usual")
    monkeypatch.setattr(go_build, "_DEFAULT_FOLDER", str(usual.parent))

    monkeypatch.setenv("PATH", str(on_path.parent))
    first = go_build.find_go()
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (first, go_build.find_go()) == (str(on_path), str(usual))


def test_a_missing_go_names_the_download_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(go_build, "_DEFAULT_FOLDER", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ProjectError, match=r"go is neither on PATH nor in .*; install it: https://go\.dev/dl"):
        go_build.find_go()


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        pytest.param("# a\\n./a.go:1:2: undefined: x\\n./b.go:2: more\\n", "./a.go:1:2: undefined: x", id="compiler"),
        pytest.param(
            "go: downloading x v1\\nmain.go:5:2: no required module provides x; to add it:\\n\\tgo get x\\n",
            "main.go:5:2: no required module provides x; to add it: go get x",
            id="indented",
        ),
        pytest.param("", "go install exited with 3", id="silent"),
    ],
)
def test_an_error_is_one_line(stderr: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    compiler = program(tmp_path / "bin", f"printf '{stderr}' >&2; exit 3")
    monkeypatch.setenv("PATH", f"{compiler.parent}:/usr/bin:/bin")
    (tmp_path / "go.mod").touch()

    with pytest.raises(ProjectError) as caught:
        go_build.build(tmp_path, go_build.Settings(), tmp_path, lambda _: None)

    assert str(caught.value) == f"{tmp_path}: {message}"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param("", "-trimpath -buildvcs=false -ldflags=-w", id="without what a debugger reads"),
        pytest.param("-ldflags=-X=v=2", "-ldflags=-X=v=2 -trimpath -buildvcs=false", id="the author's own"),
    ],
)
def test_links_without_debug_information(flags: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    compiler = program(tmp_path / "bin", 'echo "$GOFLAGS" > "$GOBIN/words"')
    monkeypatch.setenv("PATH", f"{compiler.parent}:/usr/bin:/bin")
    (tmp_path / "go.mod").touch()
    out = tmp_path / "out"
    out.mkdir()

    go_build.build(tmp_path, go_build.Settings(environment={"GOFLAGS": flags}), out, lambda _: None)

    assert (out / "words").read_text().strip() == expected


def test_generates_first_and_keeps_programs_that_it_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = tmp_path / "log"
    compiler = program(tmp_path / "bin", f'echo "$1 $2 $GOBIN $GOFLAGS" >> "{log}"')
    monkeypatch.setenv("PATH", f"{compiler.parent}:/usr/bin:/bin")
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    (tmp_path / "go.mod").touch()
    settings = go_build.settings({"go-generate": ["./a", "./b"]}, "rockcraft.yaml: parts.server")

    go_build.build(tmp_path, settings, tmp_path / "bin", lambda _: None)

    tail = f"{tmp_path / 'bin'} -mod=mod -trimpath -buildvcs=false -ldflags=-w"
    assert log.read_text().splitlines() == [
        f"{words} {tail}" for words in ("generate ./a", "generate ./b", "install ./...")
    ]
