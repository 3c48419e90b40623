"""The command that rewrites a charm from paas-charm, and its pure functions."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paas_common import charm as base_class
from paas_local.cli import charm_move, main, scaffold

FRAMEWORKS = frozenset({"django", "fastapi", "flask", "go"})
CHARM = '''\
#!/usr/bin/env python3
"""A charm."""

import ops
import paas_charm.flask


class MyCharm(paas_charm.flask.Charm):  # the author's comment
    """Été."""

    def _on_certificates(self, _: ops.EventBase) -> None:
        self.restart()


if __name__ == "__main__":
    ops.main(MyCharm)
'''
Run = Callable[..., Result]


def moved(text: str) -> str:
    return charm_move.python(text, FRAMEWORKS).text


def findings(text: str) -> list[str]:
    return [f"{finding.line}: {finding.text}" for finding in charm_move.python(text, FRAMEWORKS).findings]


def of_class(body: str) -> str:
    return f"import paas_charm.go\nclass MyCharm(paas_charm.go.Charm):\n{body}"


class TestPython:
    """Python files."""

    def test_imports_the_base_class_and_the_start_of_a_pass_change_and_nothing_else(self):
        assert moved(CHARM) == CHARM.replace("paas_charm.flask", "paas_flask").replace("restart", "reconcile")

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("import paas_charm.go as go", "import paas_go as go"),
            ("import ops, paas_charm.go, json", "import ops, paas_go, json"),
            ("import paas_app_charmer.flask", "import paas_flask"),
            ("from paas_charm.django import Charm", "from paas_django import Charm"),
            ("from paas_charm.django.charm import Charm as Base", "from paas_django import Charm as Base"),
            ("from paas_charm import fastapi", "import paas_fastapi as fastapi"),
            ("import os\r\nimport paas_charm.go\r\n", "import os\r\nimport paas_go\r\n"),
            ("import ops\n", "import ops\n"),
        ],
    )
    def test_each_form_of_import(self, before: str, after: str):
        assert moved(before) == after

    @pytest.mark.parametrize(
        ("text", "finding"),
        [
            (
                "from paas_charm.app import App\n",
                "1: from paas_charm.app import App: these packages have no such names",
            ),
            ("import paas_charm\n", "1: import paas_charm: import the charm class of one framework"),
            (
                of_class("    def is_ready(self):\n        return True\n"),
                "3: MyCharm.is_ready: override readiness_problems()",
            ),
            (
                of_class("    def _on_pebble_ready(self, _):\n        pass\n"),
                "3: MyCharm._on_pebble_ready: the base class does not call it: observe the event, or delete the method",
            ),
            (
                of_class("    def act(self):\n        return self._gen_environment()\n"),
                "4: self._gen_environment: context.environment has the variables; run_command() runs with them",
            ),
            (
                of_class("    def act(self):\n        self.restart(rerun_migrations=True)\n"),
                "4: self.restart: call reconcile(); to migrate again, declare the action force-migration",
            ),
            (
                of_class("    def act(self):\n        super().restart()\n"),
                "4: super().restart: override readiness_problems(), files() or after_start()",
            ),
        ],
    )
    def test_what_a_person_has_to_change(self, text: str, finding: str):
        assert findings(text) == [finding]

    def test_an_action_asks_whether_the_application_can_run(self):
        text = of_class("    def act(self, event):\n        if not self.is_ready():\n            event.fail()\n")

        assert moved(text) == text.replace("paas_charm.go", "paas_go").replace("is_ready", "workload_context")

    def test_a_method_that_the_charm_defines_itself_is_called_as_before(self):
        text = of_class("    def restart(self):\n        pass\n    def act(self):\n        self.restart()\n")

        assert moved(text) == text.replace("paas_charm.go", "paas_go")

    def test_other_classes_are_not_the_charm(self):
        text = "class Other:\n    def is_ready(self):\n        self.restart()\n        return self._base_url\n"

        assert findings(text) == []
        assert moved(text) == text

    def test_a_framework_without_package_is_refused(self):
        with pytest.raises(charm_move.UnknownFrameworkError, match="expressjs"):
            moved("import paas_charm.expressjs\n")

    def test_every_name_that_the_base_class_refuses_is_found(self):
        assert set(base_class._REPLACEMENTS) <= set(charm_move.DEFINITIONS)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("paas-charm>=1.0,<2", "paas-flask>=0.1,<0.2"),
        ("ops~=2.17\npaas_charm==1.12.3  # pinned\r\n", "ops~=2.17\npaas-flask>=0.1,<0.2  # pinned\r\n"),
        ("paas-charm>=1; python_version > '3.9'", "paas-flask>=0.1,<0.2; python_version > '3.9'"),
        ("# paas-charm\n--hash=sha256:00\npaas-charmers\n", "# paas-charm\n--hash=sha256:00\npaas-charmers\n"),
    ],
)
def test_requirements(before: str, after: str):
    assert charm_move.requirements(before, "paas-flask>=0.1,<0.2").text == after


def test_pyproject():
    before = "[project]\ndependencies = [\"ops\", 'paas-charm>=1.0', \"paas-charm>=1 ; python_version > '3.9'\"]\n"

    assert charm_move.pyproject(before, "paas-go>=0.1").text == (
        "[project]\ndependencies = [\"ops\", 'paas-go>=0.1', \"paas-go>=0.1; python_version > '3.9'\"]\n"
    )


class TestCommand:
    """The command."""

    @pytest.fixture
    def charm(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "charm"
        (folder / "src").mkdir(parents=True)
        (folder / "src/charm.py").write_text(CHARM)
        (folder / "requirements.txt").write_text("ops ~= 2.17\npaas-charm>=1.0,<2\n")
        (folder / "lib/charms").mkdir(parents=True)
        (folder / "lib/charms/ours.py").write_text("import paas_charm.flask\n")
        monkeypatch.chdir(tmp_path)
        return folder

    @pytest.fixture
    def committed(self, charm: Path) -> Path:
        for words in (
            ("init", "--quiet"),
            ("add", "."),
            ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"),
        ):
            subprocess.run(["git", *words], cwd=charm, check=True)
        return charm

    @pytest.fixture
    def run(self, home: Path) -> Run:
        def paas_local(*words: str) -> Result:
            return CliRunner().invoke(main.main, ("move-charm", *words), prog_name="paas-local")

        return paas_local

    def test_a_missing_requirement_is_a_line_for_a_person(self, run: Run, charm: Path):
        (charm / "requirements.txt").write_text("ops ~= 2.17\n")

        done = run("charm", "--dry-run")

        missing = f"add {scaffold.requirement('flask')}: no requirement of paas-charm was found to replace"
        assert done.stderr.splitlines() == [
            f"charm/requirements.txt:1: {missing}",
            "files to change: 1",
            "lines for a person: 1",
        ]

    def test_rewrites_the_charm_but_not_its_libraries(self, run: Run, committed: Path):
        done = run("charm")

        assert done.exit_code == 0
        assert done.stderr.splitlines() == [
            "changed charm/src/charm.py",
            "changed charm/requirements.txt",
            "files changed: 2",
            "lines for a person: 0",
        ]
        assert (committed / "src/charm.py").read_text() == moved(CHARM)
        assert (committed / "requirements.txt").read_text() == f"ops ~= 2.17\n{scaffold.requirement('flask')}\n"
        assert (committed / "lib/charms/ours.py").read_text() == "import paas_charm.flask\n"

    def test_a_dry_run_prints_a_diff_that_git_applies(self, run: Run, committed: Path):
        done = run("charm", "--dry-run")

        assert (committed / "src/charm.py").read_text() == CHARM
        subprocess.run(["git", "apply", "-p2"], cwd=committed, input=done.stdout, text=True, check=True)
        assert (committed / "src/charm.py").read_text() == moved(CHARM)

    def test_names_the_lines_for_a_person(self, run: Run, committed: Path):
        (committed / "src/charm.py").write_text(CHARM.replace("self.restart()", "self._container.stop()"))

        done = run("charm", "--dry-run")

        assert "charm/src/charm.py:12: self._container: use self.unit.get_container()" in done.stderr.splitlines()
        assert done.stderr.splitlines()[-2:] == ["files to change: 2", "lines for a person: 1"]

    def test_refuses_changes_that_are_not_committed(self, run: Run, committed: Path):
        (committed / "README.md").write_text("new")

        done = run("charm")

        assert done.exit_code == 1
        assert done.stderr == (
            "ERROR charm has changes that are not committed; commit, or use --force (--dry-run shows the changes)\n"
        )
        assert (committed / "src/charm.py").read_text() == CHARM
        assert run("charm", "--force").exit_code == 0
        assert (committed / "src/charm.py").read_text() == moved(CHARM)

    def test_refuses_a_folder_outside_of_git(self, run: Run, charm: Path):
        assert run("charm").stderr.startswith("ERROR charm is not in a git repository; commit, or use --force")

    def test_a_charm_of_another_framework(self, run: Run, charm: Path):
        (charm / "src/charm.py").write_text(CHARM.replace("flask", "expressjs"))

        assert run("charm", "--dry-run").stderr == (
            'ERROR charm/src/charm.py: no package for the framework "expressjs" (there are: django, fastapi, flask, '
            "go)\n"
        )

    def test_a_folder_without_such_a_charm(self, run: Run, charm: Path):
        (charm / "src/charm.py").write_text("import ops\n")

        assert run("charm", "--dry-run").stderr == (
            "ERROR a charm must have one charm class of paas_charm; found none\n"
        )

    def test_a_file_that_python_cannot_parse_is_for_a_person(self, run: Run, charm: Path):
        (charm / "src/broken.py").write_text("def\n")

        assert "charm/src/broken.py:1: Python cannot parse it: invalid syntax" in run("charm", "--dry-run").stderr
