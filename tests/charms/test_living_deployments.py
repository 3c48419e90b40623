"""Deployments that live on: refreshes from paas_charm, failing secrets, new images, late integrations."""

import dataclasses
import importlib
import json
import typing

import ops
import paas_flask
import pytest
from flask_scenario import DATABASE, SERVED, Scenario, environment, healthy, peer_of, postgresql, relation
from frameworks import BASE, GO
from ops import testing

DENIED = "d1ehcifmp25c76e01vhg"
MIGRATES = testing.Exec(["python3", "migrate.py"], stdout="migrated\n")


def running(state: testing.State) -> bool:
    (container,) = state.containers
    return container.service_statuses.get("flask") == ops.pebble.ServiceStatus.ACTIVE


def related(endpoint: str, interface: str, **data: dict[str, str]) -> testing.Relation:
    return testing.Relation(
        endpoint, interface=interface, remote_app_name="provider", **typing.cast("typing.Any", data)
    )


class TestRequestsOfPaasCharm:
    """A refresh keeps what the provider has acted on."""

    @pytest.mark.parametrize(
        ("endpoint", "interface", "written"),
        [
            pytest.param("openfga", "openfga", {"store_name": "app-store"}, id="openfga"),
            pytest.param(
                "http-proxy",
                "http_proxy",
                {"requests": json.dumps([{"requirer": "5c1f", "domains": ["a.com:443"], "auth": ["none"]}])},
                id="http-proxy",
            ),
            pytest.param(
                "valkey",
                "valkey_client",
                {"version": "v1", "requests": json.dumps([{"resource": "*", "request-id": "0a", "salt": "b1"}])},
                id="valkey",
            ),
        ],
    )
    def test_a_request_in_the_databag_stays(
        self, scenario: Scenario, endpoint: str, interface: str, written: dict[str, str]
    ) -> None:
        scenario.meta["requires"] = {endpoint: {"interface": interface, "optional": True}}
        key, provider = scenario.secret(), related(endpoint, interface, local_app_data=written)

        after = scenario.run(
            scenario.context().on.upgrade_charm(),
            scenario.state(relations={scenario.peer(key), provider}, secrets={key}),
        )

        assert relation(after, endpoint).local_app_data == written


class TestApplicationStatus:
    """Juju shows an application status that a charm has set until a charm sets it again."""

    def test_the_leader_sets_it_after_a_refresh_from_paas_charm(self, scenario: Scenario) -> None:
        peer = scenario.peer(None, local_app_data={"flask_secret_key": "of-old"})
        state = scenario.state(
            secrets=set(), relations={peer, postgresql(app=DATABASE)}, app_status=testing.BlockedStatus("stale")
        )

        after = scenario.run(scenario.context().on.upgrade_charm(), state)

        assert after.app_status == after.unit_status == testing.ActiveStatus()

    def test_it_stays_juju_s_in_other_deployments(self, scenario: Scenario) -> None:
        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.app_status == testing.UnknownStatus()


class TestSecretsThatCannotBeReadNow:
    """A sealed Vault or a busy controller does not stop a healthy application."""

    @pytest.fixture
    def sealed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*_: object, **__: object) -> typing.NoReturn:
            raise ops.ModelError("ERROR cannot access backend: Vault is sealed")

        monkeypatch.setattr(ops.Model, "get_secret", fails)

    def test_a_database_s_secret(self, scenario: Scenario, request: pytest.FixtureRequest) -> None:
        account = testing.Secret({"username": "u", "password": "p"})
        database = postgresql(app={"endpoints": "pg:5432", "database": "d", "secret-user": account.id})
        key = scenario.secret()
        settled = scenario.settled(relations={scenario.peer(key), database}, secrets={key, account})
        request.getfixturevalue("sealed")

        after = scenario.run(scenario.context().on.update_status(), settled)

        assert running(after)
        assert after.unit_status.name == "waiting"

    def test_an_option_s_secret(self, scenario: Scenario, request: pytest.FixtureRequest) -> None:
        key, moderator = scenario.secret(), testing.Secret({"name": "ada"})
        settled = scenario.settled(
            config={"moderator": moderator.id},
            secrets={key, moderator},
            relations={scenario.peer(key), postgresql(app=DATABASE)},
        )
        request.getfixturevalue("sealed")

        after = scenario.run(scenario.context().on.update_status(), settled)

        assert running(after)
        assert (
            "waiting for Juju to return the secret of option moderator (it is read again at the next event)"
            in after.unit_status.message
        )


class TestSecretsWithoutGrant:
    """A person must grant an option's secret; a provider grants its own once it has made it."""

    @pytest.fixture(autouse=True)
    def denied(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let Juju answer as it does for a secret without grant, apart from the application's own."""
        real = ops.Model.get_secret

        def get_secret(model: ops.Model, **names: str) -> ops.Secret:
            if names.get("id", "").endswith(DENIED):
                raise ops.ModelError("ERROR permission denied")
            return real(model, **names)

        monkeypatch.setattr(ops.Model, "get_secret", get_secret)

    def test_an_option_s_secret_blocks_with_the_command(self, scenario: Scenario) -> None:
        state = scenario.state(config={"moderator": f"secret:{DENIED}"})

        after = scenario.run(scenario.context().on.config_changed(), state)

        assert after.unit_status == testing.BlockedStatus(
            "option moderator names a secret that flask-k8s may not read or that does not exist "
            f"(juju grant-secret secret:{DENIED} flask-k8s)"
        )

    def test_a_database_s_secret_is_waited_for(self, scenario: Scenario) -> None:
        key = scenario.secret()
        database = postgresql(app={"endpoints": "pg:5432", "database": "d", "secret-user": f"secret:{DENIED}"})
        state = scenario.state(relations={scenario.peer(key), database}, secrets={key})

        after = scenario.run(scenario.context().on.config_changed(), state)

        assert after.unit_status == testing.WaitingStatus("waiting for postgresql-k8s to provide postgresql")


def test_relating_an_optional_proxy_does_not_stop_the_application(scenario: Scenario) -> None:
    scenario.meta["requires"]["http-proxy"] = {"interface": "http_proxy", "optional": True}
    settled = scenario.settled()

    proxy = related("http-proxy", "http_proxy")
    after = scenario.run(
        scenario.context().on.relation_created(proxy),
        dataclasses.replace(settled, relations={*settled.relations, proxy}),
    )

    assert running(after)
    assert after.unit_status == testing.ActiveStatus()


class TestCommandsInTheServiceEnvironment:
    """Checks and migrations run with the image's own variables too."""

    @pytest.fixture
    def with_migration(self, scenario: Scenario) -> Scenario:
        scenario.image_file("migrate.py")
        scenario.commands = {SERVED, MIGRATES}
        return scenario

    def test_the_check_and_the_migration_have_the_image_s_variables(self, with_migration: Scenario) -> None:
        after = with_migration.run(with_migration.context().on.config_changed(), with_migration.state())

        ran = with_migration.context().exec_history[with_migration.container]
        assert {tuple(each.command[:2]) for each in ran} == {("/bin/python3", "-m"), ("python3", "migrate.py")}
        for each in ran:
            assert dict(each.environment) == environment(after)
            assert each.environment["OF_THE_IMAGE"] == "kept"


class TestNewImages:
    """A new image means a migration, whatever changed in it."""

    @pytest.fixture
    def deployed(self, scenario: Scenario) -> testing.State:
        scenario.image_file("migrate.py")
        scenario.commands = {SERVED, MIGRATES}
        return scenario.run(scenario.context().on.config_changed(), scenario.state(planned_units=1))

    def migrations(self, scenario: Scenario) -> int:
        history = scenario.context().exec_history.get(scenario.container, [])
        return sum(each.command[-1] == "migrate.py" for each in history)

    def refreshed(self, scenario: Scenario, state: testing.State, file: str, text: str) -> testing.State:
        """Replace the pod by one whose image has another file outside of the application's folder."""
        scenario.new_container()
        folder = scenario.root / "outside"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
        top = file.partition("/")[0]
        mounts = {top: testing.Mount(location=f"/{top}", source=folder / top)}
        container = scenario.workload()
        container = dataclasses.replace(container, mounts={**container.mounts, **mounts})
        return scenario.run(
            scenario.context().on.pebble_ready(container), dataclasses.replace(state, containers={container})
        )

    @pytest.mark.parametrize(
        "file",
        [
            pytest.param(".rock/metadata.yaml", id="another build"),
            pytest.param("bin/python3", id="another program"),
            pytest.param("lib/python3.12/site-packages/notes-2.0.dist-info/METADATA", id="another dependency"),
        ],
    )
    def test_a_change_outside_of_the_application_s_folder_migrates(
        self, scenario: Scenario, deployed: testing.State, file: str
    ) -> None:
        before = self.migrations(scenario)

        self.refreshed(scenario, deployed, file, "2")

        assert self.migrations(scenario) == before + 1

    @pytest.mark.parametrize(("case", "base"), [pytest.param(GO, BASE, id="go")], indirect=["case"])
    @pytest.mark.parametrize("folder", ["bin", "usr/bin", "usr/local/bin"])
    def test_another_program_of_a_compiled_application_migrates(self, framework: Scenario, folder: str) -> None:
        """The service names its program without a path, and the migrations are embedded in it."""
        framework.image_file("migrate.py")
        deployed = framework.run(framework.context().on.config_changed(), framework.state(planned_units=1))
        first = self.refreshed(framework, deployed, f"{folder}/notes", "1")
        before = self.migrations(framework)

        self.refreshed(framework, first, f"{folder}/notes", "22")

        assert self.migrations(framework) == before + 1

    def test_the_same_image_in_a_new_pod_does_not(self, scenario: Scenario, deployed: testing.State) -> None:
        again = self.refreshed(scenario, deployed, ".rock/metadata.yaml", "2")
        before = self.migrations(scenario)

        self.refreshed(scenario, again, ".rock/metadata.yaml", "2")

        assert self.migrations(scenario) == before


class TestTurns:
    """Turns to migrate do not depend on the leader's own container."""

    def test_a_leader_whose_container_is_down_grants_turns(self, scenario: Scenario) -> None:
        key = scenario.secret()
        peer = scenario.peer(key, peers_data={1: {"migration-request": "abc"}})
        state = scenario.state(
            containers={scenario.workload(can_connect=False)},
            relations={peer, postgresql(app=DATABASE)},
            secrets={key},
            planned_units=2,
        )

        after = scenario.run(scenario.context().on.relation_changed(peer, remote_unit=1), state)

        assert peer_of(after).local_app_data["migration-turn"] == "flask-k8s/1 abc"

    def test_an_operator_can_force_a_migration(self, scenario: Scenario) -> None:
        scenario.meta["actions"]["force-migration"] = {}
        scenario.image_file("migrate.py")
        scenario.commands = {SERVED, MIGRATES}
        settled = healthy(scenario.run(scenario.context().on.config_changed(), scenario.state()))
        runs = sum(each.command[-1] == "migrate.py" for each in scenario.context().exec_history[scenario.container])

        scenario.run(scenario.context().on.action("force-migration"), settled)

        history = scenario.context().exec_history[scenario.container]
        assert sum(each.command[-1] == "migrate.py" for each in history) == runs + 1

    def test_only_the_leader_can_force_a_migration(self, scenario: Scenario) -> None:
        scenario.meta["actions"]["force-migration"] = {}

        with pytest.raises(testing.ActionFailed) as failed:
            scenario.run(scenario.context().on.action("force-migration"), scenario.state(leader=False))

        assert failed.value.message == (
            "only the leader can force a migration (juju run flask-k8s/leader force-migration)"
        )


class TestOverridesOfPaasCharm:
    """A definition that the base class never calls is refused when the class is made."""

    @pytest.mark.parametrize(
        ("name", "replacement"),
        [
            ("_reconcile", "override environment(), files() or after_start(); reconcile() starts a pass"),
            ("restart", "override files() or after_start(); reconcile() starts a pass"),
            ("is_ready", "override readiness_problems()"),
            ("_create_app", "override environment()"),
            ("_gen_environment", "override environment()"),
            ("_base_url", "override environment() and set the variable that ends with BASE_URL"),
            ("get_framework_config", "declare the options in charmcraft.yaml; context.options has their values"),
            ("get_cos_dir", "put dashboards and alert rules into cos_custom/"),
        ],
    )
    def test_the_error_names_the_replacement(self, name: str, replacement: str) -> None:
        with pytest.raises(TypeError) as refused:
            type("MyCharm", (paas_flask.Charm,), {name: print})

        assert str(refused.value) == f"MyCharm.{name} is never called: {replacement} (docs/reference/extending.md)"

    def test_a_definition_of_a_mixin_is_refused_too(self) -> None:
        mixin = type("Mixin", (), {"_reconcile": print})

        with pytest.raises(TypeError, match=r"^MyCharm\._reconcile is never called"):
            type("MyCharm", (mixin, paas_flask.Charm), {})

    def test_private_names_of_the_base_class_are_refused(self) -> None:
        with pytest.raises(
            TypeError, match=r"MyCharm\._paas_plan: names that start with _paas_ belong to the base class"
        ):
            type("MyCharm", (paas_flask.Charm,), {"_paas_plan": None})


class TestErrorsOfCharmLibraries:
    """No error of a charm library ends a hook."""

    def test_a_port_that_the_library_refuses_blocks(self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
        library = importlib.import_module("charms.traefik_k8s.v2.ingress")

        def refuses(*_: object, **__: object) -> typing.NoReturn:
            raise ValueError("port must be below 65535")

        monkeypatch.setattr(library.IngressPerAppRequirer, "provide_ingress_requirements", refuses)
        scenario.meta["requires"]["ingress"] = {"interface": "ingress", "optional": True}
        key = scenario.secret()
        ingress = related("ingress", "ingress")

        after = scenario.run(
            scenario.context().on.relation_created(ingress),
            scenario.state(relations={scenario.peer(key), postgresql(app=DATABASE), ingress}, secrets={key}),
        )

        assert after.unit_status == testing.BlockedStatus(
            "publishing port 8000 to ingress by charms.traefik_k8s.v2.ingress failed: ValueError: port must be below "
            "65535 (the traceback is in juju debug-log)"
        )
        assert running(after)

    @pytest.mark.parametrize(
        ("lacks_class", "error"),
        [
            pytest.param(False, "ValueError: no network", id="the-constructor-raises"),
            pytest.param(
                True,
                "AttributeError: module 'charms.traefik_k8s.v2.ingress' has no attribute 'IngressPerAppRequirer'",
                id="another-library",
            ),
        ],
    )
    def test_a_library_whose_object_cannot_be_created_blocks(
        self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch, lacks_class: bool, error: str
    ) -> None:
        library = importlib.import_module("charms.traefik_k8s.v2.ingress")

        def fails(*_: object, **__: object) -> typing.NoReturn:
            raise ValueError("no network")

        monkeypatch.setattr(library.IngressPerAppRequirer, "__init__", fails)
        if lacks_class:
            monkeypatch.delattr(library, "IngressPerAppRequirer")
        scenario.meta["requires"]["ingress"] = {"interface": "ingress", "optional": True}
        key = scenario.secret()
        ingress = related("ingress", "ingress", remote_app_data={"ingress": '{"url": "http://shop.example"}'})

        after = scenario.run(
            scenario.context().on.relation_created(ingress),
            scenario.state(relations={scenario.peer(key), postgresql(app=DATABASE), ingress}, secrets={key}),
        )

        assert after.unit_status == testing.BlockedStatus(
            f"IngressPerAppRequirer of charms.traefik_k8s.v2.ingress for ingress failed: {error} "
            "(the traceback is in juju debug-log)"
        )
        assert running(after)
