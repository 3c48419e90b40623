"""The examples as the integration tests use them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from protocol import Value

ROOT = Path(__file__).parent.parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Option:
    """A value of an option, and its effect: a line of the service, its environment or its configuration file."""

    value: Value
    effect: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """An application and its charm in the folder of the examples."""

    name: str
    framework: str
    resource: str
    """Resource of the charm for the image."""
    requirements: tuple[str, ...] = ()
    """Python packages that the image has in addition."""
    examples: Path = ROOT / "examples"

    @property
    def folder(self) -> Path:
        """The folder of the application."""
        return self.examples / self.name

    @property
    def application(self) -> str:
        """The name of the application."""
        return f"{self.name}-k8s"


@dataclass(frozen=True, kw_only=True)
class Example(Project):
    """The guest book in a framework, with its values in the tests."""

    container: str
    options: Mapping[str, Option]
    """All options of the framework that have no secret, and one of the charm."""
    secret_option: str
    """The option of the framework that has a secret."""
    bad_option: tuple[str, Value]
    new_migration: tuple[str, str]
    """A file that the new image has in addition, and its content."""
    keeps_sessions: bool
    """True if sessions survive a new secret key."""


GUNICORN = {
    "webserver-workers": Option(value=2, effect="workers = 2"),
    "webserver-threads": Option(value=3, effect="threads = 3"),
    "webserver-keepalive": Option(value=7, effect="keepalive = 7"),
    "webserver-timeout": Option(value=50, effect="timeout = 50"),
    "webserver-worker-class": Option(value="sync", effect="-k [ sync ]"),
}
METRICS = {
    "metrics-port": Option(value=9191, effect="METRICS_PORT=9191"),
    "metrics-path": Option(value="/numbers", effect="METRICS_PATH=/numbers"),
}
GUNICORN_REQUIREMENTS = ("gevent>=25",)

FLASK = Example(
    name="flask",
    framework="flask",
    resource="flask-app-image",
    container="flask-app",
    options={
        **GUNICORN,
        "flask-application-root": Option(value="/root", effect="FLASK_APPLICATION_ROOT=/root"),
        "flask-debug": Option(value=True, effect="FLASK_DEBUG=true"),
        "flask-env": Option(value="staging", effect="FLASK_ENV=staging"),
        "flask-permanent-session-lifetime": Option(value=99, effect="FLASK_PERMANENT_SESSION_LIFETIME=99"),
        "flask-preferred-url-scheme": Option(value="HTTP", effect="FLASK_PREFERRED_URL_SCHEME=HTTP\n"),
        "flask-session-cookie-secure": Option(value=True, effect="FLASK_SESSION_COOKIE_SECURE=true"),
        "flask-secret-key": Option(value="from-the-operator", effect="FLASK_SECRET_KEY=from-the-operator"),
        "greeting": Option(value="Welcome", effect="FLASK_GREETING=Welcome"),
    },
    secret_option="flask-secret-key-id",
    bad_option=("webserver-worker-class", "magic"),
    new_migration=("app/migrations/0003_note.sql", "INSERT INTO notes (text) VALUES ('from a new migration');\n"),
    keeps_sessions=True,
    requirements=GUNICORN_REQUIREMENTS,
)
EVERYTHING = Project(name="everything", framework="flask", resource="flask-app-image")
DJANGO = Example(
    name="django",
    framework="django",
    resource="django-app-image",
    container="django-app",
    options={
        **GUNICORN,
        "django-debug": Option(value=True, effect="DJANGO_DEBUG=true"),
        "django-allowed-hosts": Option(value="notes.test", effect='DJANGO_ALLOWED_HOSTS=["notes.test", '),
        "django-secret-key": Option(value="from-the-operator", effect="DJANGO_SECRET_KEY=from-the-operator"),
        "greeting": Option(value="Welcome", effect="DJANGO_GREETING=Welcome"),
    },
    secret_option="django-secret-key-id",
    bad_option=("webserver-worker-class", "magic"),
    new_migration=(
        "django_notes/notes/migrations/0003_note.py",
        """from django.db import migrations


def add(apps, _):
    apps.get_model("notes", "Note").objects.create(text="from a new migration")


class Migration(migrations.Migration):
    dependencies = [("notes", "0002_announce_notes")]
    operations = [migrations.RunPython(add)]
""",
    ),
    keeps_sessions=True,
    requirements=GUNICORN_REQUIREMENTS,
)
FASTAPI = Example(
    name="fastapi",
    framework="fastapi",
    resource="app-image",
    container="app",
    options={
        **METRICS,
        "webserver-workers": Option(value=2, effect="WEB_CONCURRENCY=2"),
        "webserver-log-level": Option(value="debug", effect="UVICORN_LOG_LEVEL=debug"),
        "webserver-port": Option(value=9090, effect="UVICORN_PORT=9090"),
        "app-secret-key": Option(value="from-the-operator", effect="APP_SECRET_KEY=from-the-operator"),
        "greeting": Option(value="Welcome", effect="APP_GREETING=Welcome"),
    },
    secret_option="app-secret-key-id",
    bad_option=("webserver-log-level", "loud"),
    new_migration=(
        "app/migrations/versions/0003_note.py",
        """from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("INSERT INTO notes (text) VALUES ('from a new migration')")
""",
    ),
    keeps_sessions=False,
)
GO = Example(
    name="go",
    framework="go",
    resource="app-image",
    container="app",
    options={
        **METRICS,
        "app-port": Option(value=9090, effect="APP_PORT=9090"),
        "app-secret-key": Option(value="from-the-operator", effect="APP_SECRET_KEY=from-the-operator"),
        "greeting": Option(value="Welcome", effect="APP_GREETING=Welcome"),
    },
    secret_option="app-secret-key-id",
    bad_option=("app-port", 70000),
    new_migration=("migrations/0003_note.sql", "INSERT INTO notes (text) VALUES ('from a new migration');\n"),
    keeps_sessions=False,
)
EXAMPLES = (FLASK, DJANGO, FASTAPI, GO)
METRICS_PREFIXES = {
    "flask": "flask_request",
    "django": "django_request",
    "fastapi": "http_requests_total",
    "go": "http_requests_total",
}
"""Start of a metric's name, by framework."""
