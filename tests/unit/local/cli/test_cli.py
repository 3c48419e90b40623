"""The command line: Juju's flags and messages, the requests, and the exit statuses."""

import base64
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import Result
from fake_daemon import FakeDaemon
from paas_local.cli import main

Run = Callable[..., Result]

STATUS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "fixtures" / "status.json").read_text())
TASK: dict[str, Any] = {
    "id": "4",
    "unit": "web/0",
    "status": "completed",
    "log": ["2026-11-23 05:20:01 +0000 UTC starting"],
    "results": {"return-code": 0, "status": "success"},
}


def packed(folder: Path, **metadata: Any) -> Path:
    """Write a packed charm, and return its file."""
    file = folder / "web.charm"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", yaml.safe_dump({"name": "web", **metadata}))
        archive.writestr("dispatch", "#!/bin/sh\n")
    return file


def deployed(name: str) -> Any:
    """Return the status documents before and after an application is deployed."""
    application = {"charm-rev": 3, "base": {"name": "ubuntu", "channel": "24.04"}}
    return iter([STATUS["empty"], {**STATUS["empty"], "applications": {name: application}}])


def config_of(**settings: dict[str, Any]) -> dict[str, Any]:
    trust = {"trust": {"value": False, "source": "default", "type": "bool"}}
    return {"application": "web", "charm": "web", "application-config": trust, "settings": settings}


def test_add_model_switches_to_the_new_model(run: Run, daemon: FakeDaemon):
    daemon.results["add-model"] = {"options": []}

    result = run("add-model", "other")

    assert result.exit_code == 0
    assert "Added 'other' model on local/localhost with credential 'local' for user 'admin'" in result.stderr
    assert (daemon.home / "current-model").read_text() == "other\n"
    assert daemon.bodies("add-model") == [{"model": "other", "values": {}}]


def test_add_model_as_jubilant_calls_it_keeps_the_current_model(run: Run, daemon: FakeDaemon):
    daemon.results["add-model"] = {"options": ["logging-config"]}

    result = run("add-model", "--no-switch", "jubilant-1", "local", "--config", "logging-config=<root>=INFO")

    assert result.exit_code == 0
    assert (daemon.home / "current-model").read_text() == "demo\n"
    assert daemon.bodies("add-model")[-1]["values"] == {"logging-config": "<root>=INFO"}
    assert "WARNING" not in result.stderr


def test_switch_prints_the_old_and_the_new_model(run: Run, daemon: FakeDaemon):
    daemon.results["models"] = {"models": ["demo", "other"]}

    shown, switched, unknown = run("switch"), run("switch", "local:admin/other"), run("switch", "none")

    assert shown.stdout == "local:admin/demo\n"
    assert switched.stdout == "local:admin/demo -> local:admin/other\n"
    assert unknown.stderr == "ERROR model local:admin/none not found\n"
    assert unknown.exit_code == 1


def test_models_marks_the_current_model(run: Run, daemon: FakeDaemon):
    entries = iter([{"demo": {"short-name": "demo"}}, {"other": {"short-name": "other"}}])
    daemon.results |= {"models": {"models": ["other", "demo"]}, "show-model": entries}

    table, document = run("models"), run("models", "--format", "json")

    assert table.stdout == "Model\ndemo*\nother\n"
    assert json.loads(document.stdout)["current-model"] == "demo"


def test_a_missing_model_names_add_model(run: Run, daemon: FakeDaemon):
    (daemon.home / "current-model").unlink()
    models: list[list[str]] = [[], ["demo", "other"]]
    daemon.results["models"] = iter({"models": names} for names in models)

    without, with_models = run("status"), run("status")

    assert without.stderr == "ERROR no model is selected; add one with: paas-local add-model NAME\n"
    assert with_models.stderr == "ERROR no model is selected; select demo or other with: paas-local switch NAME\n"
    assert without.exit_code == with_models.exit_code == 1


@pytest.mark.parametrize(
    ("words", "variable", "model"),
    [
        pytest.param((), None, "demo", id="current"),
        pytest.param((), "admin/other", "other", id="JUJU_MODEL"),
        pytest.param(("-m", "third"), "other", "third", id="-m"),
        pytest.param(("--model=local:admin/third",), None, "third", id="with controller and owner"),
    ],
)
def test_the_flag_comes_before_the_variable_and_the_current_model(
    run: Run,
    daemon: FakeDaemon,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variable: str | None,
    model: str,
):
    daemon.results["status"] = STATUS["empty"]
    if variable:
        monkeypatch.setenv("JUJU_MODEL", variable)

    run("status", *words)

    assert daemon.bodies("status") == [{"model": model}]


def test_destroy_model_must_be_confirmed(run: Run, daemon: FakeDaemon):
    daemon.results |= {"models": {"models": ["demo"]}, "destroy-model": {}}

    unconfirmed = run("destroy-model", "demo")
    destroyed = run("destroy-model", "demo", "--no-prompt", "--destroy-storage", "--force", "--timeout", "60s")

    assert unconfirmed.exit_code == 1
    assert "add --no-prompt" in unconfirmed.stderr
    assert destroyed.exit_code == 0
    assert destroyed.stderr.splitlines()[:2] == [
        "WARNING --timeout has no meaning on one machine and is ignored",
        "Destroying model",
    ]
    assert destroyed.stderr.splitlines()[-1] == "Model destroyed."
    assert daemon.bodies("destroy-model") == [{"model": "demo", "force": True}]
    assert (daemon.home / "current-model").read_text().strip() == ""


def test_status_as_json_is_one_line_with_sorted_keys(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = STATUS["active_with_relations"]

    result = run("status", "--format", "json")

    assert result.stdout == json.dumps(STATUS["active_with_relations"], sort_keys=True, separators=(",", ":")) + "\n"


def test_status_prints_tables_with_the_urls(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = STATUS["active_with_relations"]
    daemon.added["status"] = {"published": {"flask-k8s": {"8000/tcp": "http://127.0.0.1:8000"}}}

    result = run("status", "flask-k8s")

    assert "flask-k8s/0*  active    idle   10.1.30.30  8000/tcp" in result.stdout
    assert result.stdout.endswith("Published  Port      URL\nflask-k8s  8000/tcp  http://127.0.0.1:8000\n")
    assert "postgresql" not in result.stdout


def test_status_of_an_empty_model_prints_a_remark_on_stderr(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = STATUS["empty"]

    result = run("status")

    assert result.stdout.startswith("Model  Controller")
    assert result.stderr == 'Model "admin/demo" is empty.\n'


def test_url_prints_the_urls_of_an_application(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = STATUS["active_with_relations"]
    daemon.added["status"] = {"published": {"flask-k8s": {"8000/tcp": "http://127.0.0.1:8000"}}}

    reachable, closed, unknown = run("url", "flask-k8s"), run("url", "postgresql-k8s"), run("url", "x")

    assert reachable.stdout == "http://127.0.0.1:8000\n"
    assert closed.stderr.startswith('ERROR application "postgresql-k8s" has no open port yet')
    assert unknown.stderr == 'ERROR application "x" not found\n'


def test_each_of_several_urls_has_its_application_and_its_port(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = {"applications": {"smtp": {}, "web": {}}}
    mail = {"1025/tcp": "smtp://127.0.0.1:1025", "8025/tcp": "http://127.0.0.1:8025"}
    daemon.added["status"] = {"published": {"web": {"8000/tcp": "http://127.0.0.1:8000"}, "smtp": mail}}

    every, of_mail = run("url"), run("url", "smtp")

    assert every.stdout == (
        "smtp  1025/tcp  smtp://127.0.0.1:1025\n"
        "smtp  8025/tcp  http://127.0.0.1:8025\n"
        "web   8000/tcp  http://127.0.0.1:8000\n"
    )
    assert of_mail.stdout == "".join(every.stdout.splitlines(keepends=True)[:2])


def test_url_prints_why_an_application_with_a_port_is_unreachable(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = STATUS["active_with_relations"]
    reason = "no port of 127.0.0.1 is free for 8000, up to 8099"
    daemon.added["status"] = {"published": {}, "unreachable": {"flask-k8s": reason}}

    assert run("url", "flask-k8s").stderr == f"ERROR {reason}\n"


def test_deploy_sends_the_packed_charm_and_the_options(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results |= {"status": deployed("site"), "deploy": {}}
    packed(tmp_path)
    (tmp_path / "options.yaml").write_text("site:\n  debug: true\n  greeting: from the file\n")

    result = run(
        "deploy", "./web.charm", "site", "--config", "options.yaml", "--config", "greeting=hi", "--trust",
        "--num-units", "2", "--channel", "edge", "--base", "ubuntu@24.04",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    (body,) = daemon.bodies("deploy")
    assert (Path(body.pop("charm")) / "metadata.yaml").is_file()
    assert body == {
        "model": "demo",
        "application": "site",
        "resources": {},
        "config": {"debug": "true", "greeting": "hi"},
        "storage": {},
        "units": 2,
        "trust": True,
    }


def test_the_default_name_of_an_application_is_its_charms(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results |= {"status": deployed("web"), "deploy": {}}

    result = run("deploy", str(packed(tmp_path)), "--trust=false", "--model", "demo")

    assert 'Located local charm "web", revision 3\n' in result.stderr
    assert 'Deploying "web" from local charm "web", revision 3 on ubuntu@24.04/stable\n' in result.stderr
    assert daemon.bodies("deploy")[0]["application"] == "web"
    assert daemon.bodies("deploy")[0]["trust"] is False


@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param(("./none",), 'no charm was found at "./none"', id="no such folder"),
        pytest.param(("oracle-k8s",), 'no charm "oracle-k8s"; the built-in charms are:', id="not built in"),
        pytest.param(
            ("./web.charm", "taken"),
            'cannot add application "taken": application already exists;'
            " to change it: paas-local refresh taken --path ./charm --resource NAME=PATH\n",
            id="name taken",
        ),
        pytest.param(
            ("./image.charm",),
            "local charm missing OCI images for: app-image; add --resource app-image=FOLDER",
            id="no image",
        ),
        pytest.param(
            ("./image.charm", "--resource", "app-imge=."),
            'unrecognized resource "app-imge"; the charm has: app-image',
            id="wrong resource",
        ),
        pytest.param(
            ("./image.charm", "--resource", "app-image=./nowhere"),
            'there is no "nowhere" for the resource app-image: an image needs the application\'s folder',
            id="no such application",
        ),
        pytest.param(("./web.charm", "--config", "none.yaml"), "none.yaml: No such file", id="no such options"),
    ],
)
def test_deploy_reports_errors_before_it_sends_a_request(
    run: Run, daemon: FakeDaemon, tmp_path: Path, words: tuple[str, ...], error: str
):
    daemon.results["status"] = {**STATUS["empty"], "applications": {"taken": {}}}
    image = packed(tmp_path, resources={"app-image": {"type": "oci-image"}})
    image.rename(tmp_path / "image.charm")
    packed(tmp_path)

    result = run("deploy", *words)

    assert result.exit_code == 1
    assert f"ERROR {error}" in result.stderr or error in result.stderr
    assert not daemon.bodies("deploy")


def test_flags_about_machines_are_ignored_with_a_warning(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results |= {"status": deployed("web"), "deploy": {}}

    result = run("deploy", str(packed(tmp_path)), "--to", "zone=a")

    assert result.exit_code == 0
    assert "WARNING --to has no meaning on one machine and is ignored" in result.stderr


@pytest.mark.parametrize("command", ["integrate", "relate"])
def test_integrate_sends_two_endpoints(run: Run, daemon: FakeDaemon, command: str):
    daemon.results["integrate"] = {}

    result = run(command, "web:db", "postgresql-k8s", "--model", "demo")

    assert (result.exit_code, result.output) == (0, "")
    assert daemon.bodies("integrate") == [{"model": "demo", "endpoints": ["web:db", "postgresql-k8s"]}]


@pytest.mark.parametrize("command", ["integrate", "remove-relation"])
def test_a_relation_must_have_two_ends(run: Run, command: str):
    result = run(command, "web")

    assert result.stderr == "ERROR an integration must involve two applications\n"
    assert result.exit_code == 2


def test_config_shows_all_options_or_one(run: Run, daemon: FakeDaemon):
    daemon.results["config-get"] = config_of(debug={"value": True}, unset={"source": "unset"})

    everything, one, none = run("config", "web"), run("config", "web", "debug"), run("config", "web", "unset")
    unknown = run("config", "web", "nope")
    document = run("config", "--format", "json", "web")

    assert yaml.safe_load(everything.stdout)["settings"]["debug"]["value"] is True
    assert (one.stdout, none.stdout) == ("true\n", "\n")
    assert unknown.stderr == 'ERROR key "nope" not found in "web" application config or charm settings.\n'
    assert json.loads(document.stdout)["charm"] == "web"


def test_config_sets_and_resets_at_once(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results |= {"config-get": config_of(), "config-set": {}}
    (tmp_path / "text").write_text("from a file")

    result = run("config", "web", "a=b=c", "empty=", "long=@text", "--reset", "x,y")

    assert (result.exit_code, result.output) == (0, "")
    assert daemon.bodies("config-set") == [
        {
            "model": "demo",
            "application": "web",
            "values": {"a": "b=c", "empty": "", "long": "from a file"},
            "reset": ["x", "y"],
        }
    ]


def test_run_prints_the_results_of_the_action(run: Run, daemon: FakeDaemon):
    daemon.results["run"] = {"web/0": TASK}

    plain = run("run", "web/leader", "rotate", "a.b=1", "text=yes", "name=x")
    document = run("run", "--format", "json", "web/0", "rotate", "--wait", "1m30s", "--string-args", "n=1")

    assert plain.stdout == "status: success\n"
    assert "Running operation 3 with 1 task\n  - task 4 on unit-web-0\n\nWaiting for task 4..." in plain.stderr
    assert "05:20:01 +0000 UTC starting" in plain.stderr
    assert json.loads(document.stdout)["web/0"]["results"]["status"] == "success"
    first, second = daemon.bodies("run")
    assert (first["unit"], first["params"]) == ("web/leader", {"a": {"b": 1}, "text": True, "name": "x"})
    assert (first["wait"], second["wait"], second["params"]) == (60.0, 90.0, {"n": "1"})


def test_a_crashed_action_exits_with_1_and_the_message_that_clients_parse(run: Run, daemon: FakeDaemon):
    crashed = {**TASK, "status": "failed", "message": "exit status 1", "results": {"return-code": 1}}
    daemon.results["run"] = {"web/0": crashed}

    result = run("run", "--format", "json", "web/0", "rotate")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["web/0"]["status"] == "failed"
    assert result.stderr.endswith(
        'ERROR the following task failed:\n - id "4" with return code 1\n\nsee: paas-local debug-log --limit 20\n'
    )


def test_an_action_that_calls_action_fail_exits_with_0(run: Run, daemon: FakeDaemon):
    daemon.results["run"] = {"web/0": {**TASK, "status": "failed", "message": "only the leader can"}}

    result = run("run", "web/0", "rotate")

    assert result.exit_code == 0
    assert result.stdout.startswith("Action id 4 failed: only the leader can\n")


def test_a_value_that_is_not_utf_8_is_named_by_its_key(run: Run, daemon: FakeDaemon):
    result = run("config", "web", "greeting=secret\udcff")

    assert (result.exit_code, result.stderr) == (2, "ERROR greeting: not UTF-8 text\n")
    assert daemon.bodies("config-set") == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param((), "no unit specified", id="nothing"),
        pytest.param(("web/0",), "no action specified", id="no action"),
        pytest.param(("web", "rotate"), 'invalid unit or action name "web"', id="no unit number"),
        pytest.param(("web/0", "Rotate"), 'invalid unit or action name "Rotate"', id="no action name"),
        pytest.param(
            ("web/0", "rotate", "--wait", "soon"),
            'invalid value "soon" for flag --wait: expected a duration such as 30s or 1m30s',
            id="no time",
        ),
        pytest.param(("web/0", "rotate", "x"), 'expected parameters as key=value, got "x"', id="no pair"),
    ],
)
def test_run_reports_invalid_arguments(run: Run, words: tuple[str, ...], error: str):
    result = run("run", *words)

    assert (result.exit_code, result.stderr) == (2, f"ERROR {error}\n")


def test_exec_sends_the_command_unchanged(run: Run, daemon: FakeDaemon):
    daemon.results["exec"] = {"web/0": {**TASK, "results": {"return-code": 0, "stdout": "hi\n"}}}

    result = run("exec", "--unit", "web/0", "--", "echo", "--format", "hi")

    assert result.stdout == "hi\n"
    assert daemon.bodies("exec")[0]["command"] == ["echo", "--format", "hi"]


LINES = [
    {"time": 1795410764.5, "entity": "unit-web-0", "level": "INFO", "module": "a.b", "message": "one"},
    {"time": 1795410765.0, "entity": "unit-web-1", "level": "ERROR", "module": "a", "message": "two"},
]


def test_debug_log_prints_lines_as_juju_does(run: Run, daemon: FakeDaemon):
    daemon.lines["debug-log"] = LINES

    result = run("debug-log", "--limit", "1000", "--utc")

    assert result.stdout == "unit-web-0: 05:12:44 INFO a.b one\nunit-web-1: 05:12:45 ERROR a two\n"


def test_debug_log_sends_its_filter(run: Run, daemon: FakeDaemon):
    daemon.lines["debug-log"] = []

    run("debug-log", "--limit", "5", "--include", "web/1", "--exclude=unit-a-*", "--include-module=a", "--level=ERROR")
    run("debug-log")

    unfiltered: dict[str, Any] = {
        "model": "demo",
        "limit": 0,
        "follow": False,
        "include": [],
        "exclude": [],
        "modules": [],
    }
    assert daemon.bodies("debug-log") == [
        {**unfiltered, "limit": 5, "include": ["web/1"], "exclude": ["unit-a-*"], "modules": ["a"], "level": "ERROR"},
        {**unfiltered, "level": "INFO"},
    ]


def test_debug_log_shows_dates_and_milliseconds_with_flags(run: Run, daemon: FakeDaemon):
    daemon.lines["debug-log"] = LINES[:1]

    result = run("debug-log", "--date", "--ms", "--utc")

    assert result.stdout == "unit-web-0: 2026-11-23 05:12:44.500 INFO a.b one\n"


def test_logs_prints_each_line_with_its_unit_and_service(run: Run, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    daemon.lines["logs"] = [
        {"unit": "web/0", "time": "2026-11-23T05:12:44.123456789Z", "service": "flask", "message": "started\n"},
        {"unit": "web/1", "time": "2026-11-23T05:12:45Z", "service": "worker", "message": "idle"},
    ]

    result = run("logs", "web", "-n", "5")
    run("logs", "web/1", "--all", "--follow")

    assert result.stdout == "web/0: 05:12:44 [flask] started\nweb/1: 05:12:45 [worker] idle\n"
    assert daemon.bodies("logs") == [
        {"model": "demo", "names": ["web"], "lines": 5, "follow": False},
        {"model": "demo", "names": ["web/1"], "lines": -1, "follow": True},
    ]


def test_refresh_packs_and_builds_only_what_is_named(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results["refresh"] = {"changed": True, "revision": 4}

    result = run("refresh", "site", "--path", str(packed(tmp_path)), "--config", "debug=true", "--channel=edge")

    assert result.exit_code == 0, result.stderr
    assert result.stderr.endswith('Added local charm "web", revision 4, to the model\n')
    assert "WARNING --channel has no meaning on one machine and is ignored\n" in result.stderr
    body = daemon.bodies("refresh")[0]
    assert Path(body.pop("charm")).is_dir()
    assert body == {
        "model": "demo",
        "application": "site",
        "resources": {},
        "config": {"debug": "true"},
        "trust": False,
    }


def test_refresh_tells_what_it_needs_and_when_nothing_is_new(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results["refresh"] = {"changed": False, "revision": 4}
    daemon.results["show-application"] = {"site": {"charm": "site"}}

    nothing = run("refresh", "site")
    same = run("refresh", "site", "--path", str(packed(tmp_path)))

    assert nothing.exit_code == 2
    assert nothing.stderr == (
        "ERROR nothing to refresh: add --path CHARM, --resource NAME=PATH or both"
        " (paas-local refresh site --path ./charm --resource app-image=.)\n"
    )
    assert same.stderr.endswith('"site" has this charm and these resources already\n')


def test_refresh_by_itself_packs_a_built_in_charm_again(run: Run, daemon: FakeDaemon):
    daemon.results["show-application"] = {"mail": {"charm": "smtp-integrator"}}
    daemon.results["refresh"] = {"changed": True, "revision": 1}

    result = run("refresh", "mail")

    assert result.stderr.endswith('Added local charm "smtp-integrator", revision 1, to the model\n')
    folder = Path(daemon.bodies("refresh")[0]["charm"])
    assert "name: smtp-integrator" in (folder / "metadata.yaml").read_text()


def web(status: str, message: str = "") -> dict[str, Any]:
    """Return the status document of a model with one unit."""
    workload = {"current": status, "message": message}
    unit = {"workload-status": workload, "juju-status": {"current": "idle"}}
    return {**STATUS["empty"], "applications": {"web": {"application-status": workload, "units": {"web/0": unit}}}}


def test_wait_for_prints_each_status_until_the_state_is_reached(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = iter([STATUS["empty"], web("waiting", "for pebble"), web("active")])

    result = run("wait-for", "application", "web")

    assert result.exit_code == 0
    assert result.stderr == "application web does not exist\nweb is waiting: for pebble\nweb is active\n"


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        pytest.param(("unit", "web/0", "--query", 'workload-status=="blocked"'), 0, "web/0 is blocked: no", id="unit"),
        pytest.param(("application", "web", '--query=!(status=="active")'), 0, "web is blocked: no", id="not"),
        pytest.param(("model", "demo"), 0, "demo is available", id="model"),
        pytest.param(
            ("application", "web", "--timeout", "0s"),
            1,
            "web is blocked: no\nERROR web is blocked: no after 0s; see: paas-local debug-log --limit 20",
            id="timeout",
        ),
        pytest.param(
            ("unit", "web/0", "--query", 'colour=="red"'),
            2,
            """ERROR invalid query 'colour=="red"': there is no field "colour"; the fields are: agent-message,"""
            " agent-status, leader, life, name, workload-message, workload-status",
            id="unknown field",
        ),
        pytest.param(
            ("application", "web", "--query", "status=="),
            2,
            "ERROR invalid query 'status==': it is not an expression",
            id="syntax",
        ),
        pytest.param(
            ("application", "web", "--query", 'print(status=="a")'),
            2,
            """ERROR invalid query 'print(status=="a")': "print(status == 'a')" is not supported;"""
            " supported are: == != < > && || ! ( )",
            id="call",
        ),
    ],
)
def test_wait_for_evaluates_queries(run: Run, daemon: FakeDaemon, words: tuple[str, ...], code: int, error: str):
    daemon.results["status"] = web("blocked", "no")

    result = run("wait-for", *words)

    assert (result.exit_code, result.stderr) == (code, f"{error}\n")


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [("w*", True), ("*/0", True), ("web/1", False), ("db*", False)],
)
def test_status_selects_by_patterns(run: Run, daemon: FakeDaemon, pattern: str, *, shown: bool):
    daemon.results["status"] = web("active")

    result = run("status", "--format=json", pattern)

    assert ("web" in json.loads(result.stdout)["applications"]) is shown
    assert result.stderr == ("" if shown else "Nothing matched specified filter.\n")


def test_status_keeps_consumed_offers_and_filters_the_integrations(run: Run, daemon: FakeDaemon):
    saas = {"mail": {"url": "local:admin/data.mail", "application-status": {"current": "active"}}}
    peers = {"provider": "flask-k8s:peers", "requirer": "flask-k8s:peers", "interface": "peers", "type": "peer"}
    database = {"provider": "postgresql-k8s:db", "requirer": "flask-k8s:db", "interface": "sql", "type": "regular"}
    daemon.results["status"] = STATUS["active_with_relations"] | {"application-endpoints": saas}
    daemon.added["status"] = {"integrations": [peers, database]}

    flask = run("status", "flask-k8s", "--relations")
    none = run("status", "cache", "api", "--relations")

    assert [line.split()[0] for line in flask.stdout.splitlines() if line.endswith(("peer", "regular"))] == [
        "flask-k8s:peers"
    ]
    assert [line.split() for line in none.stdout.splitlines()[3:]] == [
        ["SAAS", "Status", "Store", "URL"],
        ["mail", "active", "local", "admin/data.mail"],
    ]
    assert (flask.stderr, none.stderr) == ("", "")
    daemon.results["status"] = STATUS["active_with_relations"]
    assert run("status", "cache", "api").stderr == "Nothing matched specified filters.\n"


def test_a_secrets_content_comes_from_words_and_files(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results["add-secret"] = "secret:abc"
    (tmp_path / "secret.yaml").write_text("name: ann\n")
    (tmp_path / "key").write_text("long")

    result = run(
        "add-secret", "moderator", "--file", "secret.yaml", "key#file=key",
        f"word#base64={base64.b64encode(b'pass').decode()}",
    )  # fmt: skip

    assert result.stdout == "secret:abc\n"
    assert daemon.bodies("add-secret")[0]["content"] == {"name": "ann", "key": "long", "word": "pass"}


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        pytest.param((), 2, "missing secret value or filename", id="no content"),
        pytest.param(("ab=1",), 1, 'key "ab" not valid', id="key"),
        pytest.param(("key#base64=%",), 1, 'the value of "key" must be UTF-8 text in base64', id="base64"),
    ],
)
def test_a_secret_with_invalid_content_is_not_added(run: Run, words: tuple[str, ...], code: int, error: str):
    result = run("add-secret", "moderator", *words)

    assert (result.exit_code, result.stderr) == (code, f"ERROR {error}\n")


def test_the_commands_about_secrets_send_their_arguments(run: Run, daemon: FakeDaemon):
    daemon.results |= {"grant-secret": {}, "update-secret": {}, "show-secret": {"abc": {}}, "secrets": {}}

    for words in (
        ("grant-secret", "moderator", "web,api"),
        ("update-secret", "moderator", "password=new"),
        ("show-secret", "moderator", "--format", "json", "--reveal"),
    ):
        assert run(*words).exit_code == 0
    listed = run("secrets", "--format", "json")
    conflicting = run("show-secret", "moderator", "--reveal", "--revisions")

    assert daemon.bodies("grant-secret")[0]["applications"] == ["web", "api"]
    assert daemon.bodies("update-secret") == [{"model": "demo", "secret": "moderator", "content": {"password": "new"}}]
    assert daemon.bodies("show-secret")[0]["reveal"] is True
    assert listed.stdout == "{}\n"
    assert conflicting.stderr == "ERROR specify either --revisions or --reveal but not both\n"


def test_units_are_added_and_removed_by_number(run: Run, daemon: FakeDaemon):
    daemon.results |= {"add-unit": {}, "remove-unit": {}, "resolved": {}}

    run("add-unit", "web", "-n", "2")
    run("remove-unit", "--no-prompt", "web", "--num-units", "1")
    run("resolved", "web/0", "--no-retry")
    named, numberless = run("remove-unit", "web/0"), run("remove-unit", "web")

    assert daemon.bodies("add-unit") == [{"model": "demo", "application": "web", "units": 2}]
    assert daemon.bodies("remove-unit") == [{"model": "demo", "application": "web", "units": 1}]
    assert daemon.bodies("resolved") == [{"model": "demo", "unit": "web/0", "retry": False}]
    assert named.stderr.startswith("ERROR k8s models do not support removing named units.\n")
    assert numberless.stderr.startswith("ERROR specify the number of units (> 0) to remove")


def test_remove_application_lists_its_units(run: Run, daemon: FakeDaemon):
    daemon.results |= {"status": STATUS["two_units_leader_is_1"], "remove-application": {}}

    result = run("remove-application", "--no-prompt", "flask-k8s", "--destroy-storage", "--force")
    missing = run("remove-application", "none")

    assert result.stdout.splitlines() == [
        "will remove application flask-k8s",
        "- will remove unit flask-k8s/0",
        "- will remove unit flask-k8s/1",
    ]
    assert missing.stderr == 'ERROR removing application none failed: application "none" not found\n'
    assert missing.exit_code == 1


def test_an_error_of_the_background_process_is_one_line(run: Run, daemon: FakeDaemon):
    daemon.errors["resolved"] = ('unit "web/0" is not in an error state', 1)

    result = run("resolved", "web/0")

    assert (result.exit_code, result.stderr) == (1, 'ERROR unit "web/0" is not in an error state\n')


@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param(
            ("frobnicate",),
            'paas-local: "frobnicate" is not a paas-local command. See "paas-local --help".',
            id="command",
        ),
        pytest.param(
            ("statu",),
            'paas-local: "statu" is not a paas-local command. See "paas-local --help"; did you mean "status"?',
            id="mistyped command",
        ),
        pytest.param(("status", "--foo"), "option provided but not defined: --foo", id="flag"),
        pytest.param(
            ("status", "--formt", "json"),
            'option provided but not defined: --formt; did you mean "--format"?',
            id="mistyped flag",
        ),
        pytest.param(("add-model", "a", "b", "c"), 'unrecognized args: ["c"]', id="too many"),
        pytest.param(("deploy", "a", "b", "c"), 'unrecognized args: ["c"]', id="too many for deploy"),
        pytest.param(
            ("deploy", "a", "--trust=maybe"),
            'invalid value "maybe" for flag --trust: expected true or false',
            id="switch",
        ),
        pytest.param(("deploy", "a", "Web"), 'invalid application name "Web"', id="application name"),
    ],
)
def test_invalid_usage_exits_with_2(run: Run, words: tuple[str, ...], error: str):
    result = run(*words)

    assert (result.exit_code, result.stderr) == (2, f"ERROR {error}\n")


def test_an_invalid_home_is_reported_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAAS_LOCAL_HOME", "/proc/none")

    result = run("status")

    assert (result.exit_code, result.stderr) == (
        1,
        "ERROR cannot create the folder /proc/none: No such file or directory\n",
    )


def test_version_prints_the_emulated_version_of_juju(run: Run):
    juju, document, own = run("version"), run("version", "--format", "json", "--all"), run("--version")

    assert juju.stdout == "3.6.11-genericlinux-amd64\n"
    assert json.loads(document.stdout)["version"] == "3.6.11-genericlinux-amd64"
    assert own.stdout.startswith("paas-local 0.")


def test_another_pebble_needs_a_new_background_process(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results |= {"ping": {"pebble": "embedded"}, "models": {"models": []}}
    (tmp_path / "pebble").touch(mode=0o755)

    result = run("--pebble", "pebble", "models")

    assert result.exit_code == 1
    assert result.stderr == (
        "ERROR the background process runs already, with another pebble (embedded); end it first: paas-local shutdown\n"
    )


def test_config_leaves_out_options_that_only_the_charm_on_charmhub_has(run: Run, daemon: FakeDaemon):
    document = {**config_of(memory_work_mem={"type": "int"}), "charm": "postgresql-k8s"}
    daemon.results |= {"config-get": document, "config-set": {}}

    result = run(
        "config", "db", "profile=testing", "memory_work_mem=4096", "mistyped=1", "--reset", "profile_limit_memory"
    )

    assert result.exit_code == 0
    assert result.stderr == (
        "WARNING the option profile of postgresql-k8s has no effect under paas-local\n"
        "WARNING the option profile_limit_memory of postgresql-k8s has no effect under paas-local\n"
    )
    (body,) = daemon.bodies("config-set")
    assert (body["values"], body["reset"]) == ({"memory_work_mem": "4096", "mistyped": "1"}, [])


def test_deploy_leaves_out_options_that_only_the_charm_on_charmhub_has(run: Run, daemon: FakeDaemon, tmp_path: Path):
    daemon.results |= {"status": deployed("redis-k8s"), "deploy": {}}

    result = run(
        "deploy", str(packed(tmp_path, name="redis-k8s")), "--config", "enable-tls=true", "--config", "other=1"
    )

    assert result.exit_code == 0, result.output
    assert "WARNING the option enable-tls of redis-k8s has no effect under paas-local\n" in result.stderr
    assert daemon.bodies("deploy")[0]["config"] == {"other": "1"}


@pytest.mark.parametrize(
    ("option", "closest"), [("profil", "profile"), ("plugin_vektor_enable", "plugin_vector_enable")]
)
def test_a_mistyped_option_of_the_charm_on_charmhub_is_an_error_with_the_closest_name(
    run: Run, daemon: FakeDaemon, option: str, closest: str
):
    daemon.results["config-get"] = {**config_of(memory_work_mem={"type": "int"}), "charm": "postgresql-k8s"}

    result = run("config", "db", f"{option}=1")

    assert result.stderr == f'ERROR unknown option "{option}"; did you mean "{closest}"?\n'
    assert result.exit_code == 1


def test_an_action_that_only_the_charm_on_charmhub_has_says_so(run: Run, daemon: FakeDaemon):
    daemon.results |= {"config-get": {**config_of(), "charm": "postgresql-k8s"}, "run": {}}
    daemon.added["run"] = {"unscheduled": "Operation 1 failed to schedule any tasks:\nnot defined"}

    on_charmhub, nowhere = run("run", "db/0", "create-backup"), run("run", "db/leader", "nope")

    words = (
        "WARNING the action create-backup of postgresql-k8s is only in the charm on Charmhub, not under paas-local\n"
    )
    assert words in on_charmhub.stderr
    assert "WARNING" not in nowhere.stderr


def test_an_option_that_the_deployed_charm_declares_is_set(run: Run, daemon: FakeDaemon):
    document = {**config_of(profile={"type": "string"}), "charm": "postgresql-k8s"}
    daemon.results |= {"config-get": document, "config-set": {}}

    result = run("config", "db", "profile=testing")

    assert (result.exit_code, result.output) == (0, "")
    assert daemon.bodies("config-set")[0]["values"] == {"profile": "testing"}


def test_model_config_prints_a_table_or_one_value(run: Run, daemon: FakeDaemon):
    daemon.results["model-config"] = {"name": {"Value": "demo", "Source": "model"}}

    table, value, none = run("model-config"), run("model-config", "name"), run("model-config", "x")

    assert table.stdout == "Attribute  From   Value\nname       model  demo\n"
    assert value.stdout == "demo\n"
    assert none.stderr == 'ERROR key "x" not found in "demo" model.\n'


def test_providers_lists_the_built_in_charms(run: Run):
    table, document = run("providers"), run("providers", "--format", "json")

    assert "postgresql-k8s" in table.stdout
    assert json.loads(document.stdout)["postgresql-k8s"].startswith("PostgreSQL")


def test_shutdown_does_not_start_the_background_process(run: Run, home: Path):
    result = run("shutdown")

    assert result.stderr == "Nothing is running.\n"
    assert not (home / "daemon.log").exists()


def test_each_command_has_the_name_of_its_module():
    context = click.Context(main.main)

    commands = {name: main.main.get_command(context, name) for name in main.main.list_commands(context)}

    assert {name: command.name for name, command in commands.items() if command} == {
        name: "integrate" if name == "relate" else name for name in commands
    }


def test_status_does_not_import_what_deploy_or_the_controller_needs():
    program = (
        "import sys, click; from paas_local.cli import main; main.main.get_command(click.Context(main.main), 'status');"
        "needed = {'rich', 'pydantic', 'watchfiles', 'yaml', 'pkgutil', 'paas_local.build.charms',"
        "'paas_local.juju.model'};"
        "print(*needed & {*sys.modules})"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "\n"
