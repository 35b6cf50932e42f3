"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.signals import request_started

from yipan.offices.freshkeys import refresh
from yipan.web.begun import hear_sign_ins


class WebConfig(AppConfig):
    """The roof: the pages."""

    name = "yipan.web"
    label = "web"

    def ready(self) -> None:
        """Have each request begin with the keys as they are, and each session know when it began."""
        hear_sign_ins()
        request_started.connect(refresh, dispatch_uid="yipan-fresh-keys")
