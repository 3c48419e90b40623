"""The tables of the integration tests, compared with the packages."""

import pytest
import yaml
from paas_local.build import frameworks
from paas_local.providers import BUILT_IN
from related_charms import INGRESS, POSTGRESQL, PROVIDERS

from examples import EXAMPLES, ROOT, Example


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_each_option_of_a_framework_has_an_effect_in_the_tests(example: Example):
    schema = yaml.safe_load((frameworks.FOLDER / example.framework / "schema.yaml").read_text())
    options = schema["24.04"]["config"]["options"]

    assert example.options.keys() == {
        "greeting",
        *(name for name, option in options.items() if option["type"] != "secret"),
    }


def test_each_built_in_provider_is_deployed_by_the_tests():
    assert {provider.charm for provider in (POSTGRESQL, INGRESS, *PROVIDERS)} == BUILT_IN.keys()


def test_each_endpoint_of_the_example_with_everything_has_a_provider():
    metadata = yaml.safe_load((ROOT / "examples/everything/charm/charmcraft.yaml").read_text())

    assert metadata["requires"].keys() <= {provider.endpoint for provider in (POSTGRESQL, *PROVIDERS)}
