"""The integration tests of Django."""

from urllib.parse import urljoin, urlsplit

from browser import browse
from framework_tests import FrameworkTests, styles
from model import TestModel

from examples import DJANGO

EXAMPLE = DJANGO


class TestDjango(FrameworkTests):
    """The guest book in Django."""

    def test_the_admin_finds_its_styles_under_the_path(self, model: TestModel):
        public = model.public_url()

        page = browse(f"{public}/admin/login/")

        assert {browse(urljoin(public, style)).status for style in styles(page)} == {200}
        assert f'action="{urlsplit(public).path}/admin/login/' in page.text

    def test_a_superuser_can_log_in(self, model: TestModel):
        results = model.results(model.name, "create-superuser", username="ann", email="ann@example.com")

        assert "Site administration" in model.browser().log_in("/admin/login/", "ann", results["password"])
        assert results["password"] not in model.place.log()
