"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The roof: the pages."""

    name = "yipan.web"
    label = "web"
