"""Settings, all of them from the charm."""

import json
import os

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
DEBUG = os.environ.get("DJANGO_DEBUG") == "true"
ALLOWED_HOSTS = [*json.loads(os.environ.get("DJANGO_ALLOWED_HOSTS", "[]")), "localhost", "127.0.0.1"]
ROOT_URLCONF = "django_test.urls"
WSGI_APPLICATION = "django_test.wsgi.application"
