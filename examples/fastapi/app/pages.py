"""The page, and small routes that show the settings from the charm."""

from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from app import notes
from app.database import Session
from app.models import Job
from app.settings import settings

router = APIRouter()
templates = Jinja2Templates(Path(__file__).parent / "templates")


@router.get("/", include_in_schema=False)
async def home(request: Request, session: Session) -> Response:
    shown = {"greeting": settings.greeting, "notes": await notes.newest(session), "visits": _count_visit(request)}
    return templates.TemplateResponse(request, "home.html", shown)


@router.post("/", include_in_schema=False)
async def add(request: Request, text: Annotated[notes.Text, Form()], session: Session) -> RedirectResponse:
    await notes.add(session, text)
    # Behind an ingress, the URL of the page has a path prefix.
    return RedirectResponse(request.url_for("home").path, status_code=303)


@router.get("/health")
async def health(session: Session) -> dict[str, object]:
    """Return 200 while the database answers, with the last results of the worker and the scheduler."""
    done = await session.scalars(sa.select(Job).order_by(Job.name))
    return {"status": "ok", "jobs": {job.name: job.summary for job in done}}


@router.get("/settings")
async def show_settings() -> dict[str, object]:
    """Return the settings that are not secret."""
    return settings.model_dump(include={"greeting", "base_url", "log_level", "port", "metrics_port", "metrics_path"})


@router.get("/visits")
async def visits(request: Request) -> dict[str, int]:
    """Count the visits of this browser in its session cookie; a new secret key resets the count."""
    return {"visits": _count_visit(request)}


def _count_visit(request: Request) -> int:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return request.session["visits"]
