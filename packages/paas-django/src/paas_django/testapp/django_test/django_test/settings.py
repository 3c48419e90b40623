"""Settings, all of them from the charm."""

import json
import os

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
DEBUG = os.environ.get("DJANGO_DEBUG") == "true"
ALLOWED_HOSTS = [*json.loads(os.environ.get("DJANGO_ALLOWED_HOSTS", "[]")), "localhost", "127.0.0.1"]
ROOT_URLCONF = "django_test.urls"
WSGI_APPLICATION = "django_test.wsgi.application"
# Outside of a charm there is no database, and the pages need none.
DATABASES = (
    {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["POSTGRESQL_DB_NAME"],
            "USER": os.environ["POSTGRESQL_DB_USERNAME"],
            "PASSWORD": os.environ["POSTGRESQL_DB_PASSWORD"],
            "HOST": os.environ["POSTGRESQL_DB_HOSTNAME"],
            "PORT": os.environ["POSTGRESQL_DB_PORT"],
        }
    }
    if "POSTGRESQL_DB_NAME" in os.environ
    else {}
)
