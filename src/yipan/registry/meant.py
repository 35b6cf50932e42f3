"""Who is meant by what another office asks: looked for in this office's own register, each look written down.

No register is sent round, and the numbers of two nodes are never the same. Who is asked looks among its own people with what she
agreed to have checked. It proposes and never decides: "not enrolled here" is a normal answer, and so is nobody of that name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.duties import sealing
from yipan.duties.lawbook import lawbook
from yipan.duties.queries import refuse_unseen
from yipan.law.deadline import SHANGHAI
from yipan.registry.likeness import record_of
from yipan.registry.matching import Record, judge, read_number
from yipan.registry.names import read_name
from yipan.registry.people import write_down
from yipan.registry.projection import number_digests, pictures
from yipan.registry.readlog import note_look

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.offices.permit import Permit
    from yipan.registry.matching import Verdict

#: What the read log says these looks were for.
PURPOSE: Final = "who is meant"
#: The most entries proposed.
MOST: Final = 10
_SAID: Final = (
    "SELECT e.kind, e.counts_at, e.id, p.name, p.ciphertext, p.subject_id, s.wrapped_key, s.kek_version"
    " FROM duties_event e JOIN duties_payload p ON p.event_id = e.id JOIN duties_subject s ON s.id = p.subject_id"
    " WHERE e.thread_id = %s AND s.wrapped_key IS NOT NULL ORDER BY e.counts_at, e.id"
)
_LIKE: Final = (
    "SELECT thread FROM registry_person WHERE organisation = %s AND merged_into IS NULL"
    " AND (number_digest = ANY(%s::bytea[]) OR pinyin = %s) ORDER BY thread LIMIT %s"
)


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """One entry of the register that may be the person meant, with what speaks for and against."""

    thread: UUID
    name: str
    last_four: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Meant:
    """One person of a case, and who in the register she may be. `answer`: `same`, `unsure` or `nobody`."""

    subject: str
    name: str
    answer: str
    proposed: tuple[Proposed, ...]


def who_is_meant(permit: Permit, thread: UUID, now: datetime) -> list[Meant]:
    """Return for each person of a case whom this office may read there who in its register she may be.

    Raises:
        NotPermittedError: the post does not include reading cases.
        UnknownThreadError: the case is not there, or not for this office.
    """
    permit = replace(permit, purpose=PURPOSE)
    permit.require("read-case", now)
    with permit.in_force(), connection.cursor() as cursor:
        refuse_unseen(cursor, thread)
        return [
            _meant(cursor, permit, subject, record, now)
            for subject, record in _records(cursor, permit, thread, now).items()
        ]


def _records(cursor: CursorWrapper, permit: Permit, thread: UUID, now: datetime) -> dict[str, Record]:
    """Return what the case says of each person, for comparing, and write down that it was looked at."""
    book = lawbook()
    said: dict[str, dict[str, str]] = {}
    looked_at: set[UUID] = set()
    cursor.execute(_SAID, [thread])
    for kind_name, at, event, name, ciphertext, subject, wrapped, version in cursor.fetchall():
        fields = book.kind(kind_name, at.astimezone(SHANGHAI).date()).fields
        if not ciphertext:
            continue
        facts = sealing.unseal(sealing.unwrap(subject, wrapped, version), event, name, ciphertext)
        for key, value in facts.items():
            if (
                key in fields
                and fields[key].subject == name
                and fields[key].type in ("name", "identity-number", "phone")
            ):
                said.setdefault(name, {})[fields[key].type] = str(value)
                looked_at.add(subject)
    note_look(cursor, permit, now, [thread], looked_at)
    return {
        subject: Record(
            name=each["name"], identity_number=each.get("identity-number"), phone=each.get("phone")
        )
        for subject, each in said.items()
        if "name" in each
    }


def _meant(cursor: CursorWrapper, permit: Permit, subject: str, record: Record, now: datetime) -> Meant:
    number = record.identity_number if read_number(record.identity_number) else None
    digests = list(number_digests(number)) if number else []
    cursor.execute(_LIKE, [permit.organisation, digests, "".join(read_name(record.name).sound), MOST])
    drawn = pictures(cursor, [row[0] for row in cursor.fetchall()], lawbook())
    write_down(permit, now, {thread: whose for thread, (whose, _) in drawn.items()})
    proposed = sorted(
        (
            Proposed(
                thread=thread,
                name=picture.particulars["name"],
                last_four=picture.particulars.get("identity_number", "")[-4:],
                verdict=judge(record, record_of(picture)),
            )
            for thread, (_, picture) in drawn.items()
        ),
        key=lambda each: -each.verdict.score,
    )
    kept = tuple(each for each in proposed if each.verdict.same != "different")
    return Meant(subject=subject, name=record.name, answer=_answer(kept), proposed=kept)


def _answer(proposed: tuple[Proposed, ...]) -> str:
    if not proposed:
        return "nobody"
    return "same" if len(proposed) == 1 and proposed[0].verdict.same == "same" else "unsure"
