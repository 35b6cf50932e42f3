"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.registry.intake import Intake, IntakePart
from yipan.registry.person import HeadCount, Person, Question, Stay
from yipan.registry.readlog import Read

__all__ = ["HeadCount", "Intake", "IntakePart", "Person", "Question", "Read", "Stay"]
