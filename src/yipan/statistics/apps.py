"""Tells Django of the room."""

from __future__ import annotations

from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    """The reading room."""

    name = "yipan.statistics"
    label = "statistics"
