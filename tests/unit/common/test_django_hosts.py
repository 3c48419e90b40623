"""The hosts and origins that a Django application may serve."""

import json

import pytest
from paas_django import DjangoSettings
from paas_django.settings import allowed_hosts


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
def test_the_hosts_of_the_operator_and_of_the_ingress_without_duplicates(
    option: str | None, base_url: str, allowed: list[str], origin: str
) -> None:
    settings = DjangoSettings.model_validate({"django-allowed-hosts": option} if option else {})

    variables = allowed_hosts(settings, base_url)

    assert json.loads(variables["DJANGO_ALLOWED_HOSTS"]) == allowed
    assert json.loads(variables["DJANGO_CSRF_TRUSTED_ORIGINS"]) == [origin]
