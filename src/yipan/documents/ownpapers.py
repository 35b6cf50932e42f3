"""Her own papers, as she prints them herself: certificates that bear her name, and letters that offices wrote to her."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.documents import pdf, signing
from yipan.documents.certificate import ISSUED, PERSON, Held, lookup_of, number_for, opened
from yipan.documents.definitions import LETTER, of_kind
from yipan.documents.papers import certificate_pdf
from yipan.duties import sealing
from yipan.duties.lawbook import lawbook
from yipan.law.deadline import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from yipan.law.kind import Kind
    from yipan.registry.own import PersonPermit
    from yipan.registry.ownview import OwnEntry, OwnMatter

_ISSUED: Final = """
SELECT e.id, s.id, s.wrapped_key, s.kek_version
  FROM duties_payload p JOIN duties_event e ON e.id = p.event_id JOIN duties_subject s ON s.id = p.subject_id
 WHERE p.subject_id = ANY(%s) AND p.name = %s AND e.kind = ANY(%s) AND s.wrapped_key IS NOT NULL
 ORDER BY e.counts_at DESC, e.id
"""
_ROW: Final = "SELECT sealed, ended_at, ended_because FROM documents_certificate WHERE id = %s"
_FOOT: Final = "服务免费、自愿、保密。本系统督促的是机构，不是群众。"
#: What stands elsewhere on a letter than among its contents.
_BESIDE: Final = ("document_number", "tracking")

__all__ = ["certificate_pdf", "is_letter_to_her", "letter_pdf", "own_certificates"]


def own_certificates(permit: PersonPermit, today: date) -> list[Held]:
    """Return her certificates, the latest first. Their numbers come from her own key: nobody else's can be asked for."""
    kinds = [kind.name for kind in lawbook().kinds(today).values() if kind.effect == ISSUED]
    keys = signing.public_keys(today)
    found = []
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_ISSUED, [list(permit.subjects), PERSON, kinds])
        for event, subject, wrapped, version in cursor.fetchall():
            number = number_for(sealing.unwrap(subject, wrapped, version), event)
            cursor.execute("SELECT set_config('yipan.presented', %s, true)", [lookup_of(number).hex()])
            cursor.execute(_ROW, [event])
            for sealed, ended_at, because in cursor.fetchall():
                token = opened(number, event, sealed)
                found.append(
                    Held(
                        id=event,
                        statement=signing.check(token, keys),
                        token=token,
                        ended_at=ended_at,
                        ended_because=because,
                    )
                )
    return found


def is_letter_to_her(entry: OwnEntry) -> bool:
    """Tell whether an entry is printed as a letter, and to her: what one office writes to another is not."""
    return not entry.corrected and of_kind(LETTER, entry.kind) is not None and not _kind(entry).reaches


def letter_pdf(matter: OwnMatter, entry: OwnEntry) -> bytes:
    """Return the letter that an entry of hers is printed as."""
    return pdf.pdf("letter", letter_data(matter, entry))


def letter_data(matter: OwnMatter, entry: OwnEntry) -> Mapping[str, object]:
    """Return what stands on a letter to her."""
    letter, kind = of_kind(LETTER, entry.kind), _kind(entry)
    if letter is None:  # whoever asks has seen that it is one
        raise AssertionError
    return {
        "title": letter.title["zh"],
        "office": entry.office,
        "to": _name(matter),
        "number": entry.said.get("document_number", ""),
        "by_hand": 0,
        "text": [letter.text["zh"]],
        "rows": [
            (kind.fields[name].title["zh"], value)
            for name, value in entry.said.items()
            if name in kind.fields and name not in _BESIDE
        ],
        "written_on": entry.counts_at.astimezone(SHANGHAI).date().isoformat(),
        "foot": _FOOT,
    }


def _name(matter: OwnMatter) -> str:
    """Return what she is called in a matter of hers."""
    for entry in matter.entries:
        kind = _kind(entry)
        for name, value in entry.said.items():
            if (
                name in kind.fields
                and kind.fields[name].type == "name"
                and kind.fields[name].subject == matter.name
            ):
                return value
    return ""


def _kind(entry: OwnEntry) -> Kind:
    return lawbook().kind(entry.kind, entry.counts_at.astimezone(SHANGHAI).date())
