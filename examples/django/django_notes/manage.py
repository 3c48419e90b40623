#!/usr/bin/env python3
"""Django's management commands; the charm runs ``migrate`` and ``createsuperuser``."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_notes.settings")
    execute_from_command_line(sys.argv)
