"""Options that Juju itself would not let through, and are problems all the same."""

import paas_flask.framework
import pytest
from paas_common.planning import options
from paas_common.values import facts
from paas_common.values.status import Blocked

IDENTITY = facts.Identity(app="shop", unit="shop/0", model="demo", leader=True)


@pytest.mark.parametrize("name", ["moderator", "flask-secret-key-id"])
def test_a_secret_option_that_names_no_secret(name: str) -> None:
    option = facts.Option(name=name, type="secret", value="hunter2")

    problems = options.read(
        paas_flask.framework.FLASK,
        facts.Facts(identity=IDENTITY, options=(option,), peers=facts.Peers(), secret_key="k"),
    )

    assert problems == (Blocked(f"invalid options: {name} (must be the id of a secret: secret:...)"),)
