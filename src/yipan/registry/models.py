"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.registry.glass import Glass, SeenGlass
from yipan.registry.intake import Intake, IntakePart
from yipan.registry.ownaccess import Access, PersonAccount, PersonSubject
from yipan.registry.person import HeadCount, Person, Question, Stay
from yipan.registry.readlog import Flag, Read, ReadRoot

__all__ = [
    "Access",
    "Flag",
    "Glass",
    "HeadCount",
    "Intake",
    "IntakePart",
    "Person",
    "PersonAccount",
    "PersonSubject",
    "Question",
    "Read",
    "ReadRoot",
    "SeenGlass",
    "Stay",
]
