"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Second floor: persons and who looked at them."""

    name = "yipan.registry"
    label = "registry"

    def ready(self) -> None:
        """Let checkpoints sign the last seals of the read log too."""
        from yipan.duties import checkpoint  # noqa: PLC0415  # tables can be asked once all rooms are there
        from yipan.registry import readseal  # noqa: PLC0415  # the same

        checkpoint.also(readseal.LOOKS, readseal.heads)
