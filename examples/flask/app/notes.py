"""The notes as JSON: routes to list and add notes, and to delete one as the moderator."""

import hmac

import flask

from app import database

blueprint = flask.Blueprint("notes", __name__, url_prefix="/notes")
LONGEST = 500


def newest(limit: int = 50) -> list[dict[str, object]]:
    rows = database.of_request().execute(
        "SELECT id, text, words, written_at FROM notes ORDER BY id DESC LIMIT %s", (limit,)
    )
    return rows.fetchall()


@blueprint.get("")
def index():
    return flask.jsonify(newest())


@blueprint.post("")
def add():
    """Add a note from a form or as JSON; return a redirect or JSON."""
    sent = flask.request.get_json() if flask.request.is_json else flask.request.form
    text = str(sent.get("text", "")).strip()
    if not text or len(text) > LONGEST:
        flask.abort(400, f"a note must have 1 to {LONGEST} characters")
    row = (
        database.of_request()
        .execute("INSERT INTO notes (text) VALUES (%s) RETURNING id, text, words, written_at", (text,))
        .fetchone()
    )
    if flask.request.is_json:
        return flask.jsonify(row), 201
    return flask.redirect(flask.url_for("pages.home"))


@blueprint.delete("/<int:number>")
def delete(number: int):
    """Delete a note, with the name and password in the secret of the option ``moderator``."""
    _only_for_the_moderator()
    removed = database.of_request().execute("DELETE FROM notes WHERE id = %s", (number,)).rowcount
    if not removed:
        flask.abort(404)
    return "", 204


def _only_for_the_moderator() -> None:
    name, password = (flask.current_app.config.get(f"MODERATOR_{key}") for key in ("NAME", "PASSWORD"))
    if not name or not password:
        flask.abort(403, "there is no moderator; set the option moderator")
    sent = flask.request.authorization
    if sent is None or not _same(sent.username, name) or not _same(sent.password, password):
        flask.abort(401)


def _same(one: str | None, other: object) -> bool:
    return hmac.compare_digest((one or "").encode(), str(other).encode())
