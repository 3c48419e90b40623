"""Authentication of the moderator, with the secret in the charm's option ``moderator``."""

import base64
import functools

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare


def required(view):
    """Require the moderator's name and password, by HTTP basic authentication."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not settings.MODERATOR_NAME or not settings.MODERATOR_PASSWORD:
            return JsonResponse({"error": "there is no moderator; set the option moderator"}, status=403)
        login = f"{settings.MODERATOR_NAME}:{settings.MODERATOR_PASSWORD}".encode()
        expected = f"Basic {base64.b64encode(login).decode()}"
        if not constant_time_compare(request.headers.get("Authorization", ""), expected):
            return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="notes"'})
        return view(request, *args, **kwargs)

    return guarded
