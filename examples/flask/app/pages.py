"""The page, and small routes that show the settings from the charm."""

import flask

from app import database, notes

blueprint = flask.Blueprint("pages", __name__)


@blueprint.get("/")
def home():
    return flask.render_template("home.html", notes=notes.newest(), visits=_count_visit())


@blueprint.get("/health")
def health():
    """Return 200 while the database answers, with the last results of the worker and the scheduler."""
    done = database.of_request().execute("SELECT job, summary FROM jobs ORDER BY job").fetchall()
    return flask.jsonify(status="ok", jobs={row["job"]: row["summary"] for row in done})


@blueprint.get("/settings")
def settings():
    """Return the settings that are not secret."""
    config = flask.current_app.config
    return flask.jsonify(
        greeting=config["GREETING"],
        debug=flask.current_app.debug,
        environment=config.get("ENV"),
        preferred_url_scheme=config["PREFERRED_URL_SCHEME"],
        base_url=config.get("BASE_URL"),
    )


@blueprint.get("/visits")
def visits():
    """Count the visits of this browser in its session cookie; a new secret key resets the count."""
    return flask.jsonify(visits=_count_visit())


def _count_visit() -> int:
    flask.session["visits"] = flask.session.get("visits", 0) + 1
    return flask.session["visits"]
