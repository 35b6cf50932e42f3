"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class OfficesConfig(AppConfig):
    """Ground floor: who the offices are."""

    name = "yipan.offices"
    label = "offices"
