"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class DutiesConfig(AppConfig):
    """First floor: what happened, and who owes what since."""

    name = "yipan.duties"
    label = "duties"
