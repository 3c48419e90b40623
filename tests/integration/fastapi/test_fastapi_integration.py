"""The integration tests of FastAPI."""

import json
import re
from urllib.parse import urljoin

from browser import browse
from framework_tests import FrameworkTests
from model import TestModel

from examples import FASTAPI

EXAMPLE = FASTAPI


class TestFastapi(FrameworkTests):
    """The guest book in FastAPI."""

    def test_the_documentation_finds_its_schema_under_the_path(self, model: TestModel):
        public = model.public_url()

        schema = re.search(r"url: '([^']*)'", browse(f"{public}/docs").text)

        assert schema
        assert json.loads(browse(urljoin(public, schema[1])).text)["info"]["title"] == "Notes"
