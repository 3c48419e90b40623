"""The command line says where to listen; the environment fills in."""

from pathlib import Path

import pytest
from paas_local.pebble import __main__ as program
from paas_local.pebble.daemon import CannotRunError


def test_options_win_over_the_environment():
    found = program.read(["run", "--socket", "/s", "--layers", "/l", "--hold"], {"PEBBLE": "/p"})

    assert (found.socket, found.layers, found.hold) == (Path("/s"), Path("/l"), True)


def test_the_environment_names_the_folder_and_the_socket():
    found = program.read(["run"], {"PEBBLE": "/p", "PEBBLE_SOCKET": "/run/s"})

    assert (found.socket, found.layers, found.hold) == (Path("/run/s"), Path("/p/layers"), False)
    assert program.read(["run"], {"PEBBLE": "/p"}).socket == Path("/p/.pebble.socket")


def test_arguments_for_services_are_taken_out():
    words = ["run", "--args", "a", "--hold", "x", ";", "--hold", "--args", "b", "y"]

    found = program.read(words, {})

    assert found.hold
    assert found.arguments == {"a": ("--hold", "x"), "b": ("y",)}


def test_arguments_need_the_name_of_a_service():
    with pytest.raises(CannotRunError, match="--args needs the name of a service"):
        program.read(["run", "--args"], {})


def test_folders_are_made_when_asked_for(tmp_path: Path):
    program.read(["run", "--create-dirs"], {"PEBBLE": str(tmp_path / "a")})

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
