"""Certificates: what the journal says of them, kept as rows that anybody who holds the paper can have verified.

A row names nobody. The signed text, with the name, is sealed under the number that is printed on the paper: who holds the
paper can open it, a copy of the table cannot. The number comes from the person's own key, so erasing her erases it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction

from yipan.documents import signing
from yipan.documents.signing import SignatureWrongError, Statement
from yipan.duties import journal, sealing
from yipan.duties.projecting import Projecting
from yipan.errors import YipanError
from yipan.law.deadline import SHANGHAI
from yipan.law.fold import in_order
from yipan.offices.office import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from django.db.backends.utils import CursorWrapper

    from yipan.duties.chain import Entry
    from yipan.duties.projecting import Written
    from yipan.law.event import Event
    from yipan.law.rulebook import Rulebook
    from yipan.offices.permit import Permit

ISSUED: Final = "certificate-issued"
SENT: Final = "certificate-sent"
REVOKED: Final = "certificate-revoked"
#: What this room keeps in step when an event of such a kind is recorded.
EFFECTS: Final = frozenset({ISSUED, SENT, REVOKED})
#: The subject of the kinds: whose certificate it is.
PERSON: Final = "person"
#: Letters and figures that nobody mistakes for one another.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 16
_READ_AS: Final = str.maketrans("OIL", "011")
#: Why a certificate ended, beside the grounds of its kind: a newer one came, or its entry was corrected away.
REPLACED: Final = "replaced"
CORRECTED: Final = "corrected"


class NoCertificateError(YipanError):
    """There is no such certificate, or not for this office."""

    code: ClassVar[str] = "no-certificate"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有这份证明，或者本机构无权查看。",
        "en": "There is no such certificate, or not for this office.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请回到案件，查看证明是否已经出具。",
        "en": "Go back to the case and see whether it has been issued.",
    }


class Certificate(models.Model):
    """One certificate, by the event that issued it. Who holds its number may have it verified."""

    id = models.UUIDField(primary_key=True)
    thread = models.UUIDField(db_index=True)
    office = models.TextField()
    #: The digest of the number: it finds the row, and the row does not give it away.
    lookup = models.BinaryField(unique=True)
    sealed = models.BinaryField()
    issued_on = models.DateField()
    expires_on = models.DateField()
    ended_at = models.DateTimeField(null=True)
    ended_because = models.TextField(default="")
    seen_by = ArrayField(models.TextField())

    class Meta:
        app_label = "documents"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_on__gt=models.F("issued_on")), name="a_certificate_has_a_term"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_because="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended_because="")),
                name="a_certificate_ends_for_a_reason",
            ),
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A certificate as an office holds it: what it says, the signed text, and whether it ended."""

    id: UUID
    statement: Statement
    token: str
    ended_at: datetime | None
    ended_because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What the public may know. `state` is valid, expired, ended, or unknown; the rest only of a known certificate."""

    state: str
    statement: Statement | None = None
    ended_on: date | None = None


# --------------------------------------------------------------------------------------------- the number


def number_for(key: bytes, event: UUID) -> str:
    """Return the number of the certificate that an event issues to the person of this key."""
    digest = hashlib.blake2b(event.bytes, key=key, person=b"yipan-certnumber", digest_size=_LENGTH).digest()
    return shown("".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest))


def shown(number: str) -> str:
    """Return a number in groups of four, as it is printed."""
    return "-".join(number[at : at + 4] for at in range(0, len(number), 4))


def read_number(text: str) -> str:
    """Return a number as typed from paper, in the one form it has; nothing when it can be none."""
    plain = "".join(each for each in text.upper().translate(_READ_AS) if each.isalnum())
    return shown(plain) if len(plain) == _LENGTH and set(plain) <= set(_ALPHABET) else ""


def lookup_of(number: str) -> bytes:
    """Return the digest by which the row of a number is found."""
    return hashlib.blake2b(number.encode(), person=b"yipan-certlookup", digest_size=32).digest()


def _box(number: str) -> AESGCM:
    return AESGCM(hashlib.blake2b(number.encode(), person=b"yipan-certsealed", digest_size=32).digest())


def _sealed(number: str, event: UUID, token: str) -> bytes:
    # A number seals one text only, so that the same nonce is never used for another.
    return _box(number).encrypt(bytes(12), token.encode(), event.bytes)


def opened(number: str, event: UUID, sealed: bytes) -> str:
    """Return the signed text that a number opens."""
    return _box(number).decrypt(bytes(12), bytes(sealed), event.bytes).decode()


# ------------------------------------------------------------------------------ kept in step with the journal

_KEY: Final = "SELECT wrapped_key, kek_version FROM duties_subject WHERE id = %s"
_INSERT: Final = (
    "INSERT INTO documents_certificate"
    " (id, thread, office, lookup, sealed, issued_on, expires_on, ended_because, seen_by)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, '', %s) ON CONFLICT DO NOTHING"
)
_UPDATE: Final = (
    "UPDATE documents_certificate SET ended_at = %s, ended_because = %s, seen_by = %s"
    " WHERE id = %s AND (ended_at, ended_because, seen_by) IS DISTINCT FROM (%s, %s, %s)"
)


class Certificates(Projecting):
    """Writes the rows of certificates for what one call of `record()` recorded, in its transaction."""

    handles = EFFECTS

    def __init__(self, now: datetime) -> None:
        """Know the moment: the key in use then signs."""
        self.now = now

    def write(self, cursor: CursorWrapper, written: Written) -> None:
        """Sign what was issued, then draw the state of each touched case's certificates from what holds."""
        recorded, rulebook = written.recorded, written.rulebook
        for each in recorded:
            if each.kind.effect == ISSUED:
                self._issue(cursor, each.entry, str(each.said["name"]), rulebook)
        touched = {
            each.entry.thread for each in recorded if each.kind.effect in EFFECTS or each.entry.corrects
        }
        for thread, events in journal.events_of(cursor, sorted(touched)).items():
            for row in states(in_order(events, rulebook), _rows(cursor, thread), rulebook):
                cursor.execute(_UPDATE, row)

    def _issue(self, cursor: CursorWrapper, entry: Entry, name: str, rulebook: Rulebook) -> None:
        office = entry.on_behalf_of or entry.recorded_by
        day = entry.counts_at.astimezone(SHANGHAI).date()
        subject = entry.payloads[PERSON].subject
        cursor.execute(_KEY, [subject])
        number = number_for(sealing.unwrap(subject, *cursor.fetchone()), entry.id)
        statement = Statement(
            number=number,
            name=name,
            office=names_of([office])[office],
            issued_on=day,
            expires_on=term_of(rulebook, office, entry.counts_at),
        )
        token = signing.sign(statement, self.now.astimezone(SHANGHAI).date())
        sealed = _sealed(number, entry.id, token)
        term = (day, statement.expires_on)
        cursor.execute(_INSERT, [entry.id, entry.thread, office, lookup_of(number), sealed, *term, [office]])


def term_of(rulebook: Rulebook, office: str, at: datetime) -> date:
    """Return the last day of a certificate that an office issues at a moment: of the rule that grants a term.

    Which rule that is, and how many years, is for the packs to say: one that the issuing opens, and that never rolls.

    Raises:
        YipanError: no rule gives a term then and there.
    """
    day = at.astimezone(SHANGHAI).date()
    for each in rulebook.opening_on(rulebook.kind_that(ISSUED, day), day):
        version = each.at(day)
        if version is None or version.rolls:
            continue
        rule = rulebook.rule(each.id, day, office, PERSON)
        due = rulebook.bound(rule, at, debtor=office, creditor=PERSON, clock={}).deadline.due_on
        if due is not None:
            return due
    raise NoCertificateError


def _rows(cursor: CursorWrapper, thread: UUID) -> list[tuple[UUID, str]]:
    cursor.execute("SELECT id, office FROM documents_certificate WHERE thread = %s", [thread])
    return list(cursor.fetchall())


def states(
    events: Sequence[Event], rows: Iterable[tuple[UUID, str]], rulebook: Rulebook
) -> Iterable[list[Any]]:
    """Yield what each certificate of a case is by the entries that hold: in force, replaced, revoked, corrected away."""
    told = [
        (rulebook.kind(event.kind, event.counts_at.astimezone(SHANGHAI).date()).effect, event)
        for event in events
    ]
    printed = {
        each
        for effect, event in told
        if effect == SENT and event.clock.get("channel") == "system"
        for each in event.organisations("residence")
    }
    for own, office in rows:
        ended_at, because = None, ""
        at = next((place for place, (_, event) in enumerate(told) if event.id == own), None)
        if at is None:
            ended_at, because = events[-1].counts_at if events else None, CORRECTED
        for effect, event in told[at + 1 :] if at is not None else ():
            if effect in (ISSUED, REVOKED) and ended_at is None:
                ended_at = event.counts_at
                because = REPLACED if effect == ISSUED else str(event.clock.get("ground", REVOKED))
        state = [ended_at, because, sorted({office, *printed})]
        yield [*state, own, *state]


# ------------------------------------------------------------------------------------------ read by an office

_HELD: Final = """
SELECT c.id, c.sealed, c.ended_at, c.ended_because, s.id, s.wrapped_key, s.kek_version
  FROM documents_certificate c
  JOIN duties_threadsubject t ON t.thread_id = c.thread AND t.name = %s
  JOIN duties_subject s ON s.id = t.subject_id
 WHERE c.thread = %s AND s.wrapped_key IS NOT NULL AND c.sealed <> '' ORDER BY c.issued_on DESC, c.id DESC
"""


def held(permit: Permit, thread: UUID, today: date) -> list[Held]:
    """Return the certificates of a case, the latest first, as far as the permit's organisation may print them."""
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_HELD, [PERSON, thread])
        rows = cursor.fetchall()
    keys = signing.public_keys(today) if rows else []
    found = []
    for own, sealed, ended_at, because, subject, wrapped, version in rows:
        number = number_for(sealing.unwrap(subject, wrapped, version), own)
        token = opened(number, own, sealed)
        found.append(
            Held(
                id=own,
                statement=signing.check(token, keys),
                token=token,
                ended_at=ended_at,
                ended_because=because,
            )
        )
    return found


def is_about_one(permit: Permit, thread: UUID | None) -> bool:
    """Tell whether a case has certificates, as far as the permit's organisation sees them."""
    if thread is None:
        return False
    with permit.in_force():
        return Certificate.objects.filter(thread=thread).exists()


# --------------------------------------------------------------------------------------- verified by anybody


def verify(typed: str, today: date) -> Verified:
    """Return what the public may know of the certificate that bears a number: nothing but what the paper says."""
    number = read_number(typed)
    if not number:
        return Verified(state="unknown")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yipan.presented', %s, true)", [lookup_of(number).hex()])
        cursor.execute(
            "SELECT id, sealed, ended_at FROM documents_certificate WHERE lookup = %s", [lookup_of(number)]
        )
        row = cursor.fetchone()
    if row is None:
        return Verified(state="unknown")
    try:
        statement = signing.check(opened(number, row[0], row[1]), signing.public_keys(today))
    except (InvalidTag, SignatureWrongError):
        return Verified(state="unknown")
    if row[2]:
        return Verified(state="ended", statement=statement, ended_on=row[2].astimezone(SHANGHAI).date())
    return Verified(state="valid" if today <= statement.expires_on else "expired", statement=statement)
