"""Tells which variables the charm has set; names only, because some of them are secrets."""

import os

from django.http import HttpRequest, JsonResponse
from django.urls import path


def home(_: HttpRequest) -> JsonResponse:
    """Name the variables."""
    return JsonResponse(sorted(os.environ), safe=False)


def health(_: HttpRequest) -> JsonResponse:
    """Say that it serves."""
    return JsonResponse({"status": "ok"})


urlpatterns = [path("", home), path("health", health)]
