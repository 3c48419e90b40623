"""The page, the notes as JSON, and small routes that show the settings from the charm."""

import json

from django import http
from django.conf import settings as project
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from notes import moderator
from notes.forms import NoteForm
from notes.models import Job, Note

NEWEST = 50


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: http.HttpRequest) -> http.HttpResponse:
    form = NoteForm(request.POST or None)
    if form.is_valid():
        form.save()
        return redirect("home")
    shown = {
        "form": form,
        "greeting": project.GREETING,
        "notes": Note.objects.all()[:NEWEST],
        "visits": _count_visit(request),
    }
    return render(request, "notes/home.html", shown, status=400 if form.is_bound else 200)


# A form on another site cannot send JSON, and its scripts are not allowed to: no CSRF token is needed.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def notes(request: http.HttpRequest) -> http.JsonResponse:
    if request.method != "POST":
        return http.JsonResponse([note.as_json() for note in Note.objects.all()[:NEWEST]], safe=False)
    if request.content_type != "application/json":
        return http.JsonResponse({"error": "a note must be sent as JSON"}, status=415)
    try:
        sent = json.loads(request.body)
    except ValueError:
        sent = None
    form = NoteForm(sent if isinstance(sent, dict) else {})
    if not form.is_valid():
        return http.JsonResponse({"error": f"a note must have 1 to {Note.LONGEST} characters"}, status=400)
    return http.JsonResponse(form.save().as_json(), status=201)


@csrf_exempt
@require_http_methods(["DELETE"])
@moderator.required
def delete(request: http.HttpRequest, number: int) -> http.HttpResponse:  # noqa: ARG001
    get_object_or_404(Note, pk=number).delete()
    return http.HttpResponse(status=204)


@require_safe
def health(request: http.HttpRequest) -> http.JsonResponse:  # noqa: ARG001
    """Return 200 while the database answers, with the last results of the worker and the scheduler."""
    return http.JsonResponse({"status": "ok", "jobs": dict(Job.objects.values_list("name", "summary"))})


@require_safe
def settings(request: http.HttpRequest) -> http.JsonResponse:  # noqa: ARG001
    """Return the settings that are not secret."""
    return http.JsonResponse(
        {
            "greeting": project.GREETING,
            "debug": project.DEBUG,
            "base_url": project.BASE_URL,
            "allowed_hosts": project.ALLOWED_HOSTS,
        }
    )


@require_GET
def visits(request: http.HttpRequest) -> http.JsonResponse:
    """Count the visits of this browser in its session cookie; a new secret key resets the count."""
    return http.JsonResponse({"visits": _count_visit(request)})


def _count_visit(request: http.HttpRequest) -> int:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return request.session["visits"]
