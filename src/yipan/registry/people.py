"""People found and read: by number, telephone, name or sound, in one office's own register, each look written down.

Nobody is listed who was not asked for. Of who was decided to be one person, the entry in front is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal
from uuid import UUID

from django.db import connection

from yipan.duties import journal, queries
from yipan.duties.faults import UnknownThreadError
from yipan.duties.lawbook import lawbook
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.offices.divisions import place_name
from yipan.registry.doubts import doubts_of
from yipan.registry.matching import PHONE_DIGITS, read_number, read_phone
from yipan.registry.names import read_name
from yipan.registry.projection import number_digests, phone_digests, pictures
from yipan.registry.purpose import purpose_said
from yipan.registry.readlog import note_look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.views import CaseView, DutyView, EventView, Said
    from yipan.law.event import Event
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit
    from yipan.registry.picture import Picture

#: What the read log says these looks were for.
FIND: Final = "find a person"
#: The most people that one search shows, and how far the rest is counted.
SHOWN: Final = 50
COUNTED: Final = 1000
#: The most cases of one person on her page.
CASES: Final = 20
#: Fewer letters than this would list whole registers.
_FEWEST_LETTERS: Final = 2
#: Decisions lie one upon another; nobody decides so often about one person.
_DEEPEST: Final = 20
_LAST: Final = chr(0x10FFFF)
_LETTERS: Final = re.compile(r"[A-Za-zÜü][A-Za-zÜü:'’ ]*")
_DIGITS: Final = re.compile(r"[0-9０-９Xx+＋() （）\-]+")

#: How somebody was found: by number, telephone, the front of the name, a part of it, its sound, its pinyin, or its initials.
By = Literal["number", "phone", "name", "inside", "sound", "pinyin", "initials"]

#: What fills a query; and a way to look with what fills its query.
Values = dict[str, str | int | list[bytes]]
Way = tuple[By, Values]

_FROM: Final = "FROM registry_person WHERE organisation = %(own)s AND"
# Ranges said in so many words: only such comparisons are let through to the index below the policies.
_WHERE: Final[Mapping[By, str]] = {
    "number": "number_digest = ANY(%(digests)s) ORDER BY thread",
    "phone": "phone_digest = ANY(%(digests)s) ORDER BY thread",
    "name": "name >= %(low)s AND name < %(high)s ORDER BY name",
    "inside": "strpos(name, %(low)s) > 0",
    "sound": "pinyin >= %(low)s AND pinyin < %(high)s ORDER BY pinyin",
    "pinyin": "pinyin >= %(low)s AND pinyin < %(high)s ORDER BY pinyin",
    # The first letter of both is the same: the index of the sounds narrows the search for initials.
    "initials": "pinyin >= %(letter)s AND pinyin < %(letter_end)s AND initials >= %(low)s AND initials < %(high)s"
    " ORDER BY pinyin",
}


class NothingAskedError(YipanError):
    """What was typed is too little to look for anybody."""

    code: ClassVar[str] = "nothing-asked"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "请输入要找的人。",
        "en": "Say whom you are looking for.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "写全公民身份号码（18位或15位）或电话号码；或写姓名，或至少两个拼音字母。",
        "en": "Write the whole identity number (18 or 15 digits) or telephone; or the name, or two letters of its pinyin.",
    }


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One person as a search shows her: enough to tell namesakes apart, and no more."""

    thread: UUID
    name: str
    born_on: date | None
    #: The last four characters of the identity number, and whether its check digit is wrong and nobody confirmed it.
    last_four: str
    number_wrong: bool
    home: str
    enrolled_on: date
    #: Why the enrolment ended; empty while it holds.
    ended: str
    #: Names under which she was found in entries that were decided to be hers too.
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found. `more` people were not shown; `COUNTED` stands for that many or more."""

    by: By
    people: tuple[Listed, ...]
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class OtherEntry:
    """Another entry decided to be the same person, and the entry of the journal that says so."""

    thread: UUID
    name: str
    last_four: str
    enrolled_on: date
    decided_by: UUID


@dataclass(frozen=True, kw_only=True)
class HerCase:
    """A case of this office that is about her."""

    thread: UUID
    title: Said
    begun_at: datetime
    open_duties: int


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """What a register says of one person, for filling in a form about her."""

    subject: UUID
    said: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PersonSeen:
    """One person as her office knows her: her picture, how she agreed, her cases and what is owed to her."""

    thread: UUID
    picture: Picture
    #: What should be looked at on paper, by the names in `doubts.DOUBTS`.
    doubts: tuple[str, ...]
    #: The entry decided to be the same person and kept in front; None for one that is in front.
    merged_into: UUID | None
    #: The entry by which she agreed last.
    agreed: EventView
    view: CaseView
    others: tuple[OtherEntry, ...]
    cases: tuple[HerCase, ...]
    duties: tuple[DutyView, ...] = field(default=())


# ---------------------------------------------------------------------------------------------- finding


def find(
    permit: Permit, typed: str, now: datetime, *, inside: bool = False, ground: str = "", words: str = ""
) -> Found:
    """Return whom a text may mean among the people of this office, and write down whom it showed.

    Args:
        permit: who looks, for which office.
        typed: an identity number, a telephone, a name or its beginning, its pinyin or initials.
        now: the moment of the look.
        inside: look anywhere in the name, or for letters as initials, at once; else only when nobody's name, or its
            pinyin, begins so.
        ground: what it is for, of `purpose.PURPOSES`; by a whole number it may be left out.
        words: the same in words, where the choice asks for them.

    Raises:
        NothingAskedError: it is too little, or digits that are neither number nor telephone.
        PurposeNeededError, PurposeInWordsError: by name, and nobody said what for.
        NotPermittedError: the post does not include reading cases.
    """
    permit = replace(permit, purpose=FIND)
    permit.require("read-case", now)
    ways = _ways(typed, inside=inside)
    ground, words = purpose_said(ground, words, by_number=ways[0][0] in ("number", "phone"))
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        by, rows, more = _first_that_finds(cursor, permit.organisation, ways)
        front = _in_front(cursor, rows)
        drawn = pictures(cursor, list(front), book) if front else {}
        people = tuple(
            _listed(thread, drawn[thread][1], front[thread]) for thread in front if thread in drawn
        )
        shown = {thread: drawn[thread][0] for thread in front if thread in drawn}
        write_down(permit, now, shown, ground=ground, words=words)
    return Found(by=by, people=people, more=more)


def _ways(typed: str, *, inside: bool) -> list[Way]:
    """Return the ways to look for a text, each tried when the one before found nobody."""
    text = "".join(typed.split())
    if not text:
        raise NothingAskedError
    if _DIGITS.fullmatch(typed.strip()) and any(each.isdigit() for each in text):
        return [_by_digits(text)]
    if _LETTERS.fullmatch(typed.strip()):
        letters = re.sub(r"[^a-z]", "", text.lower().replace("u:", "v").replace("ü", "v"))
        if len(letters) < _FEWEST_LETTERS:
            raise NothingAskedError
        first = {"letter": letters[0], "letter_end": letters[0] + _LAST}
        initials: Way = ("initials", _between(letters) | first)
        return [initials] if inside else [("pinyin", _between(letters)), initials]
    sound = "".join(read_name(text).sound)
    rest: list[Way] = [("inside", _between(text)), ("sound", _between(sound))]
    return rest if inside else [("name", _between(text)), *rest]


def _by_digits(text: str) -> Way:
    if read_number(text):
        return "number", {"digests": number_digests(text)}
    phone = read_phone(text)
    if len(phone) not in PHONE_DIGITS:
        raise NothingAskedError
    return "phone", {"digests": phone_digests(phone)}


def _between(text: str) -> Values:
    return {"low": text, "high": text + _LAST}


def _first_that_finds(
    cursor: CursorWrapper, own: str, ways: Sequence[Way]
) -> tuple[By, list[tuple[Any, ...]], int]:
    for by, values in ways:
        asked = {**values, "own": own, "limit": SHOWN + 1}
        cursor.execute(f"SELECT thread, merged_into, name {_FROM} {_WHERE[by]} LIMIT %(limit)s", asked)
        if rows := cursor.fetchall():
            return by, rows[:SHOWN], _beyond(cursor, by, asked) if len(rows) > SHOWN else 0
    return ways[-1][0], [], 0


def _beyond(cursor: CursorWrapper, by: By, asked: Values) -> int:
    """Count those who are not shown, as far as anybody needs to know."""
    condition = _WHERE[by].partition(" ORDER BY ")[0]
    query = f"SELECT count(*) FROM (SELECT 1 {_FROM} {condition} LIMIT %(limit)s) AS counted"  # noqa: S608  # our own words
    cursor.execute(query, {**asked, "limit": SHOWN + COUNTED})
    return int(cursor.fetchone()[0]) - SHOWN


def _in_front(cursor: CursorWrapper, rows: Iterable[tuple[Any, ...]]) -> dict[UUID, tuple[str, ...]]:
    """Return the entries in front of those found, each with the names of entries of hers that were found instead."""
    waiting = {row[0]: (row[1], (row[2],)) for row in rows}
    front: dict[UUID, tuple[str, ...]] = {thread: () for thread, (into, _) in waiting.items() if into is None}
    behind: dict[UUID, tuple[UUID | None, tuple[str, ...]]] = {
        thread: known for thread, known in waiting.items() if known[0] is not None
    }
    for _ in range(_DEEPEST):
        if not behind:
            break
        wanted = sorted({into for into, _ in behind.values() if into})
        cursor.execute("SELECT thread, merged_into FROM registry_person WHERE thread = ANY(%s)", [wanted])
        further = dict(cursor.fetchall())
        following = {}
        for into, names in behind.values():
            if into is None or into not in further:
                continue
            if further[into] is None:
                front[into] = tuple(dict.fromkeys((*front.get(into, ()), *names)))
            else:
                following[into] = (further[into], names)
        behind = following
    return front


def _listed(thread: UUID, picture: Picture, also: Iterable[str]) -> Listed:
    said = picture.particulars
    number = read_number(said.get("identity_number"))
    return Listed(
        thread=thread,
        name=said["name"],
        born_on=born_on(picture),
        last_four=said.get("identity_number", "")[-4:],
        number_wrong=bool(number and number.wrong and not picture.number_confirmed),
        home=place_name(said.get("home", "")),
        enrolled_on=picture.enrolled_on,
        ended=picture.ended,
        also=tuple(each for each in also if each != said["name"]),
    )


def born_on(picture: Picture) -> date | None:
    """Return the birth date that somebody said, or that the identity number says."""
    said = picture.particulars.get("birth_on")
    number = read_number(picture.particulars.get("identity_number"))
    return date.fromisoformat(said) if said else number.birth_on if number else None


# ---------------------------------------------------------------------------------------------- reading


def read_person(permit: Permit, thread: UUID, now: datetime) -> PersonSeen:
    """Return one person of this office's register, and write down that it looked.

    Raises:
        NotPermittedError: the post does not include reading cases.
        UnknownThreadError: nobody is enrolled here under that id, or she withdrew her agreement.
    """
    view = queries.case(permit, thread, now)
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        merged_into = _row(cursor, permit.organisation, thread)
        events = journal.events_of(cursor, [thread])[thread]
        merges = _held(cursor, _merges(events, book))
        drawn = pictures(cursor, [thread, *merges], book)
        if thread not in drawn:
            raise UnknownThreadError(thread=thread)
        subjects = {each: subject for each, (subject, _) in drawn.items()}
        cases = _cases_of(cursor, subjects)
        write_down(permit, now, subjects)
    picture = drawn[thread][1]
    seen = [(each, queries.case(permit, each, now)) for each in cases]
    return PersonSeen(
        thread=thread,
        picture=picture,
        doubts=doubts_of(picture),
        merged_into=merged_into,
        agreed=_agreed(view),
        view=view,
        others=tuple(_other(each, merges[each], drawn[each][1]) for each in merges if each in drawn),
        cases=tuple(_case(each, one) for each, one in seen),
        duties=tuple(
            each for one in (view, *(one for _, one in seen)) for each in one.duties if _is_hers(each)
        ),
    )


def particulars_of(permit: Permit, thread: UUID, now: datetime) -> Particulars:
    """Return what the register says of one person, for a form about her, and write down that it looked.

    Raises:
        NotPermittedError: the post does not include reading cases.
        UnknownThreadError: nobody is enrolled here under that id.
    """
    permit.require("read-case", now)
    book = lawbook()
    with permit.in_force(), connection.cursor() as cursor:
        _row(cursor, permit.organisation, thread)
        drawn = pictures(cursor, [thread], book)
        if thread not in drawn:
            raise UnknownThreadError(thread=thread)
        subject, picture = drawn[thread]
        write_down(permit, now, {thread: subject})
    return Particulars(subject=subject, said=picture.particulars)


def is_person(permit: Permit, thread: UUID) -> bool:
    """Tell whether a case is the enrolment of somebody in this office's register."""
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM registry_person WHERE thread = %s", [thread])
        return cursor.fetchone() is not None


def _row(cursor: CursorWrapper, own: str, thread: UUID) -> UUID | None:
    """Return into which entry one was merged; refuse one that this office's register does not have."""
    cursor.execute(
        "SELECT merged_into FROM registry_person WHERE thread = %s AND organisation = %s", [thread, own]
    )
    if (row := cursor.fetchone()) is None:
        raise UnknownThreadError(thread=thread)
    found: UUID | None = row[0]
    return found


def _merges(events: Iterable[Event], book: Rulebook) -> dict[UUID, UUID]:
    """Return the other entries decided to be hers, each with the journal's entry that decided it."""
    found = {}
    for event in in_order(events, book):
        if book.kind(event.kind, event.counts_at.astimezone(SHANGHAI).date()).effect == "persons-merged":
            found[UUID(str(event.clock["other"]))] = event.id
    return found


def _held(cursor: CursorWrapper, merges: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Leave out whose entry is not in the register any more: she withdrew her agreement."""
    cursor.execute("SELECT thread FROM registry_person WHERE thread = ANY(%s)", [list(merges)])
    held = {row[0] for row in cursor.fetchall()}
    return {thread: by for thread, by in merges.items() if thread in held}


def _cases_of(cursor: CursorWrapper, subjects: Mapping[UUID, UUID]) -> list[UUID]:
    """Return the other cases of this office that share a person's key, the latest first."""
    cursor.execute(
        "SELECT e.thread_id FROM duties_threadsubject t JOIN duties_event e ON e.thread_id = t.thread_id"
        " WHERE t.subject_id = ANY(%s) AND t.thread_id <> ALL(%s)"
        " GROUP BY e.thread_id ORDER BY min(e.recorded_at) DESC LIMIT %s",
        [list(subjects.values()), list(subjects), CASES],
    )
    return [row[0] for row in cursor.fetchall()]


def _agreed(view: CaseView) -> EventView:
    """Return the latest entry that enrols her and holds."""
    book = lawbook()
    enrolments = [
        each
        for each in view.story
        if not each.corrected
        and book.kind(each.kind, each.counts_at.astimezone(SHANGHAI).date()).effect == "person-enrolled"
    ]
    return enrolments[-1]


def _other(thread: UUID, decided_by: UUID, picture: Picture) -> OtherEntry:
    said = picture.particulars
    return OtherEntry(
        thread=thread,
        name=said["name"],
        last_four=said.get("identity_number", "")[-4:],
        enrolled_on=picture.enrolled_on,
        decided_by=decided_by,
    )


def _case(thread: UUID, view: CaseView) -> HerCase:
    return HerCase(
        thread=thread,
        title=view.title,
        begun_at=min(each.recorded_at for each in view.story),
        open_duties=sum(each.duty.state == "open" for each in view.duties),
    )


def _is_hers(view: DutyView) -> bool:
    return view.duty.owed_to == "person"


def write_down(
    permit: Permit, now: datetime, shown: Mapping[UUID, UUID], *, ground: str = "", words: str = ""
) -> None:
    """Add one line to the read log, if anybody was shown; within the transaction of the look."""
    with connection.cursor() as cursor:
        note_look(cursor, permit, now, shown, shown.values(), ground=ground, words=words)
