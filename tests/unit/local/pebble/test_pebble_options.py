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
