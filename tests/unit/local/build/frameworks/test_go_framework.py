"""Images of Go applications."""

from pathlib import Path
from typing import Any

import pytest
from paas_local.build import rocks
from rock_projects import build_error, inside, layer, listed, quietly, write, write_rockcraft

GO = """\
#!/bin/sh
echo "CGO_ENABLED=$CGO_ENABLED $*" >> "{log}"
if grep -q broken main.go; then
  printf '# my-notes\\n./main.go:3:1: syntax error: unexpected broken\\n./main.go:9:1: more\\n' >&2
  exit 1
fi
cp main.go "$GOBIN/$(sed -n 's/^module .*\\(my-notes\\|other\\)$/\\1/p' go.mod)"
cp main.go "$GOBIN/tool"
"""


@pytest.fixture
def go(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a Go project; the compiler only copies."""
    program = write(tmp_path / "bin", "go", GO.format(log=tmp_path / "go.log"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    write_rockcraft(source, "go")
    write(source, "go.mod", "module example.com/my-notes\n")
    write(source, "main.go", "package main\n")
    return source


def test_the_layer_equals_rockcrafts(go: Path):
    assert layer(rocks.build(go, quietly))["services"] == {
        "go": {
            "override": "replace",
            "startup": "enabled",
            "command": "my-notes",
            "working-dir": "/app",
            "user": "_daemon_",
        }
    }


def test_contains_the_program_and_the_files(go: Path):
    for name in ("migrate.sh", "static/a.css", "templates/a.html", "migrate.py", "main_test.go"):
        write(go, name)

    rock = rocks.build(go, quietly)

    # A copy, so that it can be replaced while the container runs.
    assert {mount.target: mount.mode for mount in rock.mounts}["/usr/local/bin/my-notes"] == "copy"
    assert inside(rock, "/usr/local/bin/my-notes").stat().st_mode & 0o777 == 0o755
    assert listed(rock, "/app") == ["migrate.sh", "static/a.css", "templates/a.html"]
    assert "/app" in rock.folders
    assert rock.python is None


def test_an_author_can_list_the_files(go: Path):
    for name in ("migrate.sh", "conf/a.toml"):
        write(go, name)
    write_rockcraft(go, "go", parts={"go-framework/assets": {"stage": ["app/conf"]}})

    assert listed(rocks.build(go, quietly), "/app") == ["conf/a.toml"]


def test_an_author_can_move_a_program(go: Path, tmp_path: Path):
    part = {
        "organize": {"bin/tool": "usr/local/bin/my-notes"},
        "build-environment": [{"CGO_ENABLED": 1}],
        "go-buildtags": ["a", "b"],
    }
    write_rockcraft(go, "go", parts={"go-framework/install-app": part})

    rock = rocks.build(go, quietly)

    assert inside(rock, "/usr/local/bin/my-notes").exists()
    assert (tmp_path / "go.log").read_text() == "CGO_ENABLED=1 install -tags=a,b ./...\n"


def test_go_is_compiled_without_c(go: Path, tmp_path: Path):
    rocks.build(go, quietly)

    assert (tmp_path / "go.log").read_text() == "CGO_ENABLED=0 install ./...\n"


def test_the_same_program_makes_the_same_image(go: Path):
    first = rocks.build(go, quietly)
    second = rocks.build(go, quietly)
    write(go, "main.go", "package main // changed\n")

    assert second == first
    assert rocks.build(go, quietly).folder != first.folder


def test_a_program_with_another_name_is_an_error(go: Path):
    write(go, "go.mod", "module example.com/other\n")

    assert build_error(go) == (
        "SOURCE: `go install` makes other, tool, but not my-notes; rename the module in go.mod,"
        " or set parts.go-framework/install-app.organize in rockcraft.yaml"
    )


def test_a_custom_command_needs_no_program_with_the_images_name(go: Path):
    write(go, "go.mod", "module example.com/other\n")
    write_rockcraft(go, "go", services={"go": {"command": "sleep 1"}})

    rock = rocks.build(go, quietly)

    assert layer(rock)["services"]["go"]["command"] == "sleep 1"
    assert rock.mounts == ()


@pytest.mark.parametrize(
    ("part", "message"),
    [
        pytest.param({"go-framework/assets": {"stage": ["conf"]}}, "conf must begin with app/", id="files"),
        pytest.param(
            {"go-framework/install-app": {"build-environment": {"A": 1}}},
            "parts.go-framework/install-app.build-environment: must be a list of mappings",
            id="variables",
        ),
        pytest.param(
            {"go-framework/install-app": {"organize": {"bin/x": "usr/bin/x"}}}, "`go install` makes", id="program"
        ),
    ],
)
def test_an_error_in_a_part_names_the_key(part: dict[str, Any], message: str, go: Path):
    write_rockcraft(go, "go", parts=part)

    assert message in build_error(go)


def test_an_error_of_the_compiler_is_its_first_one(go: Path):
    write(go, "main.go", "broken")

    assert build_error(go) == "SOURCE: ./main.go:3:1: syntax error: unexpected broken"


def test_a_missing_go_mod_is_an_error(go: Path):
    (go / "go.mod").unlink()

    assert build_error(go) == "SOURCE: has no go.mod; make one with `go mod init`"
