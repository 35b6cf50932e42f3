"""What pages and the API show of a duty, an event, a case: plain values, with the reason said in words.

Nothing here reads a person's facts; `yipan.registry.access` adds them, under a permit, with a line in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from yipan.law.fold import Duty
    from yipan.law.rule import Cite

#: Both languages of a sentence.
Said = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why a date is the date: the article, the version, and every day that counted."""

    text: Said
    pack_title: Said
    clock_title: Said
    version_on: date
    cite: Cite
    counted: tuple[date, ...]
    calendars: tuple[str, ...]
    rolled_from: date | None
    provisional: bool


@dataclass(frozen=True, kw_only=True)
class DutyView:
    """A duty with its words. `clock` is one of open, due-soon, overdue, in-time, late, released, void."""

    duty: Duty
    title: Said
    owed_by_name: str
    owed_to_name: str
    party_title: Said
    clock: str
    days_left: int | None
    within: str
    cite: Cite
    explanation: Explanation | None = None


@dataclass(frozen=True, kw_only=True)
class EventView:
    """One entry of the story so far. `facts` stay empty until somebody with a permit has looked."""

    id: UUID
    kind: str
    title: Said
    recorded_by_name: str
    officer: str
    on_behalf_of_name: str
    counts_at: datetime
    counts_by: str
    recorded_at: datetime
    clock: tuple[tuple[Said, Said], ...]
    parties: tuple[tuple[Said, str], ...]
    corrected: bool
    #: Whether the office that looks may withdraw it: its own, still holding, and not of the engine.
    is_withdrawable: bool = False
    #: Whether it may put another in its place on a form as the first one's.
    is_correctable: bool = False
    facts: tuple[tuple[Said, tuple[tuple[Said, Said | str], ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Action:
    """What this office may do next: a kind, with the parties it is about; `duty` when it fulfils one."""

    kind: str
    title: Said
    duty: UUID | None
    parties: Mapping[str, str] = field(default_factory=dict)
    on_behalf_of: str = ""
    #: Of a duty that the calendar opened: its period, and what the event must say to fulfil it.
    period: str = ""
    saying: Mapping[str, str | int | bool] = field(default_factory=dict)
    #: Of what begins a case: among what it is found, and whether it is done every day.
    matter: Said = field(default_factory=dict)
    often: bool = False


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """A case as one office may see it. `entries` is the number of entries it has, for telling two writers apart."""

    thread: UUID
    title: Said
    story: tuple[EventView, ...]
    duties: tuple[DutyView, ...]
    actions: tuple[Action, ...]
    entries: int
    #: The roles that some entry names, whoever may see it: nobody is asked for them again.
    known_roles: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class RecentCase:
    """A case in which this office recorded something lately: what, and when."""

    thread: UUID
    title: Said
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Today:
    """What an office owes today, what it waits for, and what is late below it (without persons)."""

    opened: bool
    overdue: tuple[DutyView, ...]
    due_soon: tuple[DutyView, ...]
    later: tuple[DutyView, ...]
    waiting: tuple[DutyView, ...]
    subtree: tuple[DutyView, ...]
    begins: tuple[Action, ...]
    recent: tuple[RecentCase, ...]
    #: How many open duties there are in all.
    owed_in_all: int
    #: Which page of the lists this is, and whether one of them goes on after it.
    page: int = 1
    more: bool = False
