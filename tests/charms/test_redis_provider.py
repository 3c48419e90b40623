"""The built-in Redis charm and its actions."""

import ops
import providers
import pytest
from ops import testing


@pytest.fixture
def context(answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("redis-k8s")


def test_the_server_writes_each_change_to_its_storage(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.config_changed(), providers.state(testing.Container("redis", can_connect=True)))

    command = after.get_container("redis").plan.services["redis"].command
    assert "--appendonly yes --dir /var/lib/redis" in command
    assert providers.metadata("redis-k8s")["containers"]["redis"]["mounts"][0]["location"] == "/var/lib/redis"


@pytest.mark.parametrize(
    ("output", "code", "result"),
    [("PONG\n", 0, "Service is running"), ("", 1, "Service is not running")],
)
def test_an_action_asks_the_server(context: testing.Context[ops.CharmBase], output: str, code: int, result: str):
    ping = testing.Exec(["/bin/redis-cli"], stdout=output, return_code=code)
    container = testing.Container("redis", can_connect=True, execs={ping})

    context.run(context.on.action("check-service"), providers.state(container))

    assert context.action_results == {"result": result}


def test_an_action_says_that_there_is_no_password(context: testing.Context[ops.CharmBase]):
    with pytest.raises(testing.ActionFailed, match="the server has no password"):
        context.run(
            context.on.action("get-initial-admin-password"),
            providers.state(testing.Container("redis", can_connect=True)),
        )
