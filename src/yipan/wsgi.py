"""What a WSGI server serves: `gunicorn yipan.wsgi`."""

from __future__ import annotations

import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipan.settings")
django.setup(set_prefix=False)
# Before the handler: its middleware looks once at what is there to be served.
call_command("collectstatic", interactive=False, verbosity=0)

application = WSGIHandler()
