"""What a WSGI server serves: `gunicorn yipan.wsgi`."""

from __future__ import annotations

import fcntl
import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command

from yipan.database import make_home
from yipan.offices.placeindex import read_gazetteer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipan.settings")
django.setup(set_prefix=False)
# Before the handler: its middleware looks once at what is there to be served. One process at a time: of two that
# write the same files, one would find them gone.
with (make_home() / "static.lock").open("w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    call_command("collectstatic", interactive=False, verbosity=0)

# Seconds of work, once before the workers fork: the first who types a place would else wait for it.
read_gazetteer()
application = WSGIHandler()
