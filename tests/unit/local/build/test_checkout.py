"""The wheels of a checkout, built for the charms that require them."""

from pathlib import Path

import pytest
from paas_local.build import checkout, python_environments
from paas_local.build.errors import ProjectError
from paas_local.build.python_environments import Requirements

REQUIREMENTS = ("paas-flask>=0.1,<0.2\n",)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout with one package."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    package = tmp_path / "checkout/packages/paas-flask"
    package.mkdir(parents=True)
    (package / "pyproject.toml").touch()
    return tmp_path / "checkout"


@pytest.fixture
def uv(tmp_path: Path) -> str:
    """Return a uv that writes a wheel and records each build."""
    return program(tmp_path, 'for last; do :; done; touch "$last/paas_common-0.1.0-py3-none-any.whl"; echo >> builds')


def program(folder: Path, script: str) -> str:
    (folder / "uv").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "uv").chmod(0o755)
    return str(folder / "uv")


def builds(root: Path) -> int:
    file = root / "builds"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_builds_the_wheels_that_a_requirement_names_once(root: Path, uv: str):
    links = checkout.find_links(uv, REQUIREMENTS, root)

    assert [file.name for file in Path(links).iterdir()] == ["paas_common-0.1.0-py3-none-any.whl"]
    assert checkout.find_links(uv, REQUIREMENTS, root) == links
    assert builds(root) == 1


def test_builds_them_again_after_a_change(root: Path, uv: str):
    links = checkout.find_links(uv, REQUIREMENTS, root)
    (root / "packages/paas-flask/charm.py").touch()

    assert checkout.find_links(uv, REQUIREMENTS, root) != links
    assert builds(root) == 2


def test_adds_them_to_the_users_own_wheels(root: Path, uv: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_FIND_LINKS", "/my/wheels")

    assert checkout.find_links(uv, REQUIREMENTS, root).startswith("/my/wheels /")


@pytest.mark.parametrize("requirements", [(), ("flask\nops\n",)])
def test_builds_nothing_for_other_requirements(root: Path, uv: str, requirements: tuple[str, ...]):
    assert checkout.find_links(uv, requirements, root) == ""
    assert builds(root) == 0


def test_builds_nothing_outside_of_a_checkout(root: Path, uv: str, tmp_path: Path):
    assert checkout.find_links(uv, REQUIREMENTS, tmp_path / "site-packages") == ""


def test_builds_nothing_if_the_user_has_them(root: Path, uv: str, monkeypatch: pytest.MonkeyPatch):
    (root / "paas_common-0.1.0-py3-none-any.whl").touch()
    monkeypatch.setenv("UV_FIND_LINKS", str(root))

    assert checkout.find_links(uv, REQUIREMENTS, root) == str(root)
    assert builds(root) == 0


def test_a_failed_build_is_an_error(root: Path, tmp_path: Path):
    uv = program(tmp_path, "echo 'error: no network' >&2; exit 2")

    with pytest.raises(ProjectError, match=f"^cannot build the wheels of {root}: error: no network$"):
        checkout.find_links(uv, REQUIREMENTS, root)


def test_without_a_checkout_the_error_says_where_the_wheels_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(
        "UV", program(tmp_path, "echo 'error: paas-flask was not found in the package registry.' >&2; exit 1")
    )
    monkeypatch.setattr(checkout, "_ROOT", tmp_path / "site-packages")
    requirements = Requirements(source=tmp_path, lines=("paas-flask",))

    with pytest.raises(ProjectError) as caught:
        python_environments.resolve(requirements)

    assert str(caught.value) == (
        "paas-flask was not found in the package registry; until it is published, build the wheels in a checkout"
        " (make wheels) and export UV_FIND_LINKS=FOLDER/dist"
    )
