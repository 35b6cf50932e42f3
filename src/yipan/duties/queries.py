"""The worklist and the case: questions over duties and events, asked under a permit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import connection

from yipan.duties import journal
from yipan.duties.beginning import beginnings
from yipan.duties.desks import DESK_OF_DUTY
from yipan.duties.faults import UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.duties.nextsteps import actions_now, rule_of
from yipan.duties.settle import COLUMNS
from yipan.duties.views import CaseView, DutyView, EventView, Explanation, RecentCase, Said, Today
from yipan.law.correction import RETRACTION_KIND, substitute
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import DISCHARGED, OPEN, RELEASED, VOID, Duty
from yipan.law.roles import OWED_ONLY, level_of, resolve
from yipan.law.rule import Cite
from yipan.offices.naming import NamesByDay
from yipan.offices.office import lines_of, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.law.event import Event
    from yipan.law.kind import Kind
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: How many rows of each list a page shows.
PAGE: Final = 200
#: How many cases of late the worklist shows.
RECENT: Final = 10
_LIST: Final = ", ".join("thread_id" if name == "thread" else name for name in COLUMNS)
# A state is written where an index is of it alone: as a parameter, a statement that is prepared once cannot use it.
_OURS: Final = f"SELECT {_LIST} FROM duties_duty WHERE owed_by = %s AND state = '{OPEN}'"  # noqa: S608  # our own columns
_ON_DESK: Final = f" AND {DESK_OF_DUTY} = %s"
_FIRST: Final = " ORDER BY due_at NULLS LAST, id LIMIT %s OFFSET %s"
_WAITING: Final = (
    f"SELECT {_LIST} FROM duties_duty WHERE owed_to = %s AND owed_by <> %s AND state = '{OPEN}'"  # noqa: S608  # our own columns
    " ORDER BY due_at NULLS LAST, id LIMIT %s OFFSET %s"
)
_SUBTREE: Final = (
    f"SELECT {_LIST} FROM duties_duty WHERE state = '{OPEN}' AND due_at < %s AND owed_by IN"  # noqa: S608  # our own columns
    " (SELECT organisation_id FROM offices_line WHERE superior_id = %s AND depth > 0) ORDER BY due_at, id LIMIT %s OFFSET %s"
)
_OF_CASE: Final = f"SELECT {_LIST} FROM duties_duty WHERE thread_id = %s ORDER BY opened_at, rule, party, id"  # noqa: S608  # our own columns
_STORY: Final = (
    "id", "kind", "recorded_by", "officer", "on_behalf_of", "counts_at", "counts_by", "recorded_at", "clock", "parties",
)  # fmt: skip
_OF_STORY: Final = f"SELECT {', '.join(_STORY)} FROM duties_event WHERE thread_id = %s ORDER BY counts_at, recorded_at, seq, id"  # noqa: S608  # our own columns
_HOW_MANY: Final = f"SELECT count(*) FROM duties_duty WHERE owed_by = %s AND state = '{OPEN}'"  # noqa: S608  # our own words
_LAST_ENTRIES: Final = "SELECT thread_id, kind, counts_at, recorded_at FROM duties_event WHERE recorded_by = %s ORDER BY seq DESC LIMIT %s"
#: The effects of what is filled in on a form; what else has one is done and undone by a verb of its own.
_FORMS: Final = frozenset({"", "person-enrolled", "person-updated", "stay-began", "stay-ended"})
_PERSON: Final[Said] = {"zh": "本人", "en": "the person"}
_PUBLIC: Final[Said] = {"zh": "公众", "en": "the public"}


def owed_today(permit: Permit, now: datetime, *, desk: str = "", page: int = 1) -> Today:
    """Return what the permit's organisation owes, what it is owed, and what is late below it: a page of each list.

    With `desk` only what it owes in cases on the desk of that officer; the rest of the page is the office's.

    Raises:
        NotPermittedError: the post does not include reading duties.
    """
    permit.require("read-duties", now)
    own, rulebook = permit.organisation, lawbook()
    on_desk, whose = _on_desk(own, desk)
    with permit.in_force(), connection.cursor() as cursor:
        # One more than is shown tells whether a list goes on.
        part = [PAGE + 1, PAGE * (page - 1)]
        listed = [
            _duties(cursor, _OURS + on_desk + _FIRST, [own, *whose, *part]),
            _duties(cursor, _WAITING, [own, own, *part]),
            _duties(cursor, _SUBTREE, [now, own, *part]) if "read-subtree" in permit.rights else [],
        ]
        ours, waiting, below = (each[:PAGE] for each in listed)
        cursor.execute(_HOW_MANY + on_desk, [own, *whose])
        [owed_in_all] = cursor.fetchone()
        opened = bool(journal.opened_offices(cursor, [own]))
        recent = _recent(cursor, own, rulebook)
    views = duty_views([*ours, *waiting, *below], rulebook, now)
    mine, theirs = views[: len(ours)], views[len(ours) : len(ours) + len(waiting)]
    return Today(
        opened=opened,
        overdue=tuple(each for each in mine if each.clock == "overdue"),
        due_soon=tuple(each for each in mine if each.clock == "due-soon"),
        later=tuple(each for each in mine if each.clock == "open"),
        waiting=tuple(theirs),
        subtree=tuple(views[len(ours) + len(waiting) :]),
        begins=tuple(beginnings(permit, rulebook, lines_of([own])[own], now, opened=opened)),
        recent=tuple(recent),
        owed_in_all=owed_in_all,
        page=page,
        more=any(len(each) > PAGE for each in listed),
    )


def _recent(cursor: CursorWrapper, own: str, rulebook: Rulebook) -> list[RecentCase]:
    """Return the cases of the office's last entries, the latest first: the end of its chain, read backwards."""
    cursor.execute(_LAST_ENTRIES, [own, PAGE])
    found: dict[UUID, RecentCase] = {}
    for thread, kind_name, counts_at, recorded_at in cursor.fetchall():
        kind = rulebook.kind(kind_name, counts_at.astimezone(SHANGHAI).date())
        if thread not in found and kind.thread == "case" and not kind.system:
            found[thread] = RecentCase(thread=thread, title=kind.title, recorded_at=recorded_at)
    return list(found.values())[:RECENT]


def _on_desk(own: str, desk: str) -> tuple[str, list[str]]:
    """Return the condition that a case lies on somebody's desk, with its values; nothing where nobody is named."""
    return (_ON_DESK, [own, own, desk]) if desk else ("", [])


def duties_of(permit: Permit, now: datetime, *, only: str = "", desk: str = "") -> list[Duty]:
    """Return the duties an organisation owes; `only` is `open`, `overdue` or empty for all but void ones.

    With `desk` only those in cases on the desk of that officer.
    """
    permit.require("read-duties", now)
    query = f"SELECT {_LIST} FROM duties_duty WHERE owed_by = %s AND state <> %s"  # noqa: S608  # our own columns
    values: list[Any] = [permit.organisation, VOID]
    if only:
        query += f" AND state = '{OPEN}'"
    if only == "overdue":
        query, values = query + " AND due_at < %s", [*values, now]
    on_desk, whose = _on_desk(permit.organisation, desk)
    query, values = query + on_desk, [*values, *whose]
    with permit.in_force(), connection.cursor() as cursor:
        return _duties(cursor, query + " ORDER BY due_at NULLS LAST, id", values)


def _duties(cursor: CursorWrapper, query: str, values: Sequence[Any]) -> list[Duty]:
    cursor.execute(query, values)
    return [Duty(**dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()]


def duty_views(duties: Sequence[Duty], rulebook: Rulebook, now: datetime) -> list[DutyView]:
    """Return duties with their words; one query for all names."""
    names = names_of({each for duty in duties for each in (duty.owed_by, duty.owed_to)} - set(OWED_ONLY))
    return [_duty_view(duty, rulebook, names, now) for duty in duties]


def _duty_view(duty: Duty, rulebook: Rulebook, names: Mapping[str, str], now: datetime) -> DutyView:
    rule = rule_of(duty, rulebook)
    others = {"person": _PERSON["zh"], "public": _PUBLIC["zh"]}
    clock, days_left = clock_of(duty, rulebook, now)
    return DutyView(
        duty=duty,
        title=rule.title if rule else {"zh": duty.rule, "en": duty.rule},
        owed_by_name=names.get(duty.owed_by, duty.owed_by),
        owed_to_name=names.get(duty.owed_to) or others.get(duty.owed_to, duty.owed_to),
        party_title=_party_title(duty, rulebook, now),
        clock=clock,
        days_left=days_left,
        within=duty.within,
        cite=cite_of(duty, rulebook),
    )


def _party_title(duty: Duty, rulebook: Rulebook, now: datetime) -> Said:
    if duty.party_role:
        for kind in rulebook.kinds(now.astimezone(SHANGHAI).date()).values():
            if duty.party_role in kind.roles:
                return kind.roles[duty.party_role].title
    return {"zh": "", "en": ""}


def clock_of(duty: Duty, rulebook: Rulebook, now: datetime) -> tuple[str, int | None]:
    """Return the word for a duty's clock and the working days left to its last day (negative: past it)."""
    if duty.state == DISCHARGED:
        return ("in-time" if duty.in_time else "late"), None
    if duty.state in (RELEASED, VOID):
        return duty.state, None
    if duty.due_at is None or duty.due_on is None:
        return "open", None
    today = now.astimezone(SHANGHAI).date()
    calendar = rulebook.calendar_at(None)
    first, last = sorted((today, duty.due_on))
    days = 0
    while calendar.add_working_days(first, days + 1) <= last:
        days += 1
    if duty.due_at < now:
        return "overdue", -days
    return ("due-soon" if days <= settings.SOON else "open"), days


def cite_of(duty: Duty, rulebook: Rulebook) -> Cite:
    """Return the article behind the binding clock."""
    version = _clock_version(duty, rulebook)
    return version[0] if version else Cite()


def _clock_version(duty: Duty, rulebook: Rulebook) -> tuple[Cite, Said] | None:
    day = duty.opened_at.astimezone(SHANGHAI).date()
    for pack, overlay in rulebook.overlays(duty.rule):
        version = overlay.at(day)
        if pack.name == duty.clock_pack and overlay.id == duty.clock_rule and version:
            return version.cite, overlay.title
    rule = rule_of(duty, rulebook)
    version = rule.at(day) if rule else None
    return (version.cite, rule.title) if rule and version else None


def refuse_unseen(cursor: CursorWrapper, thread: UUID) -> None:
    """Refuse a case that is not there, or not for the office that acts: raise UnknownThreadError."""
    cursor.execute("SELECT 1 FROM duties_event WHERE thread_id = %s LIMIT 1", [thread])
    if cursor.fetchone() is None:
        raise UnknownThreadError(thread=thread)


def case(permit: Permit, thread: UUID, now: datetime) -> CaseView:
    """Return a case as the permit's organisation may see it, without anybody's facts.

    Raises:
        NotPermittedError: the post does not include reading cases.
        UnknownThreadError: there is no such case, or not for this office.
    """
    permit.require("read-case", now)
    rulebook = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        rows = _story_rows(cursor, thread)
        duties = _duties(
            cursor,
            _OF_CASE,
            [thread],
        )
    if not rows and not any(each.owed_by == permit.organisation for each in duties):
        raise UnknownThreadError(thread=thread)
    with permit.in_force([thread]), connection.cursor() as cursor:
        events = journal.events_of(cursor, [thread])[thread]
    views = [_explained(each, events, rulebook) for each in duty_views(duties, rulebook, now)]
    return CaseView(
        thread=thread,
        title=_case_title(events, rulebook),
        story=_story(rows, events, rulebook, permit.organisation),
        duties=tuple(views),
        actions=tuple(
            actions_now(
                permit.organisation,
                _visible(events, rows, duties, permit.organisation),
                duties,
                rulebook,
                now,
            )
        ),
        entries=len(events),
        known_roles=frozenset(role for event in events for role in event.parties),
    )


def _story_rows(cursor: CursorWrapper, thread: UUID) -> list[dict[str, Any]]:
    cursor.execute(_OF_STORY, [thread])
    return [dict(zip(_STORY, row, strict=True)) for row in cursor.fetchall()]


def _visible(
    events: Sequence[Event], rows: Sequence[Mapping[str, Any]], duties: Sequence[Duty], own: str
) -> list[Event]:
    """Return the events this office may read: what it may do next must not tell it of others' parts.

    Who owes something knows between whom it came about: a superior that is to name one of two sides is shown both.
    """
    shown = {row["id"] for row in rows} | {duty.opened_by for duty in duties if duty.owed_by == own}
    return [event for event in events if event.id in shown]


def _case_title(events: Sequence[Event], rulebook: Rulebook) -> Said:
    first = min(events, key=lambda each: (each.counts_at, each.id))
    return rulebook.kind(first.kind, first.counts_at.astimezone(SHANGHAI).date()).title


def _story(
    rows: Sequence[dict[str, Any]], events: Sequence[Event], rulebook: Rulebook, own: str
) -> tuple[EventView, ...]:
    held = {event.id for _, event in substitute(events)[0]}
    mentioned = {row["recorded_by"] for row in rows} | {
        row["on_behalf_of"] for row in rows if row["on_behalf_of"]
    }
    parties = [json.loads(row["parties"]) for row in rows]
    names = NamesByDay(mentioned | {own for each in parties for listed in each.values() for own in listed})
    found = []
    for row, party in zip(rows, parties, strict=True):
        day = row["counts_at"].astimezone(SHANGHAI).date()
        kind = rulebook.kind(row["kind"], day)
        own_entry = row["id"] in held and row["recorded_by"] == own and not kind.system
        found.append(
            EventView(
                id=row["id"],
                kind=row["kind"],
                title=kind.title,
                recorded_by_name=names.on(row["recorded_by"], day),
                officer=row["officer"],
                on_behalf_of_name=names.on(row["on_behalf_of"], day) if row["on_behalf_of"] else "",
                counts_at=row["counts_at"],
                counts_by=row["counts_by"],
                recorded_at=row["recorded_at"],
                clock=_clock_fields(kind, json.loads(row["clock"])),
                parties=tuple(
                    (kind.roles[role].title, names.on(own, day))
                    for role, listed in party.items()
                    if role in kind.roles
                    for own in listed
                ),
                corrected=row["id"] not in held and kind.name != RETRACTION_KIND,
                is_withdrawable=own_entry,
                is_correctable=own_entry and _has_a_form(kind, party),
            )
        )
    return tuple(found)


def _has_a_form(kind: Kind, parties: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether an entry was written on the form of its kind and can be shown on it: by no verb, one office a part."""
    by_verb = any(each.by_verb for each in kind.fields.values())
    on_a_form = kind.effect in _FORMS and bool(kind.action.get("zh")) and not by_verb
    return on_a_form and all(len(held) == 1 for held in parties.values())


def _clock_fields(kind: Kind, values: Mapping[str, object]) -> tuple[tuple[Said, Said], ...]:
    found = []
    for each in kind.fields.values():
        if each.name in values and each.type != "code":
            value = values[each.name]
            said = each.choices.get(str(value)) or _plain(value)
            found.append((each.title, said))
    return tuple(found)


def _plain(value: object) -> Said:
    if isinstance(value, bool):
        return {"zh": "是" if value else "否", "en": "yes" if value else "no"}
    return {"zh": str(value), "en": str(value)}


def _explained(view: DutyView, events: Iterable[Event], rulebook: Rulebook) -> DutyView:
    """Return the view with the whole reason for its date, computed again from the opening event."""
    duty, rule = view.duty, rule_of(view.duty, rulebook)
    opening = next((event for root, event in substitute(events)[0] if root == duty.opened_by), None)
    if rule is None or opening is None:
        return view
    # The clock is that of the two sides as the opening meant them, whoever stands in their place since.
    debtor = resolve(rule.owed_by, opening, duty.party or None) or duty.owed_by
    creditor = resolve(rule.owed_to, opening, duty.party or None) or duty.owed_to
    bound = rulebook.bound(
        rule,
        opening.counts_at,
        debtor=debtor,
        creditor=creditor,
        levels=(level_of(opening, debtor), level_of(opening, creditor)),
        clock=opening.clock,
        as_of=duty.closed_at,
    )
    said = _clock_version(duty, rulebook)
    pack = next(each.pack for each in rulebook.adoptions() if each.pack.name == bound.pack)
    explanation = Explanation(
        text=rule.text or rule.title,
        pack_title=pack.title,
        clock_title=said[1] if said else rule.title,
        version_on=bound.version_on,
        cite=bound.cite,
        counted=bound.deadline.counted,
        calendars=bound.deadline.calendars,
        rolled_from=bound.deadline.rolled_from,
        provisional=bound.deadline.provisional,
    )
    return replace(view, explanation=explanation)
