"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.documents.evidence import Evidence

__all__ = ["Evidence"]
