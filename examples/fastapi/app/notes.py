"""The notes as JSON: routes to list and add notes, and to delete one as the moderator."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from app import metrics
from app.database import Session
from app.models import LONGEST, Note
from app.settings import settings

router = APIRouter(prefix="/notes", tags=["notes"])
NEWEST = 50
# PostgreSQL cannot store the character NUL.
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST, pattern=r"^[^\x00]*$")]
Login = Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))]


class Draft(BaseModel):
    text: Text


class Written(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str
    words: int | None
    written_at: datetime


async def newest(session: AsyncSession) -> Sequence[Note]:
    notes = await session.scalars(sa.select(Note).order_by(Note.id.desc()).limit(NEWEST))
    return notes.all()


async def add(session: AsyncSession, text: str) -> Note:
    note = Note(text=text)
    session.add(note)
    # The response must not be sent before the note is committed.
    await session.commit()
    metrics.notes_added.inc()
    return note


def moderator(login: Login) -> None:
    """Require the name and password in the secret of the option ``moderator``."""
    if not settings.moderator_name or not settings.moderator_password:
        raise HTTPException(403, "there is no moderator; set the option moderator")
    password = settings.moderator_password.get_secret_value()
    if login is None or not (_same(login.username, settings.moderator_name) and _same(login.password, password)):
        raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


@router.get("", response_model=list[Written])
async def list_notes(session: Session):
    return await newest(session)


@router.post("", status_code=201, response_model=Written)
async def add_note(draft: Draft, session: Session):
    return await add(session, draft.text)


@router.delete("/{number}", status_code=204, dependencies=[Depends(moderator)])
async def delete_note(number: int, session: Session) -> None:
    note = await session.get(Note, number)
    if note is None:
        raise HTTPException(404)
    await session.delete(note)
    await session.commit()
