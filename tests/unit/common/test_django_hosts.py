"""Which hosts a Django application may serve."""

import json

import pytest
from paas_django import DjangoSettings
from paas_django.settings import hosts


@pytest.mark.parametrize(
    ("option", "base_url", "allowed", "origin"),
    [
        (None, "http://shop.demo:8000", ["shop.demo"], "http://shop.demo:8000"),
        ("a.com", "https://shop.example.com/demo-shop", ["a.com", "shop.example.com"], "https://shop.example.com"),
        (
            "shop.example.com, a.com",
            "http://shop.example.com/",
            ["shop.example.com", "a.com"],
            "http://shop.example.com",
        ),
        (" ,a.com,,a.com ", "http://a.com", ["a.com"], "http://a.com"),
    ],
)
def test_the_operator_s_and_the_ingress_s_each_once(
    option: str | None, base_url: str, allowed: list[str], origin: str
) -> None:
    settings = DjangoSettings.model_validate({"django-allowed-hosts": option} if option else {})

    found = hosts(settings, base_url)

    assert json.loads(found["DJANGO_ALLOWED_HOSTS"]) == allowed
    assert json.loads(found["DJANGO_CSRF_TRUSTED_ORIGINS"]) == [origin]
