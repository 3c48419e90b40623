"""Options that Juju itself would not let through, and are refused all the same."""

import paas_flask.charm
import pytest
from paas_common.planning import options
from paas_common.values import facts

ME = facts.Identity(app="shop", unit="shop/0", model="demo", leader=True)


@pytest.mark.parametrize("name", ["moderator", "flask-secret-key-id"])
def test_a_secret_option_that_names_no_secret(name: str) -> None:
    option = facts.Option(name=name, type="secret", value="hunter2")

    refused = options.read(paas_flask.charm.FLASK, facts.Facts(me=ME, options=(option,), peers=facts.Peers(), key="k"))

    assert isinstance(refused, list)
    assert [hold.reason for hold in refused] == [f"invalid options: {name} (must be the id of a secret: secret:...)"]
