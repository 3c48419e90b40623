"""The options of the command line, with defaults from the environment."""

from pathlib import Path

import pytest
from paas_local.pebble import __main__ as program
from paas_local.pebble.daemon import CannotRunError


def test_options_override_the_environment():
    options = program.read(["run", "--socket", "/s", "--layers", "/l", "--hold"], {"PEBBLE": "/p"})

    assert (options.socket, options.layers, options.hold) == (Path("/s"), Path("/l"), True)


def test_the_environment_sets_the_folder_and_the_socket():
    options = program.read(["run"], {"PEBBLE": "/p", "PEBBLE_SOCKET": "/run/s"})

    assert (options.socket, options.layers, options.hold) == (Path("/run/s"), Path("/p/layers"), False)
    assert program.read(["run"], {"PEBBLE": "/p"}).socket == Path("/p/.pebble.socket")


def test_arguments_of_services_are_separated():
    words = ["run", "--args", "a", "--hold", "x", ";", "--hold", "--args", "b", "y"]

    options = program.read(words, {})

    assert options.hold
    assert options.arguments == {"a": ("--hold", "x"), "b": ("y",)}


def test_arguments_need_the_name_of_a_service():
    with pytest.raises(CannotRunError, match="--args needs the name of a service"):
        program.read(["run", "--args"], {})


def test_create_dirs_creates_the_folder(tmp_path: Path):
    program.read(["run", "--create-dirs"], {"PEBBLE": str(tmp_path / "a")})

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("exists", [False, True])
def test_an_empty_folder_begins_as_a_copy(tmp_path: Path, exists: bool):
    image, folder = tmp_path / "image", tmp_path / "pebble"
    (image / "layers").mkdir(parents=True)
    (image / "layers/001-app.yaml").write_text("services: {}")
    if exists:
        folder.mkdir()

    options = program.read(["run"], {"PEBBLE": str(folder), "PEBBLE_COPY_ONCE": str(image)})

    assert (options.layers / "001-app.yaml").read_text() == "services: {}"


@pytest.mark.parametrize("source", ["", "nowhere", "image"])
def test_a_folder_that_is_used_stays(tmp_path: Path, source: str):
    (tmp_path / "image/layers").mkdir(parents=True)
    used = tmp_path / "pebble/.pebble.state"
    used.parent.mkdir()
    used.write_text("{}")

    program.read(["run"], {"PEBBLE": str(used.parent), "PEBBLE_COPY_ONCE": source and str(tmp_path / source)})

    assert [*used.parent.iterdir()] == [used]


def test_a_folder_that_cannot_be_copied_is_named(tmp_path: Path):
    (tmp_path / "image/layers").mkdir(parents=True)
    (tmp_path / "image/layers/001-app.yaml").symlink_to("missing")

    with pytest.raises(CannotRunError, match=r'cannot copy ".*/image" to ".*/pebble"'):
        program.read(["run"], {"PEBBLE": str(tmp_path / "pebble"), "PEBBLE_COPY_ONCE": str(tmp_path / "image")})
