"""The settings of the project, from environment variables.

The charm sets ``DJANGO_*`` from its options and ``POSTGRESQL_DB_*`` from its integration with PostgreSQL.
"""

import json
import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

BASE_DIR = Path(__file__).parent.parent
BASE_URL = os.environ.get("DJANGO_BASE_URL")

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
# After rotate-secret-key, the previous key: sessions stay valid.
SECRET_KEY_FALLBACKS = json.loads(os.environ.get("DJANGO_SECRET_KEY_FALLBACKS", "[]"))
DEBUG = os.environ.get("DJANGO_DEBUG") == "true"
# With a forwarded port (kubectl, paas-local), the host of a request is one of the last three.
ALLOWED_HOSTS = [*json.loads(os.environ.get("DJANGO_ALLOWED_HOSTS", "[]")), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = json.loads(os.environ.get("DJANGO_CSRF_TRUSTED_ORIGINS", "[]"))
if BASE_URL:
    CSRF_TRUSTED_ORIGINS.append("{0.scheme}://{0.netloc}".format(urlsplit(BASE_URL)))

GREETING = os.environ.get("DJANGO_GREETING", "Leave a note")
MODERATOR_NAME = os.environ.get("DJANGO_MODERATOR_NAME")
MODERATOR_PASSWORD = os.environ.get("DJANGO_MODERATOR_PASSWORD")

INSTALLED_APPS = [
    "notes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "notes.middleware.DatabaseUnavailableMiddleware",
]
ROOT_URLCONF = "django_notes.urls"
WSGI_APPLICATION = "django_notes.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("POSTGRESQL_DB_NAME"),
        "USER": os.environ.get("POSTGRESQL_DB_USERNAME"),
        "PASSWORD": os.environ.get("POSTGRESQL_DB_PASSWORD"),
        "HOST": os.environ.get("POSTGRESQL_DB_HOSTNAME"),
        "PORT": os.environ.get("POSTGRESQL_DB_PORT", "5432"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Parameters of the provider's address; those for TLS are in PGSSLMODE and PGSSLROOTCERT, which libpq reads.
        "OPTIONS": {**dict(parse_qsl(os.environ.get("POSTGRESQL_DB_QUERY", ""))), "connect_timeout": 5},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The cookie contains the session, signed with the secret key: a new key invalidates all sessions.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
# WhiteNoise serves the files from the folders of the apps, so the image needs no collectstatic.
WHITENOISE_USE_FINDERS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"notes": {"handlers": ["console"], "level": "INFO"}},
}
