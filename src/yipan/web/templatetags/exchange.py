"""What became of an entry on its way to another installation, as the case page says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from yipan.exchange.nodes.own import own_or_none
from yipan.web.nodes import STATES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from yipan.exchange.nodes.following import Sent

register = template.Library()


@register.simple_tag
def is_node() -> bool:
    """Tell whether this installation exchanges with others."""
    return own_or_none() is not None


@register.inclusion_tag("web/parts/travelled.html")
def travelled(sent: Mapping[UUID, Sequence[Sent]] | None, event: UUID) -> dict[str, Any]:
    """Show where an entry went, when it left and when it came there."""
    return {"sent": (sent or {}).get(event, ()), "states": STATES}
