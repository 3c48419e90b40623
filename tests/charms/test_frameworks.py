"""Tests of the charm of every framework."""

import dataclasses
import json

import ops
import paas_common
import pytest
from flask_scenario import Scenario, environment, layer, postgresql, relation
from frameworks import DJANGO, FASTAPI, FLASK, FRAMEWORKS, GENERATIONS, GO, Case, deployed
from ops import testing


def variables_of(state: testing.State, case: Case) -> dict[str, str]:
    variables = environment(state, case.service)
    return {name: value for name, value in variables.items() if not name.startswith("POSTGRESQL")}


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize("base", GENERATIONS)
def test_becomes_active_with_both_versions_of_the_extension(framework: Scenario, case: Case) -> None:
    after = deployed(framework)

    (container,) = after.containers
    assert after.unit_status == testing.ActiveStatus()
    assert container.service_statuses[case.service] == ops.pebble.ServiceStatus.ACTIVE
    assert environment(after, case.service)["POSTGRESQL_DB_HOSTNAME"] == "pg-primary"


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize("base", GENERATIONS)
def test_an_event_without_a_change_does_nothing(framework: Scenario) -> None:
    settled = deployed(framework)
    framework.context().unit_status_history.clear()

    after = framework.run(framework.context().on.update_status(), settled)

    assert after.containers == settled.containers
    assert after.relations == settled.relations
    assert framework.context().unit_status_history == []


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(
            DJANGO,
            {
                "DJANGO_ALLOWED_HOSTS": '["flask-k8s.demo"]',
                "DJANGO_BASE_URL": "http://flask-k8s.demo:8000",
                "DJANGO_CSRF_TRUSTED_ORIGINS": '["http://flask-k8s.demo:8000"]',
                "DJANGO_DEBUG": "false",
                "DJANGO_GREETING": "Hello",
                "DJANGO_METRICS_PATH": "/metrics",
                "DJANGO_METRICS_PORT": "9102",
                "DJANGO_SECRET_KEY": "generated-key",
            },
            id="django",
        ),
        pytest.param(
            FASTAPI,
            {
                "APP_BASE_URL": "http://flask-k8s.demo:8080",
                "APP_GREETING": "Hello",
                "APP_SECRET_KEY": "generated-key",
                "METRICS_PATH": "/metrics",
                "METRICS_PORT": "8080",
                "UVICORN_HOST": "0.0.0.0",
                "UVICORN_LOG_LEVEL": "info",
                "UVICORN_PORT": "8080",
                "WEB_CONCURRENCY": "1",
            },
            id="fastapi",
        ),
        pytest.param(
            GO,
            {
                "APP_BASE_URL": "http://flask-k8s.demo:8080",
                "APP_GREETING": "Hello",
                "APP_METRICS_PATH": "/metrics",
                "APP_METRICS_PORT": "8080",
                "APP_PORT": "8080",
                "APP_SECRET_KEY": "generated-key",
                "METRICS_PATH": "/metrics",
                "METRICS_PORT": "8080",
                "PORT": "8080",
            },
            id="go",
        ),
    ],
    indirect=["case"],
)
def test_unset_options_have_their_defaults(framework: Scenario, case: Case, expected: dict[str, str]) -> None:
    assert variables_of(deployed(framework), case) == expected


@pytest.mark.parametrize(
    ("case", "option", "value", "expected"),
    [
        (DJANGO, "django-debug", True, {"DJANGO_DEBUG": "true"}),
        (
            DJANGO,
            "django-allowed-hosts",
            "a.com, b.com,,a.com,flask-k8s.demo",
            {"DJANGO_ALLOWED_HOSTS": '["a.com", "b.com", "flask-k8s.demo"]'},
        ),
        (DJANGO, "django-secret-key", "mine", {"DJANGO_SECRET_KEY": "mine"}),
        (FASTAPI, "webserver-workers", 4, {"WEB_CONCURRENCY": "4"}),
        (FASTAPI, "webserver-port", 9000, {"UVICORN_PORT": "9000", "APP_BASE_URL": "http://flask-k8s.demo:9000"}),
        (FASTAPI, "webserver-log-level", "trace", {"UVICORN_LOG_LEVEL": "trace"}),
        (FASTAPI, "metrics-port", 9100, {"METRICS_PORT": "9100"}),
        (FASTAPI, "metrics-path", "/stats", {"METRICS_PATH": "/stats"}),
        (FASTAPI, "app-secret-key", "mine", {"APP_SECRET_KEY": "mine"}),
        (GO, "app-port", 9000, {"APP_PORT": "9000", "PORT": "9000"}),
        (GO, "metrics-port", 9100, {"APP_METRICS_PORT": "9100", "METRICS_PORT": "9100"}),
        (GO, "metrics-path", "/stats", {"APP_METRICS_PATH": "/stats", "METRICS_PATH": "/stats"}),
        (GO, "app-secret-key", "mine", {"APP_SECRET_KEY": "mine"}),
    ],
    indirect=["case"],
)
def test_an_option_becomes_a_variable(
    framework: Scenario, case: Case, option: str, value: object, expected: dict[str, str]
) -> None:
    variables = variables_of(deployed(framework, config={option: value}), case)

    assert {name: variables.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("case", "option", "value"),
    [
        (DJANGO, "webserver-worker-class", "magic"),
        (DJANGO, "webserver-workers", -1),
        (DJANGO, "django-secret-key", ""),
        (FASTAPI, "webserver-workers", 0),
        (FASTAPI, "webserver-port", 70000),
        (FASTAPI, "webserver-log-level", "loud"),
        (FASTAPI, "metrics-port", 0),
        (FASTAPI, "metrics-path", ""),
        (FASTAPI, "app-secret-key", ""),
        (GO, "app-port", 70000),
        (GO, "app-port", 0),
        (GO, "metrics-port", -1),
        (GO, "metrics-path", ""),
        (GO, "app-secret-key", ""),
    ],
    indirect=["case"],
)
def test_an_invalid_option_is_named(framework: Scenario, option: str, value: object) -> None:
    after = deployed(framework, config={option: value})

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert after.unit_status.message.startswith(f"invalid options: {option} (")


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_blocks_on_an_image_without_the_service(framework: Scenario, case: Case) -> None:
    container = framework.workload(layers={"image": layer({"other": {"override": "replace", "command": "x"}})})

    after = deployed(framework, containers={container})

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert after.unit_status.message.startswith(f"the image has no service {case.service} (it has: other)")


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_every_framework_has_workers_and_schedulers(framework: Scenario, case: Case) -> None:
    for name in ("mail-worker", "tidy-scheduler"):
        framework.image[name] = {"override": "replace", "startup": "enabled", "command": name}

    after = deployed(framework)

    assert environment(after, "mail-worker") == environment(after, case.service)
    assert environment(after, "tidy-scheduler") == environment(after, case.service)


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("migrate", ["{app_dir}/migrate"]),
        ("migrate.sh", ["bash", "-eo", "pipefail", "migrate.sh"]),
        ("migrate.py", ["python3", "migrate.py"]),
        ("manage.py", ["python3", "manage.py", "migrate"]),
    ],
)
def test_the_migration_runs_in_the_application_s_folder(
    framework: Scenario, case: Case, file: str, command: list[str]
) -> None:
    app_dir = case.charm.spec.app_dir
    framework.commands |= {testing.Exec([f"{app_dir}/migrate"])}
    framework.image_file(file)

    deployed(framework)

    ran = framework.context().exec_history[framework.container][-1]
    assert ran.command == [word.format(app_dir=app_dir) for word in command]
    assert ran.working_dir == app_dir


@pytest.mark.parametrize("case", [pytest.param(FASTAPI, id="fastapi"), pytest.param(GO, id="go")], indirect=True)
@pytest.mark.parametrize("app_key", [None, "operator's"])
def test_an_author_s_secret_key_option_replaces_the_generated_key_only(
    framework: Scenario, case: Case, app_key: str | None
) -> None:
    framework.meta["config"]["options"]["secret-key"] = {"type": "string"}
    config = {"secret-key": "author's", **({"app-secret-key": app_key} if app_key else {})}

    variables = variables_of(deployed(framework, config=config), case)

    assert variables["APP_SECRET_KEY"] == (app_key or "author's")


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_the_port_in_paas_config_overrides_the_option(framework: Scenario, case: Case) -> None:
    framework.paas_config = "port: 7777\n"

    after = deployed(framework)

    (container,) = after.containers
    assert container.plan.checks["answers"].tcp == {"port": 7777}
    assert environment(after, case.service)[f"{case.charm.spec.env_prefix}BASE_URL"] == "http://flask-k8s.demo:7777"
    assert {environment(after, case.service)[name] for name in case.charm.spec.port_variables} <= {"7777"}
    assert not case.gunicorn or "7777" in framework.gunicorn


@pytest.mark.parametrize("case", [pytest.param(c, id=c.service) for c in (FLASK, DJANGO)], indirect=True)
def test_gunicorn_writes_json_lines_with_paas_config(framework: Scenario, case: Case) -> None:
    framework.paas_config = "framework_logging_format: json\n"

    deployed(framework)

    text = framework.gunicorn
    compile(text, "gunicorn.conf.py", "exec")
    assert "logger_class = JsonLogger" in text


@pytest.mark.parametrize("case", [pytest.param(FASTAPI, id="fastapi")], indirect=True)
def test_uvicorn_writes_json_lines_with_paas_config(framework: Scenario, case: Case) -> None:
    framework.paas_config = "framework_logging_format: json\n"
    framework.image[case.service]["environment"] = {"PYTHONPATH": "/of/the/image"}

    after = deployed(framework)

    variables = environment(after, case.service)
    folder = "/tmp/fastapi/log_config"
    configuration = json.loads((framework.root / "tmp/log_config/uvicorn-log-config.json").read_text())
    assert variables["UVICORN_LOG_CONFIG"] == f"{folder}/uvicorn-log-config.json"
    assert variables["PYTHONPATH"] == f"{folder}:/of/the/image"
    assert set(configuration["loggers"]) == {"uvicorn", "uvicorn.error", "uvicorn.access"}
    assert (framework.root / "tmp/log_config/uvicorn_json_lines.py").exists()


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize("text", ["port: 0\n", "a: [\n", "- a\n", b"\xff\xfe"])
def test_a_broken_paas_config_blocks(framework: Scenario, text: str | bytes) -> None:
    framework.paas_config = text

    after = deployed(framework)

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert after.unit_status.message.startswith("invalid paas-config.yaml: ")


@pytest.mark.parametrize("case", [pytest.param(GO, id="go")], indirect=True)
def test_json_lines_without_a_server_block(framework: Scenario, case: Case) -> None:
    framework.paas_config = "framework_logging_format: json\n"

    assert deployed(framework).unit_status == testing.BlockedStatus(
        "invalid paas-config.yaml: framework_logging_format (go has no server that would write such lines)"
    )


class TestDjango:
    """Tests of Django only."""

    @pytest.fixture
    def case(self) -> Case:
        return DJANGO

    def test_blocks_without_a_database(self, framework: Scenario) -> None:
        state = framework.state()
        peer = next(each for each in state.relations if each.endpoint == "secret-storage")

        after = framework.run(framework.context().on.config_changed(), dataclasses.replace(state, relations={peer}))

        assert after.unit_status == testing.BlockedStatus(
            "Django requires a database integration to work (juju integrate flask-k8s:postgresql postgresql-k8s)"
        )

    def test_stops_when_its_database_is_removed(self, framework: Scenario) -> None:
        settled = deployed(framework)

        after = framework.run(framework.context().on.relation_broken(relation(settled)), settled)

        (container,) = after.containers
        assert isinstance(after.unit_status, testing.BlockedStatus)
        assert container.service_statuses["django"] == ops.pebble.ServiceStatus.INACTIVE

    def test_waits_for_its_database(self, framework: Scenario) -> None:
        key = framework.secret()
        state = framework.state(secrets={key}, relations={framework.peer(key), postgresql()})

        after = framework.run(framework.context().on.config_changed(), state)

        assert after.unit_status == testing.WaitingStatus("waiting for postgresql-k8s to provide postgresql")

    def test_blocks_a_charm_that_declares_no_database(self, framework: Scenario) -> None:
        del framework.meta["requires"]["postgresql"]
        key = framework.secret()

        after = deployed(framework, secrets={key}, relations={framework.peer(key)})

        assert isinstance(after.unit_status, testing.BlockedStatus)
        assert "the charm declares none: add one of postgresql_client" in after.unit_status.message

    def test_create_superuser(self, framework: Scenario) -> None:
        framework.image["django"]["environment"] = {"DJANGO_SETTINGS_MODULE": "shop.production"}
        settled = deployed(framework)

        framework.run(
            framework.context().on.action("create-superuser", params={"username": "ann", "email": "ann@x.org"}), settled
        )

        ran = framework.context().exec_history[framework.container][-1]
        password = (framework.context().action_results or {})["password"]
        assert ran.command == ["python3", "manage.py", "createsuperuser", "--noinput"]
        assert ran.environment["DJANGO_SUPERUSER_USERNAME"] == "ann"
        assert ran.environment["DJANGO_SUPERUSER_EMAIL"] == "ann@x.org"
        assert ran.environment["DJANGO_SUPERUSER_PASSWORD"] == password
        assert ran.environment.items() >= environment(settled, "django").items()
        assert ran.environment["DJANGO_SETTINGS_MODULE"] == "shop.production"

    def test_create_superuser_fails_for_a_duplicate_name(self, framework: Scenario) -> None:
        taken = testing.Exec(["python3"], return_code=1, stdout="CommandError: That username is already taken.\n")
        settled = deployed(framework)
        (container,) = settled.containers
        settled = dataclasses.replace(settled, containers={dataclasses.replace(container, execs=frozenset({taken}))})

        with pytest.raises(testing.ActionFailed) as refused:
            framework.run(
                framework.context().on.action("create-superuser", params={"username": "ann", "email": "a@x.org"}),
                settled,
            )

        assert refused.value.message == "CommandError: That username is already taken."

    def test_create_superuser_fails_before_the_application_is_ready(self, framework: Scenario) -> None:
        key = framework.secret()
        state = framework.state(secrets={key}, relations={framework.peer(key)})

        with pytest.raises(testing.ActionFailed) as refused:
            framework.run(
                framework.context().on.action("create-superuser", params={"username": "ann", "email": "a@x.org"}), state
            )

        assert refused.value.message.startswith("django-app container is not ready: Django requires a database")
        assert framework.context().exec_history.get(framework.container, []) == []

    def test_create_superuser_fails_without_a_name(self, framework: Scenario) -> None:
        with pytest.raises(testing.ActionFailed) as refused:
            framework.run(
                framework.context().on.action("create-superuser", params={"username": "", "email": "a@x.org"}),
                deployed(framework),
            )

        assert refused.value.message == "invalid parameters: username (string should have at least 1 character)"

    def test_manage_py_takes_precedence_over_other_migrations(self, framework: Scenario) -> None:
        framework.image_file("migrate.sh")
        framework.image_file("manage.py")

        deployed(framework)

        ran = framework.context().exec_history[framework.container][-1]
        assert ran.command == ["python3", "manage.py", "migrate"]


def test_another_framework_is_one_value(framework_of_another_package: Scenario) -> None:
    after = deployed(framework_of_another_package)

    variables = environment(after, "toy")
    assert after.unit_status == testing.ActiveStatus()
    assert (variables["TOY_PORT"], variables["TOY_COLOUR"], variables["TOY_SECRET_KEY"]) == (
        "5000",
        "blue",
        "generated-key",
    )


def test_another_framework_can_have_its_own_migrations(framework_of_another_package: Scenario) -> None:
    framework_of_another_package.commands = {testing.Exec(["toy"])}
    framework_of_another_package.image_file("schema.toy")
    framework_of_another_package.image_file("migrate.py")

    deployed(framework_of_another_package)

    ran = framework_of_another_package.context().exec_history[framework_of_another_package.container]
    assert [each.command for each in ran] == [["toy", "apply", "/app/schema.toy"]]


@pytest.fixture
def framework_of_another_package(scenario: Scenario) -> Scenario:
    """Return a charm of a framework that is not in the wheels; docs/how-to/add-a-framework.md has the same code."""
    import pydantic  # noqa: PLC0415  only this test declares settings

    class ToySettings(paas_common.Settings):
        colour: str = pydantic.Field(default="red", alias="toy-colour")

    class ToyCharm(paas_common.PaasCharm):
        start_timeout = 0
        spec = paas_common.FrameworkSpec(
            name="toy",
            settings=ToySettings,
            env_prefix="TOY_",
            option_env_prefix="TOY_",
            port_variables=("TOY_PORT",),
            metrics_port_variables=(),
            metrics_path_variables=(),
            ports=paas_common.Ports(app=5000, metrics=5000),
            app_dir="/app",
            migrations={"schema.toy": ("toy", "apply", "{app_dir}/schema.toy")},
            state_dir="/tmp/toy/state",
        )

    scenario.meta = {
        "name": "toy-k8s",
        "summary": "A toy.",
        "description": "A toy.",
        "containers": {"app": {"resource": "app-image"}},
        "resources": {"app-image": {"type": "oci-image"}},
        "peers": {"secret-storage": {"interface": "secret-storage"}},
        "requires": {"postgresql": {"interface": "postgresql_client", "optional": True}},
        "provides": {},
        "actions": {"rotate-secret-key": {}},
        "config": {"options": {"toy-colour": {"type": "string", "default": "blue"}}},
    }
    scenario.charm_type, scenario.container, scenario.key_field = ToyCharm, "app", "toy_secret_key_id"
    scenario.image = {"toy": {"override": "replace", "startup": "enabled", "command": "toy"}}
    scenario.image_root = "/app"
    return scenario
