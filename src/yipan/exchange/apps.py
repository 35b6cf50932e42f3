"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Fourth floor: the outside world."""

    name = "yipan.exchange"
    label = "exchange"

    def ready(self) -> None:
        """Let the heart tell this room what it writes."""
        from yipan.duties.travelling import carry_with  # noqa: PLC0415  # once the applications are known
        from yipan.exchange.nodes.leaving import Leaving  # noqa: PLC0415  # the same

        carry_with(Leaving())
