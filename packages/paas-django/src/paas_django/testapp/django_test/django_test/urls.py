"""An application that lists the names of its environment variables; some values are secrets."""

import os

from django.http import HttpRequest, JsonResponse
from django.urls import path


def home(_: HttpRequest) -> JsonResponse:
    """Return the names."""
    return JsonResponse(sorted(os.environ), safe=False)


def health(_: HttpRequest) -> JsonResponse:
    """Answer health checks."""
    return JsonResponse({"status": "ok"})


urlpatterns = [path("", home), path("health", health)]
