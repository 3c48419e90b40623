import dataclasses
import re

import pytest
from model_builders import FLASK, NOW, PLAIN, POSTGRES, deployed, empty, idle, turn
from paas_local.controller import etc_hosts, published_ports
from paas_local.juju import documents, events, hook_commit, operations, pod_changes, status_document, timestamps
from paas_local.juju.model import Model, Status, with_application, with_unit

REQUEST = operations.Request(charm=FLASK, application="flask-k8s", resources={"app-image": "/r"}, config={})


def pending() -> Model:
    return operations.deploy(empty(), REQUEST, ["10.152.0.2"], NOW)


def with_status(model: Model, unit: str, current: str, message: str = "") -> Model:
    before = model.unit(unit)
    assert before is not None
    workload = Status(current=current, message=message, since=NOW)
    return with_unit(model, dataclasses.replace(before, workload=workload, charm_set_status=True))


def summary(model: Model) -> tuple[str, str, str]:
    """Return the status of the application and of its first unit's workload and agent."""
    application = status_document.document(model, NOW)["applications"]["flask-k8s"]
    unit = application["units"]["flask-k8s/0"]
    shown = (application["application-status"], unit["workload-status"], unit["juju-status"])
    application, workload, agent = [" ".join([x["current"], x.get("message", "")]).strip() for x in shown]
    return application, workload, agent


def test_an_empty_model_has_all_required_keys():
    document = status_document.document(empty(), NOW)

    assert document == {
        "model": {
            "name": "demo",
            "type": "caas",
            "controller": "local",
            "cloud": "local",
            "region": "localhost",
            "version": "3.6.11",
            "model-status": {"current": "available", "since": timestamps.status(NOW)},
            "sla": "unsupported",
        },
        "machines": {},
        "applications": {},
        "storage": {},
        "controller": {"timestamp": timestamps.controller(NOW)},
    }


def test_the_phases_of_a_deployment_have_jujus_messages():
    model = pending()
    summaries = [summary(model)]
    model = pod_changes.pod_started(model, "flask-k8s/0", NOW)
    summaries.append(summary(model))
    model = hook_commit.begin(model, "flask-k8s/0", events.Lifecycle(step="install"), NOW)
    summaries.append(summary(model))
    model = idle(pod_changes.new_pod(model, "flask-k8s/0", NOW))
    summaries.append(summary(model))

    assert summaries == [
        ("waiting installing agent", "waiting installing agent", "allocating"),
        ("waiting installing agent", "waiting agent initialising", "allocating"),
        (
            "maintenance installing charm software",
            "maintenance installing charm software",
            "executing running install hook",
        ),
        ("unknown", "unknown", "idle"),
    ]


def test_an_active_application_has_all_keys():
    model = idle(deployed(deployed(empty(), FLASK), POSTGRES))
    model = idle(operations.integrate(model, "flask-k8s", "postgresql-k8s"))
    model = with_status(model, "flask-k8s/0", "active")
    unit = model.unit("flask-k8s/0")
    assert unit is not None
    model = with_unit(model, dataclasses.replace(unit, ports=frozenset({"8000/tcp", "90/tcp"})))
    application = dataclasses.replace(model.applications["flask-k8s"], provider_id="uid", version="1.0")

    shown = status_document.document(with_application(model, application), NOW)["applications"]["flask-k8s"]

    since = timestamps.status(NOW)
    assert shown == {
        "charm": "local:flask-k8s-0",
        "base": {"name": "ubuntu", "channel": "24.04"},
        "charm-origin": "local",
        "charm-name": "flask-k8s",
        "charm-rev": 0,
        "exposed": False,
        "scale": 1,
        "provider-id": "uid",
        "address": "10.152.0.2",
        "version": "1.0",
        "application-status": {"current": "active", "since": since},
        "endpoint-bindings": {"": "alpha", "db": "alpha", "metrics": "alpha", "secret-storage": "alpha"},
        "relations": {
            "db": [{"related-application": "postgresql-k8s", "interface": "postgresql_client", "scope": "global"}],
            "secret-storage": [{"related-application": "flask-k8s", "interface": "secret-storage", "scope": "global"}],
        },
        "units": {
            "flask-k8s/0": {
                "workload-status": {"current": "active", "since": since},
                "juju-status": {"current": "idle", "since": since, "version": "3.6.11"},
                "leader": True,
                "open-ports": ["90/tcp", "8000/tcp"],
                "address": "10.152.0.2",
                "provider-id": "flask-k8s-0",
            }
        },
    }


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(events.Lifecycle(step="config-changed"), 'error hook failed: "config-changed"', id="a plain hook"),
        pytest.param(
            events.Related(
                relation=2, endpoint="db", change="changed", application="postgresql-k8s", unit="postgresql-k8s/0"
            ),
            'error hook failed: "db-relation-changed" for postgresql-k8s:database',
            id="a relation hook",
        ),
    ],
)
def test_a_failed_hook_is_an_error_of_the_unit(event: events.Event, expected: str):
    model = idle(deployed(deployed(empty(), FLASK), POSTGRES))
    model = with_status(idle(operations.integrate(model, "flask-k8s", "postgresql-k8s")), "flask-k8s/0", "active")

    failed = hook_commit.fail(model, "flask-k8s/0", event, NOW)
    application = dataclasses.replace(failed.applications["flask-k8s"], status=Status(current="active"))
    spoken = with_application(failed, application)

    assert summary(failed) == (expected, expected, "idle")
    assert summary(spoken) == ("active", expected, "idle")
    assert summary(hook_commit.begin(failed, "flask-k8s/0", event, NOW))[1] == "active"


def test_a_running_action_does_not_hide_an_error():
    failed = hook_commit.fail(idle(pending()), "flask-k8s/0", events.Lifecycle(step="start"), NOW)
    unit = failed.unit("flask-k8s/0")
    assert unit is not None

    running = with_unit(failed, dataclasses.replace(unit, running=events.Run(task=2, action="rotate")))

    assert summary(running)[1] == 'error hook failed: "start"'


def test_the_worst_unit_decides_until_the_leader_sets_a_status():
    model = idle(deployed(empty(), FLASK, units=2))

    model = with_status(with_status(model, "flask-k8s/0", "active"), "flask-k8s/1", "blocked", "missing")

    assert summary(model)[0] == "blocked missing"


def test_an_application_waits_for_missing_units():
    model = with_status(idle(deployed(empty(), FLASK)), "flask-k8s/0", "active")

    more = operations.add_units(model, "flask-k8s", ["10.152.0.9"], NOW)

    assert summary(more)[0] == "waiting waiting for units to settle down"
    assert summary(with_status(more, "flask-k8s/0", "blocked", "x"))[0] == "blocked x"


def test_removed_units_and_applications_are_dying():
    model = with_status(idle(deployed(empty(), FLASK)), "flask-k8s/0", "active")
    model, _ = turn(operations.remove_applications(model, ["flask-k8s"]), "flask-k8s/0")

    model = hook_commit.begin(model, "flask-k8s/0", events.Lifecycle(step="remove"), NOW)

    application = status_document.document(model, NOW)["applications"]["flask-k8s"]
    assert application["life"] == "dying"
    assert "scale" not in application
    assert application["units"]["flask-k8s/0"]["juju-status"]["life"] == "dying"
    assert summary(model)[1] == "maintenance cleaning up prior to charm deletion"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(
            events.Related(relation=2, endpoint="db", change="joined", application="b", unit="b/0"),
            "running db-relation-joined hook for b/0",
            id="relation",
        ),
        pytest.param(
            events.Related(relation=2, endpoint="db", change="created", application="b"),
            "running db-relation-created hook",
            id="relation without a unit",
        ),
        pytest.param(events.Run(task=4, action="rotate"), "running action rotate", id="action"),
        pytest.param(
            events.SecretStep(secret="s1", becomes="changed", revision=2),
            "running secret-changed hook for secret:s1",
            id="secret changed",
        ),
        pytest.param(
            events.SecretStep(secret="s1", becomes="remove", revision=2),
            "running secret-remove hook for secret:s1/2",
            id="secret removed",
        ),
        pytest.param(
            events.Check(container="app", check="up", outcome="failed"),
            "running app-pebble-check-failed hook",
            id="check",
        ),
    ],
)
def test_the_agents_message_names_the_running_hook(event: events.Event, expected: str):
    assert events.agent_message(event) == expected


def test_update_status_leaves_the_agent_idle():
    model = idle(deployed(empty(), FLASK))

    model = hook_commit.begin(model, "flask-k8s/0", events.Lifecycle(step="update-status"), NOW)

    assert summary(model)[2] == "idle"


def test_a_unit_whose_hook_waits_for_others_is_not_idle():
    model = idle(deployed(empty(), FLASK))
    event = events.Lifecycle(step="config-changed")

    model = hook_commit.wait(model, "flask-k8s/0", event, NOW)
    assert summary(model)[2] == "executing running config-changed hook"
    assert hook_commit.wait(model, "flask-k8s/0", event, NOW + 1) == model

    assert summary(hook_commit.rest(model, "flask-k8s/0", NOW))[2] == "idle"


def test_a_unit_that_runs_a_hook_does_not_rest():
    model = hook_commit.begin(idle(deployed(empty(), FLASK)), "flask-k8s/0", events.Lifecycle(step="stop"), NOW)

    assert hook_commit.rest(model, "flask-k8s/0", NOW) == model
    assert hook_commit.rest(model, "gone/0", NOW) == model


def test_a_unit_that_waits_for_its_first_hook_stays_allocating():
    model = deployed(empty(), FLASK)

    assert hook_commit.wait(model, "flask-k8s/0", events.Lifecycle(step="install"), NOW) == model
    assert hook_commit.wait(model, "gone/0", events.Lifecycle(step="install"), NOW) == model


def test_times_have_jujus_formats():
    assert re.fullmatch(r"\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", timestamps.status(NOW))
    assert timestamps.secret(0) == "1970-01-01T00:00:00Z"
    assert timestamps.action(0) == "1970-01-01 00:00:00 +0000 UTC"


def test_the_hosts_file_has_all_names_of_a_model():
    text = etc_hosts.text(idle(deployed(empty(), FLASK, units=2)))

    assert "10.152.0.3 flask-k8s-1.flask-k8s-endpoints.demo.svc.cluster.local flask-k8s-1\n" in text
    service = next(line for line in text.splitlines() if " flask-k8s " in line).split()
    assert service[0] == "10.152.0.2"
    assert {
        "flask-k8s.demo",
        "flask-k8s.demo.svc.cluster.local",
        "flask-k8s.demo.localhost",
        "flask-k8s-endpoints.demo.svc.cluster.local",
        "flask-k8s-primary.demo.svc.cluster.local",
        "flask-k8s-replicas.demo.svc.cluster.local",
    } <= set(service)


def test_open_tcp_ports_are_published_with_the_units_that_open_them():
    model = idle(deployed(empty(), FLASK, units=2))
    for name, ports in (("flask-k8s/0", {"8000/tcp", "53/udp", "1-9/tcp", "icmp"}), ("flask-k8s/1", {"8000/tcp"})):
        unit = model.unit(name)
        assert unit is not None
        model = with_unit(model, dataclasses.replace(unit, ports=frozenset(ports)))

    ((port, addresses),) = published_ports.ports_to_publish(model).items()

    assert (port.number, addresses) == (8000, ("10.152.0.2", "10.152.0.3"))
    assert port.url(8001) == "http://127.0.0.1:8001"
    assert dataclasses.replace(port, number=5432).url(5433) == "postgresql://127.0.0.1:5433"


@pytest.mark.parametrize(("charm", "scheme"), [("traefik-k8s", "https"), ("plain", "http")])
def test_only_the_ingress_speaks_https(charm: str, scheme: str):
    model = deployed(empty(), dataclasses.replace(PLAIN, name=charm), "web")
    unit = model.unit("web/0")
    assert unit is not None
    model = with_unit(model, dataclasses.replace(unit, ports=frozenset({"32000/tcp"})))

    (port,) = published_ports.ports_to_publish(model)

    assert port.url(32001) == f"{scheme}://127.0.0.1:32001"


def test_show_unit_includes_databags():
    model = idle(deployed(deployed(empty(), FLASK), POSTGRES))
    model = idle(operations.integrate(model, "flask-k8s", "postgresql-k8s"))
    unit = model.unit("flask-k8s/0")
    assert unit is not None

    shown = documents.unit_document(model, unit)["flask-k8s/0"]

    assert shown["leader"] is True
    assert shown["charm"] == "local:flask-k8s-0"
    relation = shown["relation-info"][1]
    assert (relation["relation-id"], relation["endpoint"], relation["related-endpoint"]) == (2, "db", "database")
    assert relation["related-units"]["postgresql-k8s/0"]["data"]["private-address"] == "10.152.0.3"


def test_each_relation_is_a_row():
    model = operations.integrate(deployed(deployed(empty(), FLASK), POSTGRES), "flask-k8s", "postgresql-k8s")

    rows = list(documents.integrations(model))

    assert rows[2] == {
        "provider": "postgresql-k8s:database",
        "requirer": "flask-k8s:db",
        "interface": "postgresql_client",
        "type": "regular",
        "message": "",
    }
    assert rows[0]["type"] == "peer"


def test_model_config_shows_sources():
    shown = documents.model_config(operations.configure_model(empty(), {"update-status-hook-interval": "1m"}))

    assert shown["update-status-hook-interval"] == {"Value": "1m", "Source": "model"}
    assert shown["automatically-retry-hooks"]["Source"] == "default"
    assert shown["agent-version"]["Value"] == "3.6.11"


def test_storage_shows_its_mount_point():
    shown = status_document.document(idle(deployed(empty(), POSTGRES)), NOW)["storage"]["storage"]["pgdata/0"]

    assert shown["status"]["current"] == "attached"
    assert shown["attachments"]["units"]["postgresql-k8s/0"]["location"] == "/var/lib/juju/storage/pgdata/0"
