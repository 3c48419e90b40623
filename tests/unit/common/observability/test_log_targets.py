"""Changes of Pebble's log targets."""

import pytest
from paas_common.observability.log_targets import DISABLED, Entries, changes, entries
from paas_common.values import facts

ME = facts.Identity(app="shop", unit="shop/0", model="prod", leader=False, model_uuid="5c6f2f0c-3c66", charm="shop-k8s")
ONE = entries(ME, {"loki/0": "http://loki-0/push"})
TWO = entries(ME, {"loki/0": "http://loki-0/push", "loki/1": "http://loki-1/push"})
MOVED = entries(ME, {"loki/0": "http://elsewhere/push"})
IMAGE_S = {"logs": {"override": "replace", "type": "loki", "location": "http://logs/push", "services": ["all"]}}


@pytest.mark.parametrize(
    ("current", "planned", "expected"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({}, ONE, ONE, id="the first"),
        pytest.param(ONE, ONE, {}, id="no news"),
        pytest.param(ONE, TWO, {"loki/1": TWO["loki/1"]}, id="one more"),
        pytest.param(ONE, MOVED, MOVED, id="moved"),
        pytest.param(TWO, ONE, {"loki/1": DISABLED}, id="one less"),
        pytest.param(ONE, {}, {"loki/0": DISABLED}, id="the last"),
        pytest.param({"loki/0": DISABLED}, {}, {}, id="gone already"),
        pytest.param({"loki/0": DISABLED}, ONE, ONE, id="back again"),
        pytest.param(IMAGE_S, {}, {}, id="the image's own"),
    ],
)
def test_only_what_differs(current: Entries, planned: Entries, expected: Entries) -> None:
    assert changes(current, planned) == expected
