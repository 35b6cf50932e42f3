"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.documents.certificate import Certificate
from yipan.documents.evidence import Evidence
from yipan.documents.outbox import Message
from yipan.documents.stubs import Stub

__all__ = ["Certificate", "Evidence", "Message", "Stub"]
