"""The services that a unit runs, and their layer entries."""

import builders
import pytest
from paas_common.planning import services
from paas_common.values.facts import Peers
from paas_common.values.workload import LayerEntry

IMAGE = {
    "shop": {"command": "serve", "startup": "disabled", "environment": {"TZ": "UTC", "MODE": "image"}},
    "mail-worker": {"command": "mail", "startup": "enabled"},
    "cron-Scheduler": {"command": "cron", "startup": "enabled", "environment": {"TZ": "UTC"}},
    "statsd-exporter": {"command": "export"},
}


def entries(*, runs_schedulers: bool = True) -> dict[str, LayerEntry]:
    return services.entries(
        IMAGE, main="shop", command="serve --fast", variables={"MODE": "charm"}, runs_schedulers=runs_schedulers
    )


def test_the_main_service_gets_the_command_and_is_enabled() -> None:
    assert entries()["shop"] == {
        "override": "replace",
        "command": "serve --fast",
        "startup": "enabled",
        "environment": {"TZ": "UTC", "MODE": "charm"},
    }


def test_a_worker_keeps_its_command_and_gets_the_variables() -> None:
    assert entries()["mail-worker"] == {
        "override": "replace",
        "command": "mail",
        "startup": "enabled",
        "environment": {"MODE": "charm"},
    }


def test_a_scheduler_that_this_unit_runs_gets_the_variables() -> None:
    assert entries()["cron-Scheduler"]["environment"] == {"TZ": "UTC", "MODE": "charm"}


def test_a_scheduler_that_this_unit_does_not_run_is_disabled_and_keeps_the_image_s_variables() -> None:
    assert entries(runs_schedulers=False)["cron-Scheduler"] == {
        "override": "replace",
        "command": "cron",
        "startup": "disabled",
        "environment": {"TZ": "UTC"},
    }


@pytest.mark.parametrize("runs_schedulers", [True, False])
def test_other_services_of_the_image_stay(runs_schedulers: bool) -> None:
    assert "statsd-exporter" not in entries(runs_schedulers=runs_schedulers)


def test_the_application_s_services_are_the_main_one_workers_and_schedulers() -> None:
    assert services.of_application(IMAGE, "shop", {"service tunnel": "1a", "file /a": "2b"}) == [
        "cron-Scheduler",
        "mail-worker",
        "shop",
        "tunnel",
    ]
    assert services.schedulers(IMAGE) == ("cron-Scheduler",)


@pytest.mark.parametrize(
    ("number", "others", "planned", "runs"),
    [
        pytest.param(0, (), 1, True, id="the-only-unit"),
        pytest.param(0, (), 3, True, id="unit-0-before-it-sees-its-peers"),
        pytest.param(0, (1, 2), 3, True, id="unit-0-of-three"),
        pytest.param(1, (0, 2), 3, False, id="unit-1-of-three"),
        pytest.param(1, (), 2, False, id="a-new-unit-that-sees-no-peer-yet"),
        pytest.param(2, (3,), 3, False, id="a-new-unit-that-sees-only-a-higher-peer"),
        pytest.param(1, (2,), 2, True, id="the-next-unit-after-unit-0-is-removed"),
        pytest.param(9, (10,), 2, True, id="numbers-not-texts-are-compared"),
    ],
)
def test_the_lowest_unit_that_sees_all_peers_runs_the_schedulers(
    number: int, others: tuple[int, ...], planned: int, runs: bool
) -> None:
    peers = Peers(others={f"shop/{other}": {} for other in others})

    assert services.runs_schedulers(builders.follower(number), peers, planned) is runs


def test_without_peer_relation_a_single_unit_runs_the_schedulers() -> None:
    assert services.runs_schedulers(builders.IDENTITY, None, 1)


def test_an_entry_without_environment_has_no_variables() -> None:
    assert services.environment({"command": "serve", "environment": None}) == {}
