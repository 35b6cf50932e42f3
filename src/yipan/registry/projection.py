"""The register kept in step with the journal, in the transaction that writes it.

A fresh enrolment becomes rows at once. Any later entry of the case redraws it whole from the entries that hold, so that a
correction, a withdrawal of an entry or a late one needs no rule of its own. `redrawn` draws everything anew, to compare.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from yipan.database.many import insert_many
from yipan.duties import journal, sealing
from yipan.duties.projecting import Projecting
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.registry.doubts import doubts_beside
from yipan.registry.lookup import LookupKey, digest_with, digests, key
from yipan.registry.matching import read_number, read_phone
from yipan.registry.names import read_name
from yipan.registry.picture import WITHDRAWN, Picture, Told, draw, enrolled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.projecting import Recorded, Written
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

#: The subject under which an enrolment's kinds speak of the person.
PERSON: Final = "person"
#: What the register does itself when an event of such a kind is recorded.
EFFECTS: Final = frozenset({
    "person-enrolled", "person-updated", "stay-began", "stay-ended", "enrolment-ended",
    "persons-merged", "persons-kept-apart", "headcount-noted",
})  # fmt: skip
PERSON_COLUMNS: Final = {
    "thread": "uuid", "subject": "uuid", "organisation": "text", "enrolled_on": "date", "name": "text",
    "pinyin": "text", "initials": "text", "number_digest": "bytea", "phone_digest": "bytea", "like_birth": "bytea",
    "like_phone": "bytea", "like_serial": "bytea", "home": "text", "residence": "text",
    "number_doubts": "text[]", "intake": "uuid", "ended": "text", "merged_into": "uuid", "came_from": "text",
}  # fmt: skip
STAY_COLUMNS: Final = {
    "thread": "uuid", "number": "int2", "organisation": "text", "place": "text", "reason": "text",
    "from_on": "date", "until_on": "date",
}  # fmt: skip
_PAYLOADS: Final = """
SELECT p.event_id, p.name, p.ciphertext, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p JOIN duties_subject s ON s.id = p.subject_id
  JOIN duties_event e ON e.id = p.event_id
 WHERE e.thread_id = ANY(%s) AND p.name = %s
"""

Row = tuple[Any, ...]


class Projection(Projecting):
    """Writes the register for what one call of `record()` recorded for one organisation."""

    def __init__(self, permit: Permit, intake: UUID | None = None) -> None:
        """Know for whom; `intake` marks the people who come in a list."""
        self.permit = permit
        self.intake = intake
        self.lookup = key()

    handles = EFFECTS

    def draw_new(self, cursor: CursorWrapper, recorded: Sequence[Recorded]) -> None:
        """Draw the people whom the entries enrol for the first time."""
        people: list[Row] = []
        stays: list[Row] = []
        # Asked for in the transaction that writes: whoever rotates the key waits for it.
        self.lookup = key()
        for each in recorded:
            if each.kind.effect == "person-enrolled" and each.fresh:
                told = _told(each.kind.effect, each.entry.counts_at, each.said)
                subject = each.entry.payloads[PERSON].subject
                person, line = self._rows(each.entry.thread, subject, enrolled(None, told))
                people.append(person)
                stays.extend(line)
        insert_many(cursor, "registry_person", PERSON_COLUMNS, people)
        insert_many(cursor, "registry_stay", STAY_COLUMNS, stays)

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Draw what else the entries say into the register's tables, in the same transaction."""
        again: set[UUID] = set()
        for each in written.recorded:
            if each.kind.effect == "headcount-noted":
                self._count(cursor, each)
                if each.entry.corrects:
                    again.add(each.entry.thread)
            elif each.kind.effect == "person-enrolled" and each.fresh:
                continue
            elif each.kind.effect in EFFECTS or each.entry.corrects:
                again.add(each.entry.thread)
        if again:
            self.redraw(cursor, sorted(again), written.rulebook)

    def redraw(self, cursor: CursorWrapper, threads: Sequence[UUID], rulebook: Rulebook) -> None:
        """Draw whole cases anew, and what their decisions about other entries say."""
        self.lookup = key()
        cursor.execute(
            "SELECT thread, intake, merged_into, came_from FROM registry_person WHERE thread = ANY(%s)",
            [list(threads)],
        )
        kept = {row[0]: row[1:] for row in cursor.fetchall()}
        drawn = pictures(cursor, threads, rulebook)
        cursor.execute("DELETE FROM registry_stay WHERE thread = ANY(%s)", [list(threads)])
        cursor.execute("DELETE FROM registry_person WHERE thread = ANY(%s)", [list(threads)])
        people, stays = [], []
        for thread, (subject, picture) in drawn.items():
            if picture.ended != WITHDRAWN:
                person, line = self._rows(thread, subject, picture, *kept.get(thread, (None, None, "")))
                people.append(person)
                stays.extend(line)
        insert_many(cursor, "registry_person", PERSON_COLUMNS, people)
        insert_many(cursor, "registry_stay", STAY_COLUMNS, stays)
        _decide(cursor, threads, drawn)
        cursor.execute("DELETE FROM registry_headcount WHERE event = ANY(%s)", [_withdrawn(cursor, threads)])

    def _rows(
        self,
        thread: UUID,
        subject: UUID,
        picture: Picture,
        intake: UUID | None = None,
        merged_into: UUID | None = None,
        came_from: str = "",
    ) -> tuple[Row, list[Row]]:
        own = self.permit.organisation
        found = found_by(picture, self.lookup)
        person = (thread, subject, own, picture.enrolled_on, *found, intake or self.intake)
        line = [
            (thread, number, own, each.place, each.reason, each.from_on, each.until_on)
            for number, each in enumerate(picture.stays)
        ]
        return (*person, picture.ended, merged_into, came_from), line

    def _count(self, cursor: CursorWrapper, each: Recorded) -> None:
        cursor.execute(
            "INSERT INTO registry_headcount (event, organisation, township, month, people) VALUES (%s, %s, %s, %s, %s)",
            [
                each.entry.id,
                self.permit.organisation,
                str(each.said["township"]),
                str(each.said["period"]),
                str(each.said["people"]),
            ],
        )


def found_by(picture: Picture, lookup: LookupKey) -> tuple[object, ...]:
    """Return what a person is found by: name and sound in clear, the rest as digests; where she is; what is doubted."""
    said = picture.particulars
    name = read_name(said["name"])
    near = "".join(name.near_sound)
    number = read_number(said.get("identity_number"))
    body = number.body if number else said.get("identity_number", "")
    born = said.get("birth_on") or (number.birth_on.isoformat() if number and number.birth_on else "")
    phone = read_phone(said.get("phone"))
    made = partial(digest_with, lookup)
    return (
        said["name"],
        "".join(name.sound),
        "".join(each[:1] for each in name.sound),
        made("number", body),
        made("phone", phone) if phone else None,
        made("birth", near, born) if born else None,
        made("name-phone", near, phone) if phone else None,
        made("serial", near, body[:6], body[14:]),
        said.get("home", ""),
        picture.residence,
        doubts_beside(picture, number),
    )


def number_digests(text: str, under: Sequence[LookupKey] = ()) -> list[bytes]:
    """Return the digests under which an identity number, of 15 or 18 digits, may be found; `under` as in `digests`."""
    number = read_number(text)
    return digests("number", number.body if number else text, under=under)


def phone_digests(text: str) -> list[bytes]:
    """Return the digests under which a telephone may be found."""
    return digests("phone", read_phone(text))


def _told(effect: str, counts_at: Any, said: Mapping[str, object]) -> Told:  # noqa: ANN401  # a datetime of the journal
    return Told(effect=effect, on=counts_at.astimezone(SHANGHAI).date(), said=said)


def pictures(
    cursor: CursorWrapper, threads: Sequence[UUID], rulebook: Rulebook
) -> dict[UUID, tuple[UUID, Picture]]:
    """Return the picture of each case that enrols somebody, with her subject, as far as the permit in force sees."""
    cursor.execute(_PAYLOADS, [list(threads), PERSON])
    facts: dict[UUID, dict[str, object]] = {}
    subjects: dict[UUID, UUID] = {}
    for event, name, ciphertext, subject, wrapped, version in cursor.fetchall():
        subjects[event] = subject
        try:
            key = sealing.unwrap(subject, wrapped, version)
            facts[event] = sealing.unseal(key, event, name, bytes(ciphertext))
        except sealing.ErasedError:
            facts[event] = {}
    found: dict[UUID, tuple[UUID, Picture]] = {}
    for thread, events in journal.events_of(cursor, threads).items():
        told = []
        subject = None
        for event in in_order(events, rulebook):
            effect = rulebook.kind(event.kind, event.counts_at.astimezone(SHANGHAI).date()).effect
            if effect in EFFECTS:
                said = {**event.clock, **facts.get(event.id, {})}
                told.append(_told(effect, event.counts_at, said))
                subject = subjects.get(event.id, subject)
        picture = draw(told)
        if picture and subject and picture.particulars.get("name"):
            found[thread] = (subject, picture)
    return found


def _decide(
    cursor: CursorWrapper, threads: Sequence[UUID], drawn: Mapping[UUID, tuple[UUID, Picture]]
) -> None:
    """Write down what was decided about pairs of entries, and take back what was withdrawn."""
    cursor.execute(
        "UPDATE registry_person SET merged_into = NULL WHERE merged_into = ANY(%s)", [list(threads)]
    )
    cursor.execute(
        "UPDATE registry_question SET decided = '' WHERE one = ANY(%(ids)s) OR other = ANY(%(ids)s)",
        {"ids": list(threads)},
    )
    for thread, (_, picture) in drawn.items():
        for decided, others in (("same", picture.merged), ("different", picture.apart)):
            for other in sorted(map(UUID, others)):
                pair = sorted((thread, other))
                cursor.execute(
                    "UPDATE registry_question SET decided = %s WHERE one = %s AND other = %s",
                    [decided, *pair],
                )
                if decided == "same":
                    cursor.execute(
                        "UPDATE registry_person SET merged_into = %s WHERE thread = %s", [thread, other]
                    )


def _withdrawn(cursor: CursorWrapper, threads: Sequence[UUID]) -> list[UUID]:
    cursor.execute(
        "SELECT corrects FROM duties_event WHERE thread_id = ANY(%s) AND corrects IS NOT NULL",
        [list(threads)],
    )
    return [row[0] for row in cursor.fetchall()]
