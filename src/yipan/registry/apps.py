"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Second floor: persons and who looked at them."""

    name = "yipan.registry"
    label = "registry"
