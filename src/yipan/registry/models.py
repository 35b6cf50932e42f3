"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.registry.readlog import Read

__all__ = ["Read"]
