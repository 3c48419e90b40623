"""The response of every page while PostgreSQL does not answer."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse

log = logging.getLogger(__name__)


class DatabaseUnavailableMiddleware:
    """Middleware that returns 503 while the database does not answer."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:  # noqa: ARG002
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        log.warning("the database does not answer: %s", exception)
        return JsonResponse({"error": "the database does not answer"}, status=503)
