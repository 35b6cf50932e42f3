"""What a WSGI server serves: `gunicorn yipan.wsgi`."""

from __future__ import annotations

import fcntl
import os
from threading import Timer
from typing import Final

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.urls import get_resolver

from yipan.database import make_home, rule_packs
from yipan.documents import pdf
from yipan.offices.placeindex import read_gazetteer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipan.settings")
django.setup(set_prefix=False)
# Before the handler: its middleware looks once at what is there to be served. One process at a time: of two that
# write the same files, one would find them gone.
with (make_home() / "static.lock").open("w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    call_command("collectstatic", interactive=False, verbosity=0)

#: So long a worker answers first.
WARMED_AFTER_SECONDS: Final = 2.0


def _warm() -> None:
    """Read the fonts and the rule packs beside the work, in each worker: what sets papers has threads that no fork copies."""
    from yipan.duties.library import library  # noqa: PLC0415  # Django is set up

    pdf.warm()
    library(rule_packs())


def _warm_soon() -> None:
    timer = Timer(WARMED_AFTER_SECONDS, _warm)
    timer.daemon = True
    timer.start()


os.register_at_fork(after_in_child=_warm_soon)
# Every page and operation, once before the workers fork.
get_resolver().url_patterns  # noqa: B018  # to ask is to load
# Seconds of work, once before the workers fork: the first who types a place would else wait for it.
read_gazetteer()
application = WSGIHandler()
